"""Calls of tools out of pieces that may lack their index, and searches that the provider makes itself."""

from __future__ import annotations

from typing import Any

from baimo.dialect.jsontext import encode
from baimo.dialect.parts import Parts
from baimo.types.content import ToolCall
from baimo.types.events import ChatEvent


class _Call:
    __slots__ = ("id", "index", "key", "name", "waiting")

    def __init__(self, key: str, ident: str, index: int | None) -> None:
        self.key = key
        self.id = ident
        self.index = index
        self.name = ""
        self.waiting = ""  # arguments that came before the name


class Calls:
    """The tool calls of one choice.

    A piece belongs to the call of its id, else to the one of its index, else (without either) to the last
    call, unless it names a tool again.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._calls: list[_Call] = []

    @property
    def any(self) -> bool:
        """Whether a tool was called."""
        return bool(self._calls)

    def piece(self, entry: dict[str, Any], out: list[ChatEvent]) -> None:
        """An entry of `tool_calls`; one of a kind that is not for us is passed over."""
        function = entry.get("function")
        if not isinstance(function, dict) or entry.get("type") not in (None, "", "function"):
            return
        name, ident, index = function.get("name"), entry.get("id"), entry.get("index")
        name = name if isinstance(name, str) else ""
        call = self._find(
            ident if isinstance(ident, str) else "", index if isinstance(index, int) else None, name
        )
        call.name = call.name or name
        arguments = function.get("arguments")
        text = arguments if isinstance(arguments, str) else "" if arguments is None else encode(arguments)
        if call.key in self._parts:
            self._parts.text(call.key, text, out)
            return
        call.waiting += text
        if call.name:
            self._start(call, out)

    def close(self, out: list[ChatEvent]) -> None:
        """End all calls; one that never got a name gets an empty one."""
        for call in self._calls:
            if call.key not in self._parts:
                self._start(call, out)
            self._parts.end(call.key, out)

    def _find(self, ident: str, index: int | None, name: str) -> _Call:
        for call in self._calls:
            if ident and call.id == ident:
                return call
        for call in self._calls:
            if index is not None and call.index == index and not (ident and call.id):
                call.id = call.id or ident
                return call
        last = self._calls[-1] if self._calls else None
        if last is not None and not ident and index is None and not (name and last.name):
            return last
        call = _Call(f"call {len(self._calls)}", ident, index)
        self._calls.append(call)
        return call

    def _start(self, call: _Call, out: list[ChatEvent]) -> None:
        # Made up where the provider gives none: unique within the answer is what its result needs.
        ident = call.id or f"call_{self._parts.choice}_{self._calls.index(call)}"
        self._parts.start(call.key, ToolCall(id=ident, name=call.name, arguments=""), out)
        waiting, call.waiting = call.waiting, ""
        self._parts.text(call.key, waiting, out)
