"""A reply's events as the pieces that other libraries' streams are made of: words, thoughts, calls."""

from __future__ import annotations

from typing import Literal, NamedTuple

from baimo.types.content import Refusal, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent, PartDelta, PartStarted


class Piece(NamedTuple):
    """A piece of the first choice. Of a call `text` is more of its arguments."""

    kind: Literal["text", "thinking", "call"]
    text: str
    part: int
    """Which part of the answer it belongs to."""
    call: ToolCall | None = None
    """The call, with the piece that begins it."""


class Pieces:
    """Takes events in their order."""

    def __init__(self) -> None:
        self._kinds: dict[int, Literal["text", "thinking", "call"]] = {}

    def feed(self, event: ChatEvent) -> Piece | None:
        """The piece that an event brings; None where it brings none."""
        if isinstance(event, PartStarted) and event.choice == 0:
            part, index = event.part, event.index
            if isinstance(part, ToolCall):
                self._kinds[index] = "call"
                return Piece("call", part.arguments, index, part)
            if isinstance(part, (Text, Refusal, Thinking)):
                kind = self._kinds[index] = "thinking" if isinstance(part, Thinking) else "text"
                return Piece(kind, part.text, index) if part.text else None
        elif isinstance(event, PartDelta) and event.choice == 0 and event.text:
            known = self._kinds.get(event.index)
            return None if known is None else Piece(known, event.text, event.index)
        return None
