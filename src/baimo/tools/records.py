"""What a run leaves: its steps, the calls in them, and what all of it adds up to."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import msgspec

from baimo.notes import Note
from baimo.types.chat import ChatResponse, Message
from baimo.types.content import ToolCall, ToolResult
from baimo.types.events import ChatEvent
from baimo.types.money import Money
from baimo.types.usage import Usage, together

Status: TypeAlias = Literal[
    "done", "failed", "timed_out", "bad_arguments", "unknown_tool", "refused", "replaced"
]
"""How a call of a tool went; "replaced" tells that `before_tool` answered in the tool's place."""


class ToolRun(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a tool, and what came of it."""

    call: ToolCall
    result: ToolResult
    """What the model was told."""
    status: Status = "done"
    value: Any = None
    """What the function returned."""
    error: Exception | None = None
    """Why there is no value: what the function raised, or what was wrong with the call."""
    arguments: dict[str, Any] | None = None
    """The arguments as the function got them; None where they could not be read."""


class RunStep(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the model, and the calls that it asked for, in their order."""

    number: int
    """From 1."""
    response: ChatResponse
    calls: tuple[ToolRun, ...] = ()


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """A run: the whole conversation, and how it came about.

    `messages` are those that were given and all that followed, the last answer included, so they can be given
    to the next run as they are; what was given as `system=` is not among them.
    """

    messages: tuple[Message, ...]
    steps: tuple[RunStep, ...] = ()
    pending: tuple[ToolCall, ...] = ()
    """Calls that the model asked for and nobody made: of tools that were offered without a function."""

    @property
    def response(self) -> ChatResponse:
        """The last answer; an empty one where none came."""
        return self.steps[-1].response if self.steps else ChatResponse(choices=())

    @property
    def text(self) -> str:
        """The words for people of the last answer."""
        return self.response.text

    @property
    def calls(self) -> tuple[ToolRun, ...]:
        """All calls of all steps."""
        return tuple([one for step in self.steps for one in step.calls])

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was mended or dropped in any step, each once."""
        return tuple(dict.fromkeys([note for step in self.steps for note in step.response.notes]))

    @property
    def usage(self) -> Usage:
        """What all steps used; unknown where one of them did not tell."""
        return together([step.response.usage for step in self.steps])

    @property
    def cost(self) -> Money | None:
        """What all steps cost; None where that of one is not known, or there are several currencies."""
        return _sum([step.response.cost for step in self.steps])


class ToolCalled(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A call of a tool begins."""

    call: ToolCall
    step: int


class ToolReturned(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A call of a tool is over."""

    run: ToolRun
    step: int


RunEvent: TypeAlias = ChatEvent | ToolCalled | ToolReturned
"""What a streamed run shows: the events of each answer, and the tools between them."""


def _sum(costs: Iterable[Money | None]) -> Money | None:
    known = list(costs)
    currencies = {cost.currency for cost in known if cost is not None}
    if None in known or len(currencies) != 1:
        return None
    return Money(sum([cost.amount for cost in known if cost is not None], Decimal(0)), currencies.pop())
