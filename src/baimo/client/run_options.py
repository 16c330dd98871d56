"""From the arguments of a run to its loop, and to the options of each call of the model in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from baimo.errors import InputError
from baimo.tools.loop import RunRules, ToolLoop
from baimo.tools.offered import Offered
from baimo.tools.records import RunStep, ToolRun
from baimo.tools.runnable import RunnableTool, ToolUse
from baimo.tools.steps import AskModel
from baimo.types.tools import Tool

from .budget import Budget
from .clock import Clock
from .messages import parse_messages
from .options import Messages, SharedOptions
from .request import READ, unknown

Offer: TypeAlias = Callable[..., Any] | RunnableTool | Tool | Mapping[str, Any]
"""A function, a tool that `baimo.tool` or an MCP server made, or one that is only described."""
Approval: TypeAlias = bool | str
Hook: TypeAlias = Callable[[Any], Any] | None


class RunOptions(SharedOptions, total=False):
    """Options of a run: those of a chat, which hold for each call in it, and those of the loop.

    `timeout`, `at_most` and `budget` hold for the run as a whole. A `tool_choice` that forces a call is for
    the first answer only. Functions given here may be async, and are called one at a time.
    """

    tools: Sequence[Offer]
    """Functions, and tools of all kinds. A call of one that is only described ends the run: see `pending`."""
    max_steps: int
    """The most calls of the model, 16 where nothing is said. More would be needed: StepLimitError."""
    parallel: bool
    """Whether calls of one answer are made at the same time (True where nothing is said)."""
    tool_timeout: float | None
    """Seconds for each call of a tool that has none of its own; the model is told of one that took longer."""
    on_tool_error: Literal["tell", "raise"]
    """What follows when a tool raises: the model is told, or the run ends with ToolError."""
    approve: Callable[[ToolUse], Approval | Awaitable[Approval]] | None
    """Asked before each call of a tool that needs approval. Anything but True refuses; a text says why."""
    before_tool: Callable[[ToolUse], Any] | None
    """Told of each call before it is made. What it returns, but for None, stands for the tool's result."""
    after_tool: Callable[[ToolRun], Any] | None
    """Told of each call when it is over. What it returns, but for None, is told to the model instead."""
    on_step: Callable[[RunStep], Any] | None
    """Told of each step when it is over."""
    context: Any
    """Handed to tools that have a parameter of the type ToolContext, as its `value`."""


class OpenRun:
    """A run, ready to be driven: its loop, its hooks, and what each call of the model is told."""

    def __init__(self, messages: Messages, options: RunOptions, clock: Clock) -> None:
        """Raises InputError naming the option; nothing was sent."""
        given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
        loop = {name: given.pop(name) for name in _OF_LOOP & given.keys()}
        self.approve: Hook = _called(given.pop("approve", None), "approve")
        self.before_tool: Hook = _called(given.pop("before_tool", None), "before_tool")
        self.after_tool: Hook = _called(given.pop("after_tool", None), "after_tool")
        self.on_step: Hook = _called(given.pop("on_step", None), "on_step")
        tools = given.pop("tools", ())
        if isinstance(tools, Sequence) and not isinstance(tools, str):
            tools = [READ["tools"]([one], "tools")[0] if isinstance(one, Mapping) else one for one in tools]
        offered = Offered(tools)
        if self.approve is None:
            for tool in offered:
                if tool.needs_approval is not False:
                    raise InputError(f"the tool {tool.name} needs approval: pass approve=…")
        if given.get("n", 1) != 1:
            raise InputError("n must be 1 in a run: there is one conversation")
        self._options = given
        self._spent = _budgets(given, clock)
        self.loop = ToolLoop(parse_messages(messages), offered, _rules(loop))
        for name, value in given.items():
            if name not in READ:
                raise unknown(name, (*READ, *RunOptions.__annotations__))
            READ[name](value, name)

    def chat_options(self, asked: AskModel) -> dict[str, Any]:
        """The options of one call of the model."""
        options = {**self._options, "system": asked.system, "timeout": asked.timeout}
        if asked.tools:
            options |= {"tools": asked.tools, "tool_choice": asked.tool_choice}
        else:
            options.pop("parallel_tool_calls", None)
        if self._spent:
            options["budget"] = self._spent
        return options


_OF_LOOP = frozenset(
    {
        *("max_steps", "parallel", "tool_timeout", "on_tool_error", "tools_as", "context"),
        *("system", "timeout", "tool_choice"),
    }
)


def _rules(given: dict[str, Any]) -> RunRules:
    read: dict[str, Any] = {"context": given.pop("context", None)}
    if (steps := given.pop("max_steps", None)) is not None:
        if type(steps) is not int or steps < 1:
            raise InputError(f"max_steps must be a whole number from 1 up, got {steps!r}")
        read["max_steps"] = steps
    for name, words in _WORDS.items():
        value = given.pop(name, words[0])
        if value not in words:
            raise InputError(f"{name} must be one of {', '.join(map(repr, words))}; got {value!r}")
        read[name] = value
    read["emulates"] = read.pop("tools_as") == "prompt"
    for name, (field, option) in _FIELDS.items():
        if name in given:
            read[field] = READ[option](given[name], name)
    return RunRules(**read)


_WORDS: dict[str, tuple[Any, ...]] = {
    "parallel": (True, False),
    "on_tool_error": ("tell", "raise"),
    "tools_as": ("native", "prompt"),
}
_FIELDS = {
    "tool_timeout": ("tool_timeout", "timeout"),
    "timeout": ("total", "timeout"),
    "system": ("system", "system"),
    "tool_choice": ("tool_choice", "tool_choice"),
}
"""Where an option goes in the rules, and the option as which it is read."""


def _called(value: Any, name: str) -> Hook:
    if value is None:
        return None
    if callable(value):
        hook: Hook = value
        return hook
    raise InputError(f"{name} must be a function, got {type(value).__name__}")


def _budgets(given: dict[str, Any], clock: Clock) -> tuple[Budget, ...]:
    """The budgets of the run, taken out of its options: `at_most` bounds all calls together."""
    found: tuple[Budget, ...] = ()
    if "at_most" in given:
        found += (Budget(given.pop("at_most"), name="at_most", clock=clock),)
    if "budget" in given:
        found += READ["budget"](given.pop("budget"), "budget")
    return found
