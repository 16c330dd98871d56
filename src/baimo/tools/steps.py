"""What the loop asks of whoever drives it: a closed list, besides `baimo.steps.Now`."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from baimo.steps import Now
from baimo.types.chat import Message
from baimo.types.tools import Tool, ToolChoice

from .records import RunStep, ToolCalled, ToolReturned, ToolRun
from .runnable import ToolUse


class AskModel(msgspec.Struct, frozen=True, kw_only=True):
    """Make one call of the model. Answered with its ChatResponse."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    system: str | None = None
    timeout: float | None = None


class AskApproval(msgspec.Struct, frozen=True):
    """Ask whether the call may be made. Answered with True, False or why not."""

    use: ToolUse


class TellBefore(msgspec.Struct, frozen=True):
    """Tell that a call is about to be made. Answered with None, or what stands for its result."""

    use: ToolUse


class Ended(msgspec.Struct, frozen=True):
    """How a tool ended: with a value, or with what it raised."""

    value: Any = None
    error: Exception | None = None


class RunTools(msgspec.Struct, frozen=True):
    """Call tools, all at the same time. Answered with one Ended each, in their order.

    A tool that takes longer than its seconds has raised TimedOutError.
    """

    uses: tuple[ToolUse, ...]
    timeouts: tuple[float | None, ...]


class TellAfter(msgspec.Struct, frozen=True):
    """Tell what came of a call. Answered with None, or what stands for its result."""

    run: ToolRun


class TellStep(msgspec.Struct, frozen=True):
    """A step is over."""

    step: RunStep


class Show(msgspec.Struct, frozen=True):
    """Hand an event on to whoever reads the run as a stream."""

    event: ToolCalled | ToolReturned


LoopStep: TypeAlias = Now | AskModel | AskApproval | TellBefore | RunTools | TellAfter | TellStep | Show
