"""A reply in one wire's bytes to one in another's, as it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from baimo.dialect.protocols import ChatDecoder, ChatDialect, Site
from baimo.dialect.status import wait_told
from baimo.errors import Error
from baimo.notes import Note
from baimo.types.chat import ChatRequest
from baimo.types.events import ChatEvent
from baimo.wire.http import WireHead

from .telling import Telling

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
        self._head = head or _GOOD
        self._decoder = _decoder(provider, sent, self._head, site)
        self._told = Telling(caller, asked)

    @property
    def head(self) -> WireHead | None:
        """The caller's; None until the first bytes."""
        return self._told.head

    @property
    def error(self) -> Error | None:
        """What went wrong, as the caller was told."""
        return self._told.error

    @property
    def is_over(self) -> bool:
        """Nothing more need be read."""
        return self._told.is_over

    def feed(self, piece: bytes) -> list[bytes]:
        """What these bytes of the provider's put on the caller's wire; of a socket, one message at a time."""
        return self._step(lambda: self._decoder.feed(piece))

    def end(self) -> list[bytes]:
        """The provider's reply ended: what ends the caller's."""
        return self._step(self._decoder.end, last=True)

    def broken(self, error: Error) -> list[bytes]:
        """The reply can go on no more: what tells the caller."""
        return self._told.broken(error)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the caller was not told of the reply so far, or otherwise than the provider told it."""
        told: tuple[Note, ...] = tuple(getattr(self._decoder, "notes", ()))
        return (*told, *self._told.notes)

    def _step(self, step: Callable[[], list[ChatEvent]], *, last: bool = False) -> list[bytes]:
        told = self._told
        if told.is_over:
            return []
        try:
            items = told.feed(step())
        except Error as error:
            if error.retry_after is None:
                error.retry_after = wait_told(self._head)
            return told.feed(self._decoder.early) + told.broken(error)
        if last or getattr(self._decoder, "is_over", False):
            items += told.end()
        return items


def _decoder(provider: ChatDialect, sent: ChatRequest, head: WireHead, site: Site) -> ChatDecoder:
    """The decoder for the reply to that request; some dialects need to know what was asked."""
    made: Any = getattr(provider, "decoder_for", None)
    decoder: ChatDecoder = provider.decoder(head, site) if made is None else made(sent, head, site)
    return decoder
