"""Feeds a decoder and tells what came out and how it ended."""

from __future__ import annotations

from collections.abc import Iterable

from baimo.dialect.protocols import ChatDecoder
from baimo.errors import Error
from baimo.types.events import ChatEvent


def play(decoder: ChatDecoder, pieces: Iterable[bytes]) -> tuple[list[ChatEvent], Error | None]:
    """The events, those before a failure included, and the failure."""
    events: list[ChatEvent] = []
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        events += decoder.end()
    except Error as error:
        return events + decoder.early, error
    return events, None
