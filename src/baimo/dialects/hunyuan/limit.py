"""A limit of tokens that the wire cannot be told, held on our side.

The count is the provider's own, which stands on every chunk: once it has reached the limit, whatever the
model goes on to say is not shown and the answer ends with `length`. So what is shown may exceed the limit by
what one chunk brings, never by more; an answer that ends by itself at the limit ends as it does.
"""

from __future__ import annotations

from collections.abc import Callable

from baimo.dialect.protocols import ChatDecoder
from baimo.errors import Error
from baimo.types.chat import FinishReason
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted, UsageReported


class LimitedDecoder:
    """Ends the events of another decoder at a number of tokens. `is_over`: nothing more need be read."""

    def __init__(self, decoder: ChatDecoder, limit: int) -> None:
        self.early: list[ChatEvent] = []
        self.is_over = False
        self._decoder = decoder
        self._limit = limit
        self._is_reached = False
        self._open: dict[tuple[int, int], None] = {}
        self._choices: dict[int, None] = {}

    @property
    def request_id(self) -> str | None:
        """The call's id at the provider."""
        found: str | None = getattr(self._decoder, "request_id", None)
        return found

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """The events this piece completes, up to the limit. Raises ProviderError or WireError."""
        return self._held(lambda: self._decoder.feed(piece))

    def end(self) -> list[ChatEvent]:
        """The body ended. Raises StreamInterrupted for a stream without an end, unless the limit ended it."""
        return self._held(self._decoder.end)

    def _held(self, step: Callable[[], list[ChatEvent]]) -> list[ChatEvent]:
        if self.is_over:
            return []
        try:
            return self._through(step())
        except Error:
            self.early = self._through(self._decoder.early)
            if self.is_over:  # what went wrong came behind the end of what was asked for
                return self.early
            raise

    def _through(self, events: list[ChatEvent]) -> list[ChatEvent]:
        out: list[ChatEvent] = []
        for event in events:
            if self._is_reached and isinstance(event, (PartStarted, PartDelta)):
                self.is_over = True
                out += [PartEnded(index=index, choice=choice) for choice, index in self._open]
                out += [Finished(reason=FinishReason.LENGTH, choice=choice) for choice in self._choices]
                return out
            self._look_at(event)
            out.append(event)
        return out

    def _look_at(self, event: ChatEvent) -> None:
        if isinstance(event, PartStarted):
            self._open[event.choice, event.index] = None
            self._choices[event.choice] = None
        elif isinstance(event, PartEnded):
            self._open.pop((event.choice, event.index), None)
        elif isinstance(event, Finished):
            self._choices.pop(event.choice, None)
        elif isinstance(event, UsageReported):
            self._is_reached = (event.usage.output or 0) >= self._limit
