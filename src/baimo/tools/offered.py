"""The tools of one run: which of them run here, and which are only told to the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from baimo.errors import InputError
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, Tool

from .function import PythonTool
from .runnable import RunnableTool


class Offered:
    """Reads a list of tools. Raises InputError for what is none, and for a name that two of them have."""

    def __init__(self, tools: Sequence[Any]) -> None:
        if isinstance(tools, (str, bytes)) or not isinstance(tools, Sequence):
            raise InputError(f"tools must be a list of functions or tools, got {type(tools).__name__}")
        self.specs: tuple[Tool, ...] = ()
        """What the model is told, in the order of the list."""
        self._runnable: dict[str, RunnableTool] = {}
        names: set[str] = set()
        for index, one in enumerate(tools):
            spec = self._spec(one, index)
            if not isinstance(spec, ServerTool):
                if spec.name in names:
                    raise InputError(f"tools[{index}]: there is another tool named {spec.name!r}")
                names.add(spec.name)
            self.specs += (spec,)
        self.names = tuple(sorted(names))

    def _spec(self, one: Any, index: int) -> Tool:
        if isinstance(one, (FunctionTool, CustomTool, ServerTool)):
            return one
        if not isinstance(one, RunnableTool):
            if not callable(one):
                raise InputError(f"tools[{index}] must be a function or a tool, got {type(one).__name__}")
            one = PythonTool(one)
        if isinstance(one, PythonTool) and one.is_method:
            raise InputError(f"tools[{index}] is a method: offer it as one of an object, thing.{one.name}")
        self._runnable[one.name] = one
        spec: Tool = one.spec
        return spec

    def __getitem__(self, name: str) -> RunnableTool | None:
        """The tool to call; None where there is none to call here."""
        return self._runnable.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[RunnableTool]:
        return iter(self._runnable.values())

    def lacking(self, name: str) -> str:
        """Words for a name that is not there."""
        near = get_close_matches(name, self.names, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        there = f"The tools are: {', '.join(self.names)}." if self.names else "There are no tools."
        return f"There is no tool named {name!r}.{hint} {there}"
