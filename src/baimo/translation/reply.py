"""A reply in one wire's bytes to one in another's, as it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from baimo.dialect.features import FEATURES
from baimo.dialect.protocols import ChatDecoder, ChatDialect, FeaturesDialect, Site
from baimo.errors import Error
from baimo.notes import Note
from baimo.types.chat import ChatRequest
from baimo.types.content import Opaque
from baimo.types.events import ChatEvent, PartEnded, PartStarted
from baimo.wire.http import WireHead

from .uses import Watcher

_GOOD = WireHead(200)


class ReplyTranslation:
    """Takes the bytes of a provider's reply and gives those of the caller's.

    `feed` and `end` give one item for each SSE event, line or frame. What the provider streams may be wanted
    whole, and the other way round. A refusal and a stream that breaks off become the caller's own form of
    that: nothing that failed looks like an answer. `head` is the caller's, None until the first bytes.
    """

    def __init__(
        self,
        caller: ChatDialect,
        asked: ChatRequest,
        provider: ChatDialect,
        sent: ChatRequest,
        site: Site,
        head: WireHead | None = None,
    ) -> None:
        self.head: WireHead | None = None
        self.error: Error | None = None
        """What went wrong, as the caller was told."""
        self.is_over = False
        """Nothing more need be read."""
        self._caller = caller
        self._decoder = _decoder(provider, sent, head or _GOOD, site)
        self._encoder = caller.encoder(asked)
        self._watcher = Watcher(asked)
        self._own: set[str] = set()

    def feed(self, piece: bytes) -> list[bytes]:
        """What these bytes of the provider's put on the caller's wire; of a socket, one message at a time."""
        return self._step(lambda: self._decoder.feed(piece))

    def end(self) -> list[bytes]:
        """The provider's reply ended: what ends the caller's."""
        return self._step(self._decoder.end, last=True)

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
        told: tuple[Note, ...] = tuple(getattr(self._decoder, "notes", ()))
        own = [
            Note(code="dropped", message=f"left out of the reply: what only {name} understands")
            for name in sorted(self._own)
        ]
        return (*told, *own, *self._unlike())

    def _step(self, step: Callable[[], list[ChatEvent]], *, last: bool = False) -> list[bytes]:
        if self.is_over:
            return []
        try:
            items = self._said(step())
        except Error as error:
            return self._said(self._decoder.early) + self.broken(error)
        if last or getattr(self._decoder, "is_over", False):
            self.is_over = True
            items += self._encoder.end()
            if self.head is None:
                self.head = self._encoder.head()
        return items

    def _said(self, events: list[ChatEvent]) -> list[bytes]:
        items: list[bytes] = []
        for event in events:
            self._watcher.see(event)
            self._keep(event)
            items += self._encoder.feed(event)
        if items and self.head is None:
            self.head = self._encoder.head()
        return items

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


def _decoder(provider: ChatDialect, sent: ChatRequest, head: WireHead, site: Site) -> ChatDecoder:
    """The decoder for the reply to that request; some dialects need to know what was asked."""
    made: Any = getattr(provider, "decoder_for", None)
    decoder: ChatDecoder = provider.decoder(head, site) if made is None else made(sent, head, site)
    return decoder
