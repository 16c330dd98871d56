"""The commonest whole reply in one go: one choice of nothing but text.

Whatever else a reply holds makes the small struct refuse it, and the general decoder takes over from the
first byte. Both give the same events.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.jsontext import decode
from baimo.notes import Note
from baimo.types.chat import FinishReason
from baimo.types.content import Text
from baimo.types.events import ChatEvent, Finished, PartEnded, PartStarted, Started, UsageReported
from baimo.wire.http import WireHead

from .fastlane import whole
from .plainusage import plain_usage
from .quirks import Quirks
from .reply import ODD, ReplyDecoder
from .usage import decode_usage

_NULL = msgspec.Raw(b"null")
_TEXT_ENDS = PartEnded(index=0)
_FINISHES = {
    "stop": Finished(reason=FinishReason.STOP, raw="stop"),
    "length": Finished(reason=FinishReason.LENGTH, raw="length"),
}


class PlainReplyDecoder:
    """Decodes a reply whose head announces JSON and no stream."""

    __slots__ = ("_codes", "_general", "_head", "_piece", "_quirks")

    def __init__(self, head: WireHead, quirks: Quirks, codes: str | None = None) -> None:
        self._codes = codes
        self._head = head
        self._quirks = quirks
        self._piece = b""
        self._general: ReplyDecoder | None = None

    @property
    def early(self) -> list[ChatEvent]:
        """When `feed` or `end` raised: the events that the same bytes completed before the failure."""
        return self._general.early if self._general is not None else []

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the caller is told of the reply."""
        return self._general.notes if self._general is not None else ()

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """Nothing, until the body has ended. Raises as the general decoder does."""
        if self._general is None and not self._piece and piece[:1] == b"{":
            self._piece = piece
            return []
        return self._hand_over().feed(piece)

    def end(self) -> list[ChatEvent]:
        """All events of the reply. Raises as the general decoder does."""
        if self._general is None and self._piece:
            events = self._quick(self._piece)
            if events is not None:
                return events
        return self._hand_over().end()

    def _hand_over(self) -> ReplyDecoder:
        general = self._general
        if general is None:
            general = self._general = ReplyDecoder(self._head, self._quirks, self._codes)
            if self._piece:
                general.feed(self._piece)
        return general

    def _quick(self, body: bytes) -> list[ChatEvent] | None:
        try:
            reply = whole(body)
        except ODD:
            return None
        usage = None
        if reply.usage != _NULL:
            usage = plain_usage(reply.usage)
            if usage is None:
                counts: Any = decode(bytes(reply.usage))
                if not isinstance(counts, dict):
                    return None
                if counts:
                    usage = decode_usage(counts, outside=self._quirks.reasoning_tokens == "outside")
        choice = reply.choices[0]
        text = choice.message.content
        events: list[ChatEvent] = [
            Started(id=reply.id or None, model=reply.model or None, created=reply.created or None)
        ]
        if text:
            events.append(PartStarted(index=0, part=Text(text=text)))
        if usage is not None:
            events.append(UsageReported(usage=usage))
        if text:
            events.append(_TEXT_ENDS)
        events.append(_FINISHES[choice.finish_reason])
        return events
