"""Replies of this wire, whole and streamed, to events.

A whole reply is the object that also ends a stream. The commonest event, one more piece of text, is decoded
straight into a small struct; whatever else an event holds makes that struct refuse it, and the tolerant way
takes over.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.ending import is_page, page_error
from baimo.dialect.jsontext import decode, excerpt
from baimo.errors import StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.events import ChatEvent, Finished, PartDelta, Started, UsageReported
from baimo.wire.http import WireHead
from baimo.wire.sse import LF, EventDecoder, beginning

from .errors import Told, find_refusal, raise_refusal
from .fastlane import LANES, Lane
from .output import Output, index_of
from .usage import decode_usage
from .words import decode_finish, dicts, word

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a whole reply."""

_ODD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""How the quick way refuses what is not for it."""

_BEGINNINGS = ("response.created", "response.in_progress", "response.queued")
_ENDS = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")

UNFINISHED = Note(
    code="unfinished",
    message="The provider is still at work on this answer: ask for it again by its id.",
)


class ReplyDecoder:
    """Decodes a reply with a good status; its body tells whether it is one object or a stream of events.

    Memory: one event of a stream, or a whole body, both bounded.
    """

    def __init__(self, head: WireHead, table: str | None = None) -> None:
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self._head = head
        self._table = table
        self._sse: EventDecoder | None = None
        self._is_whole = False
        self._whole: list[bytes] = []
        self._size = 0
        self._start = b""
        self._first = b""
        self._output = Output()
        self._started = False
        self.has_ended = False
        self._lane: Lane | None = None
        self._item = 0
        self._inner = 0
        self._part = 0
        self._lead = b""  # how the next event begins, where the last read brought one

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """The events this piece completes. Raises ProviderError or WireError."""
        lane = self._lane
        if lane is not None and (data := piece.removeprefix(self._lead)) != piece and piece[-1] == LF:
            try:
                found = lane(data)
            except _ODD:
                pass
            else:
                if found.output_index == self._item and found.inner == self._inner:
                    text = found.delta
                    return [PartDelta(index=self._part, text=text)] if text else []
        if self._sse is not None:
            payloads = self._sse.feed(piece)
            out = self._events(payloads)
            self._lead = beginning(piece, payloads) if self._lane is not None else b""
            return out
        if self._is_whole:
            self._collect(piece)
            return []
        return self._sniff(piece)

    def end(self) -> list[ChatEvent]:
        """The body ended. Raises StreamInterrupted for a stream without an end, WireError for a broken
        body."""
        out: list[ChatEvent] = []
        self.early = out
        if self._sse is None:
            body = b"".join(self._whole).strip()
            if not body and self._head.media_type == "text/event-stream":
                raise StreamInterrupted("the stream stopped before anything came", ended="cut")
            self._decode_whole(body, out)
            return out
        for payload in self._sse.end() if not self.has_ended else ():
            self._last(payload, out)
        if not self.has_ended:
            if not self._started and is_page(self._head):
                raise page_error(self._head, self._first)
            raise StreamInterrupted("the stream stopped before the event that ends it", ended="cut")
        return out

    def _sniff(self, piece: bytes) -> list[ChatEvent]:
        """Decide by the first visible byte what the body is; blank lines may come before it."""
        start = self._start + piece
        visible = start.lstrip().removeprefix(b"\xef\xbb\xbf").lstrip()
        if not visible or visible in (b"\xef", b"\xef\xbb"):
            self._start = start[-3:]
            return []
        self._start = b""
        if visible[:1] in b'{["<' or not _looks_like_events(visible, self._head):
            self._is_whole = True
            self._collect(visible)
            return []
        self._sse = EventDecoder(max_event=MAX_BODY, names=False)
        self._first = start
        return self._events(self._sse.feed(start))

    def _collect(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MAX_BODY:
            raise WireError(f"the reply is larger than {MAX_BODY} bytes")
        self._whole.append(piece)

    def _events(self, payloads: list[bytes]) -> list[ChatEvent]:
        out: list[ChatEvent] = []
        self.early = out
        lane, item, inner, part = self._lane, self._item, self._inner, self._part
        for payload in payloads:
            if lane is not None:
                try:
                    piece = lane(payload)
                except _ODD:
                    pass
                else:
                    if piece.output_index == item and piece.inner == inner:
                        if piece.delta:
                            out.append(PartDelta(index=part, text=piece.delta))
                        continue
            if self.has_ended:
                break
            self._event(payload, out)
            lane, item, inner, part = self._lane, self._item, self._inner, self._part
        return out

    def _last(self, payload: bytes, out: list[ChatEvent]) -> None:
        """An event that the end of the body closed: whole, or cut in its middle."""
        try:
            self._event(payload, out)
        except WireError as error:
            raise StreamInterrupted("the stream stopped inside an event", ended="cut") from error

    def _event(self, payload: bytes, out: list[ChatEvent]) -> None:
        """One event of a stream, the tolerant way."""
        self._lane = None
        visible = payload.strip()
        if not visible or visible.startswith(b"[DONE]"):
            return
        event = decode(visible)
        if not isinstance(event, dict):
            return
        kind = word(event.get("type")) or ""
        told = find_refusal(event, failed="error" in (kind, getattr(payload, "event", "")))
        if told is not None:
            raise_refusal(told, self._head, payload, self._table)
        response = event.get("response")
        if kind in _BEGINNINGS or kind in _ENDS:
            if isinstance(response, dict):
                self._begin(response, out)
                if kind in _ENDS:
                    self._finish(response, payload, out)
            return
        self._output.event(kind, event, out)
        self._find_lane(kind, event)

    def _find_lane(self, kind: str, event: dict[str, Any]) -> None:
        """The quick way for the next event, if it is of the same kind and goes on with the same piece."""
        found = LANES.get(kind)
        if found is None:
            return
        lane, field = found
        place = index_of(event, "output_index"), index_of(event, field)
        part = self._output.growing(kind, *place)
        if part is not None:
            self._lane, (self._item, self._inner), self._part = lane, place, part.index

    def _decode_whole(self, body: bytes, out: list[ChatEvent]) -> None:
        if body.startswith(b"<"):
            raise page_error(self._head, body)
        if not body:
            raise WireError("an empty body where a reply in JSON was due")
        reply = decode(body)
        told = find_refusal(reply)
        if told is not None and not (isinstance(reply, dict) and reply.get("status") == "failed"):
            raise_refusal(told, self._head, body, self._table)
        if not isinstance(reply, dict) or not isinstance(reply.get("output"), list):
            raise WireError(f"the reply has no field 'output': {excerpt(body)}")
        self._begin(reply, out)
        self._finish(reply, body, out)

    def _begin(self, response: dict[str, Any], out: list[ChatEvent]) -> None:
        if self._started:
            return
        self._started = True
        created = response.get("created_at")
        out.append(
            Started(
                id=word(response.get("id")),
                model=word(response.get("model")),
                created=int(created) if isinstance(created, (int, float)) and created else None,
            )
        )

    def _finish(self, response: dict[str, Any], payload: bytes, out: list[ChatEvent]) -> None:
        """The whole reply: its output, unless that came by events, what it used, how it ended."""
        status = word(response.get("status"))
        if status == "failed" or isinstance(response.get("error"), dict):
            told = find_refusal(response) or Told("the provider failed to make an answer")
            raise_refusal(told, self._head, payload, self._table)
        self._output.close(out)
        if self._output.is_empty:
            for index, item in enumerate(dicts(response.get("output"))):
                self._output.whole(item, index, out)
        counts = response.get("usage")
        if isinstance(counts, dict):
            out.append(UsageReported(usage=decode_usage(counts)))
        details = response.get("incomplete_details")
        reason, raw = decode_finish(
            status,
            word(details.get("reason")) if isinstance(details, dict) else None,
            calls=self._output.calls,
            refused=self._output.refused,
        )
        if status in ("queued", "in_progress"):
            self.notes = (UNFINISHED,)
        out.append(Finished(reason=reason, raw=raw))
        self.has_ended = True


def _looks_like_events(start: bytes, head: WireHead) -> bool:
    return start[:1] in (b":", b"d", b"e", b"i", b"r") or head.media_type == "text/event-stream"
