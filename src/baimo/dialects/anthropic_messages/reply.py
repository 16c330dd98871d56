"""Replies of this wire to events. A stream is named events; a whole reply is one object."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialect.ending import FINISH_MISSING, is_page, page_error
from baimo.dialect.jsontext import decode, excerpt
from baimo.errors import StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.content import Refusal, ToolCall
from baimo.types.events import (
    ChatEvent,
    Finished,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
)
from baimo.wire.http import WireHead
from baimo.wire.sse import EventDecoder

from .blocks import Blocks
from .errors import find_refusal, raise_refusal
from .fastlane import BEGIN, END, JOIN, LANES, Lane
from .usage import decode_usage, laid_over
from .words import decode_finish

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a whole reply."""

_ODD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""How the quick way refuses what is not for it."""

_STREAM = "text/event-stream"
_AT = len(BEGIN)


class ReplyDecoder:
    """Decodes a reply with a good status; its first byte tells whether it is an object or a stream.

    Memory: one event of a stream, or a whole body, both bounded.
    """

    def __init__(self, head: WireHead, table: str | None, filled: int | None = None) -> None:
        """`filled` is the limit of the answer that was put in for the caller."""
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self._head = head
        self._table = table
        self._filled = filled
        self._sse: EventDecoder | None = None
        self._lane: Lane | None = None  # the quick way for a delta of the block of that index
        self._lane_index = 0
        self._lane_part = 0
        self._several = False  # whether the last read brought more than one event
        self._is_whole = False
        self._whole: list[bytes] = []
        self._size = 0
        self._start = b""
        self._blocks = Blocks()
        self._counts: dict[str, Any] = {}
        self._stop: dict[str, Any] = {}
        self.has_ended = False

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """The events this piece completes. Raises ProviderError or WireError."""
        lane = self._lane
        if lane is not None and (data := piece.removeprefix(BEGIN)) != piece:
            if not self._several:
                try:
                    found = lane(data)  # blanks behind an object are no matter
                    if found.index == self._lane_index:
                        text = found.delta.text
                        return [PartDelta(index=self._lane_part, text=text)] if text else []
                except _ODD:
                    pass
            if piece.endswith(END):
                return self._quick(piece)
        if self._sse is not None:
            return self._stream(piece)
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
            if not self._whole and self._head.media_type == _STREAM:
                raise StreamInterrupted("the stream stopped before anything came", ended="cut")
            self._decode_whole(b"".join(self._whole).strip(), out)
            return out
        for payload in self._sse.end() if not self.has_ended else ():
            self._last(payload, out)
        if not self.has_ended:
            if self._stop.get("stop_reason") is None:
                raise StreamInterrupted(
                    "the stream stopped before its end: neither a reason nor message_stop came", ended="cut"
                )
            self._close(out)
        return out

    def _stream(self, piece: bytes) -> list[ChatEvent]:
        out: list[ChatEvent] = []
        self.early = out
        self._general(piece, out)
        return out

    def _sniff(self, piece: bytes) -> list[ChatEvent]:
        """Decide by the first visible byte what the body is; blank lines may come before it."""
        start = self._start + piece
        visible = start.lstrip().removeprefix(b"\xef\xbb\xbf").lstrip()
        if not visible or visible in (b"\xef", b"\xef\xbb"):
            self._start = start[-3:]
            return []
        self._start = b""
        if visible[:1] in b'{["<' or is_page(self._head):
            self._is_whole = True
            self._collect(visible)
            return []
        self._sse = EventDecoder()
        return self._stream(start)

    def _collect(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MAX_BODY:
            raise WireError(f"the reply is larger than {MAX_BODY} bytes")
        self._whole.append(piece)

    def _quick(self, piece: bytes) -> list[ChatEvent]:
        """A read of several whole events that begins with a delta."""
        out: list[ChatEvent] = []
        self.early = out
        lane, index, part = self._lane, self._lane_index, self._lane_part
        payloads = piece[_AT : -len(END)].split(JOIN)
        self._several = len(payloads) > 1
        for payload in payloads:
            if lane is not None:
                try:
                    found = lane(payload)
                except _ODD:
                    pass
                else:
                    if found.index == index:
                        if text := found.delta.text:
                            out.append(PartDelta(index=part, text=text))
                        continue
            self._general(BEGIN + payload + END, out)
            lane, index, part = self._lane, self._lane_index, self._lane_part
        return out

    def _general(self, piece: bytes, out: list[ChatEvent]) -> None:
        """Pieces of a stream, whatever stands in them."""
        assert self._sse is not None
        self._lane = None
        index = -1
        for payload in self._sse.feed(piece):
            if self.has_ended:
                return
            index = self._event(payload, out)
        if index >= 0 and piece.endswith(END):
            # The stream stands between two events: the next may go the quick way.
            kind, self._lane_index = self._blocks.plain(index), index
            if kind is not None:
                self._lane, self._lane_part = LANES.get(kind.kind), kind.index

    def _last(self, payload: bytes, out: list[ChatEvent]) -> None:
        """An event that the end of the body closed: whole, or cut in its middle."""
        try:
            self._event(payload, out)
        except WireError as error:
            raise StreamInterrupted("the stream stopped inside an event", ended="cut") from error

    def _event(self, payload: bytes, out: list[ChatEvent]) -> int:
        """One event; the index of the block to which more may come, -1 where none is known."""
        visible = payload.strip()
        if not visible or visible.startswith(b"[DONE]"):
            return -1
        event = decode(visible)
        if not isinstance(event, dict):
            return -1
        kind = event.get("type")
        if kind == "content_block_delta":
            if isinstance(event.get("delta"), dict):
                self._blocks.delta(_index(event), event["delta"], out)
            return _index(event)
        if kind == "content_block_start":
            if isinstance(event.get("content_block"), dict):
                self._blocks.start(_index(event), event["content_block"], out)
            return _index(event)
        if kind == "content_block_stop":
            self._blocks.stop(_index(event), out)
        elif kind == "message_start":
            self._begin(event.get("message"), out)
        elif kind == "message_delta":
            self._tail(event, out)
        elif kind == "message_stop":
            self._close(out)
        elif kind == "error" or (kind is None and "error" in event):
            told = find_refusal(event)
            if told is not None:
                raise_refusal(told, self._head, payload, self._table)
        return -1

    def _begin(self, message: Any, out: list[ChatEvent]) -> None:
        if not isinstance(message, dict):
            return
        out.append(_started(message))
        self._count(message.get("usage"), out)

    def _tail(self, event: dict[str, Any], out: list[ChatEvent]) -> None:
        """What is told of the whole answer when its blocks are done."""
        if isinstance(event.get("delta"), dict):
            self._stop = laid_over(self._stop, event["delta"])
        self._count(event.get("usage"), out)

    def _count(self, counts: Any, out: list[ChatEvent]) -> None:
        told = laid_over(self._counts, counts)
        if told and told != self._counts:
            self._counts = told
            out.append(UsageReported(usage=decode_usage(told)))

    def _close(self, out: list[ChatEvent]) -> None:
        """Every block and the answer end."""
        self.has_ended = True
        self._blocks.end_all(out)
        word = self._stop.get("stop_reason")
        word = word if isinstance(word, str) and word else None
        details = self._stop.get("stop_details")
        details = details if isinstance(details, dict) else {}
        words = details.get("explanation")
        if isinstance(words, str) and words:
            index = self._blocks.count
            out += [PartStarted(index=index, part=Refusal(text=words)), PartEnded(index=index)]
        out.append(Finished(reason=decode_finish(word), raw=word))
        self.notes = tuple(_notes(word, self._stop, details, self._filled))

    def _decode_whole(self, body: bytes, out: list[ChatEvent]) -> None:
        if not body:
            raise WireError("an empty body where a reply in JSON was due")
        if body.startswith(b"<") or is_page(self._head):
            raise page_error(self._head, body)
        message = decode(body)
        told = find_refusal(message)
        if told is not None:
            raise_refusal(told, self._head, body, self._table)
        if not isinstance(message, dict) or not isinstance(message.get("content"), list):
            raise WireError(f"the reply has no field 'content' with a list of blocks: {excerpt(body)}")
        out.append(_started(message))
        begun: list[ChatEvent] = []
        for number, fields in enumerate(message["content"]):
            if isinstance(fields, dict):
                self._blocks.start(number, fields, begun)
                self._blocks.stop(number, begun)
        begun = _joined(begun)
        out += begun[:1]
        self._count(message.get("usage"), out)
        out += begun[1:]
        self._stop = message
        self._close(out)


def _joined(events: list[ChatEvent]) -> list[ChatEvent]:
    """The same events, a call beginning with its arguments: a whole reply need not grow."""
    kept: list[ChatEvent] = []
    for event in events:
        last = kept[-1] if kept else None
        if isinstance(event, PartDelta) and isinstance(last, PartStarted) and isinstance(last.part, ToolCall):
            kept[-1] = replace(last, part=replace(last.part, arguments=event.text))
        else:
            kept.append(event)
    return kept


def _started(message: dict[str, Any]) -> Started:
    name, model = message.get("id"), message.get("model")
    return Started(
        id=name if isinstance(name, str) and name else None,
        model=model if isinstance(model, str) and model else None,
    )


def _index(event: dict[str, Any]) -> int:
    index = event.get("index")
    return index if type(index) is int else 0


def _notes(word: str | None, stop: dict[str, Any], details: dict[str, Any], filled: int | None) -> list[Note]:
    """What the end of an answer tells besides its reason."""
    if word is None:
        return [FINISH_MISSING]
    if word == "stop_sequence" and isinstance(stop.get("stop_sequence"), str):
        return [Note(code="stopped_at", message=f"the answer stopped at {stop['stop_sequence']!r}")]
    if word == "refusal" and isinstance(details.get("category"), str):
        return [Note(code="refused", message=f"the provider's ground for refusing: {details['category']}")]
    if word == "max_tokens" and filled is not None:
        return [
            Note(
                code="limit_filled",
                message=f"the answer was cut at {filled} tokens: this wire requires a limit, none was asked "
                "for, and so much was filled in; pass max_tokens for more",
            )
        ]
    return []
