"""What the events of a reply are on a caller's wire, as they come."""

from __future__ import annotations

from baimo.dialect.features import FEATURES
from baimo.dialect.protocols import ChatDialect, FeaturesDialect
from baimo.errors import Error
from baimo.notes import Note
from baimo.types.chat import ChatRequest
from baimo.types.content import Opaque
from baimo.types.events import ChatEvent, PartEnded, PartStarted
from baimo.wire.http import WireHead

from .uses import Watcher


class Telling:
    """Takes events and gives what tells the caller of them: one item for each SSE event, line or frame.

    A failure becomes the caller's own form of that, before a reply or within one: nothing that failed looks
    like an answer. `head` is the caller's, None until there is something to tell.
    """

    def __init__(self, caller: ChatDialect, asked: ChatRequest) -> None:
        self.head: WireHead | None = None
        self.error: Error | None = None
        """What went wrong, as the caller was told."""
        self.is_over = False
        self._caller = caller
        self._encoder = caller.encoder(asked)
        self._watcher = Watcher(asked)
        self._own: set[str] = set()

    def feed(self, events: list[ChatEvent]) -> list[bytes]:
        """What these events put on the wire."""
        items: list[bytes] = []
        for event in events:
            self._watcher.see(event)
            self._keep(event)
            items += self._encoder.feed(event)
        if items and self.head is None:
            self.head = self._encoder.head()
        return items

    def end(self) -> list[bytes]:
        """The reply ended well: what ends the caller's."""
        self.is_over = True
        items = self._encoder.end()
        if self.head is None:
            self.head = self._encoder.head()
        return items

    def broken(self, error: Error) -> list[bytes]:
        """The reply can go on no more: what tells the caller."""
        if self.is_over:
            return []
        self.is_over = True
        self.error = error
        if self.head is not None:
            return self._encoder.error(error)
        self.head, body = self._caller.encode_error(error)
        return [body]

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the caller was not told of the reply so far, or otherwise than the provider told it."""
        own = [
            Note(code="dropped", message=f"left out of the reply: what only {name} understands")
            for name in sorted(self._own)
        ]
        return (*own, *self._unlike())

    def _keep(self, event: ChatEvent) -> None:
        """Note what another dialect than the caller's gave to be sent back."""
        if isinstance(event, PartStarted) and isinstance(event.part, Opaque):
            owner = event.part.dialect
        elif isinstance(event, PartEnded) and event.replay is not None:
            owner = event.replay.dialect
        else:
            return
        if owner != self._caller.name:
            self._own.add(owner)

    def _unlike(self) -> list[Note]:
        """What the caller's wire has no place for, as its dialect declares."""
        if not isinstance(self._caller, FeaturesDialect):
            return []
        declared, notes = self._caller.features(), []
        for feature in FEATURES:
            support = declared.support[feature.name]
            if feature.name in self._watcher.found and support != "carried":
                how = declared.remarks.get(feature.name, ("",))[0]
                code = "dropped" if support == "refused" else "emulated"
                why = how if support == "emulated" else f"{self._caller.name} has no place for it"
                notes.append(Note(code=code, message=f"{feature.name} ({feature.means}): {why}"))
        return notes
