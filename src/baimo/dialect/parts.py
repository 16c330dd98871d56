"""Assembly of parts: fragments of an answer become PartStarted, PartDelta and PartEnded."""

from __future__ import annotations

from collections.abc import Hashable

from baimo.types.content import Citation, Part, Replay
from baimo.types.events import ChatEvent, PartDelta, PartEnded, PartStarted

from .jsontext import join_halves


class OpenPart:
    """A part that has begun and not ended. `held` is half a surrogate pair."""

    __slots__ = ("held", "index", "kind")

    def __init__(self, index: int, kind: type[Part]) -> None:
        self.index = index
        self.kind = kind
        self.held = ""


class Parts:
    """The parts of one choice. Each open part has a key of the dialect's own choice.

    Methods append the events they cause to `out`.
    """

    __slots__ = ("_next", "_open", "choice")

    def __init__(self, choice: int = 0) -> None:
        self.choice = choice
        self._open: dict[Hashable, OpenPart] = {}
        self._next = 0

    def __contains__(self, key: Hashable) -> bool:
        return key in self._open

    def get(self, key: Hashable) -> OpenPart | None:
        """The open part with that key."""
        return self._open.get(key)

    @property
    def count(self) -> int:
        """How many parts have begun so far."""
        return self._next

    def start(self, key: Hashable, part: Part, out: list[ChatEvent]) -> None:
        """Begin a part; an open one with the same key ends."""
        if key in self._open:
            self.end(key, out)
        self._open[key] = OpenPart(self._next, type(part))
        out.append(PartStarted(index=self._next, part=part, choice=self.choice))
        self._next += 1

    def text(self, key: Hashable, text: str, out: list[ChatEvent]) -> None:
        """More text of an open part. Half a surrogate pair at its end waits for the other half."""
        part = self._open[key]
        text, part.held = join_halves(part.held, text)
        if text:
            out.append(PartDelta(index=part.index, text=text, choice=self.choice))

    def data(self, key: Hashable, data: bytes, out: list[ChatEvent]) -> None:
        """More bytes of an open part."""
        if data:
            out.append(PartDelta(index=self._open[key].index, data=data, choice=self.choice))

    def end(
        self,
        key: Hashable,
        out: list[ChatEvent],
        *,
        citations: tuple[Citation, ...] = (),
        replay: Replay | None = None,
        expires_at: int | None = None,
    ) -> None:
        """End an open part; what is told now is laid over it."""
        part = self._open.pop(key)
        if part.held:
            out.append(PartDelta(index=part.index, text="\ufffd", choice=self.choice))
        out.append(
            PartEnded(
                index=part.index,
                citations=citations,
                replay=replay,
                expires_at=expires_at,
                choice=self.choice,
            )
        )

    def end_all(self, out: list[ChatEvent]) -> None:
        """End every part that is still open, in the order they began."""
        for key in tuple(self._open):
            self.end(key, out)
