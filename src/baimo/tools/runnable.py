"""What a tool that runs here must be able to do, and what it is told of the call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from baimo.types.chat import Message
from baimo.types.content import ToolCall
from baimo.types.tools import FunctionTool

NeedsApproval: TypeAlias = bool | Callable[[dict[str, Any]], bool]
"""Whether somebody must allow a call first; a function decides by the arguments."""


class ToolContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool may know of the run that calls it, besides what the model says.

    A parameter of this type is filled in and never shown to the model:

    >>> def search(query: str, context: ToolContext) -> str:
    ...     return f"step {context.step}: {query}"
    """

    call: ToolCall
    """The call as the model made it."""
    step: int
    """Which answer of the model it came with, from 1."""
    messages: tuple[Message, ...]
    """The conversation up to that answer, included."""
    value: Any = None
    """Whatever was given to the run as `context=`."""


class ToolUse(msgspec.Struct, frozen=True, kw_only=True):
    """A call that is about to be made, its arguments read."""

    call: ToolCall
    tool: RunnableTool
    arguments: dict[str, Any]
    """By name, as values of the types that the function asks for."""
    context: ToolContext

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.call.name


class RunnableTool(ABC):
    """A tool that can be called here.

    `spec` is what the model is told; `timeout` bounds one call in seconds; `is_async` tells that `call` gives
    an awaitable.
    """

    spec: FunctionTool
    timeout: float | None = None
    needs_approval: NeedsApproval = False
    is_async: bool = False

    @property
    def name(self) -> str:
        """What the model calls it."""
        return self.spec.name

    @abstractmethod
    def read(self, arguments: str) -> dict[str, Any]:
        """The arguments as the function takes them. Raises AnswerFormatError for what it does not take."""

    @abstractmethod
    def call(self, use: ToolUse) -> Any:
        """Call it: what it gives, or an awaitable of that. Raises whatever the tool raises."""

    def asks_first(self, arguments: dict[str, Any]) -> bool:
        """Whether somebody must allow the call with these arguments."""
        needs = self.needs_approval
        return needs(arguments) if callable(needs) else needs
