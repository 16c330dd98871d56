"""Replies of this wire to events, whole and streamed."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.ending import FINISH_MISSING, is_page, page_error
from baimo.dialect.jsontext import decode, excerpt
from baimo.errors import StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.chat import FinishReason
from baimo.types.events import ChatEvent, Finished, LogprobsReported, PartDelta, Started, UsageReported
from baimo.wire.http import WireHead
from baimo.wire.sse import LF, EventDecoder, beginning

from .errors import Refusal, find_refusal, raise_refusal
from .fastlane import Lane
from .logprobs import decode_logprobs
from .message import MessageState
from .usage import decode_usage
from .words import decode_finish

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a whole reply."""

_STREAM = "text/event-stream"

_ODD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""How the quick way refuses what is not for it."""


class ReplyDecoder:
    """Decodes a reply with a good status; its first byte tells whether it is one object or a stream.

    Memory: one event of a stream, or a whole body, both bounded.
    """

    def __init__(self, head: WireHead, table: str | None) -> None:
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self._head = head
        self._table = table
        self._sse: EventDecoder | None = None
        self._whole: list[bytes] | None = None
        self._size = 0
        self._start = b""
        self._message = MessageState()
        self._started = False
        self.has_ended = False
        self._lane: Lane | None = None
        self._lane_index = 0
        self._lane_part = 0
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
                if found.index == self._lane_index:
                    text = found.delta.message.content.text
                    return [PartDelta(index=self._lane_part, text=text)] if text else []
        if self._sse is not None:
            payloads = self._sse.feed(piece)
            out = self._events(payloads)
            self._lead = beginning(piece, payloads) if self._lane is not None else b""
            return out
        if self._whole is not None:
            self._collect(piece)
            return []
        start = self._start + piece
        visible = start.lstrip()
        if not visible:
            self._start = start[-1:]
            return []
        self._start = b""
        streams = self._head.media_type == _STREAM or visible[:1] in b":edi"
        if streams and visible[:1] not in b'{["<':
            self._sse = EventDecoder(names=False)  # the data tells its type once more
            self._start = visible[:200]
            return self._events(self._sse.feed(start))
        self._whole = []
        self._collect(start)
        return []

    def end(self) -> list[ChatEvent]:
        """The body ended. Raises StreamInterrupted for a stream without its last event, WireError for a
        broken body."""
        out: list[ChatEvent] = []
        self.early = out
        if self._sse is None:
            body = b"".join(self._whole or ())
            if not body.strip() and self._head.media_type == _STREAM:
                raise StreamInterrupted("the stream stopped before anything came", ended="cut")
            self._decode_whole(body.strip(), out)
            return out
        for payload in self._sse.end() if not self.has_ended else ():
            try:
                self._event(payload, out)
            except WireError as error:
                raise StreamInterrupted("the stream stopped inside an event", ended="cut") from error
        if not self.has_ended:
            if not self._started and is_page(self._head):
                raise page_error(self._head, self._start)
            raise StreamInterrupted("the stream stopped before its message-end", ended="cut")
        return out

    def _collect(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MAX_BODY:
            raise WireError(f"the reply is larger than {MAX_BODY} bytes")
        assert self._whole is not None
        self._whole.append(piece)

    def _events(self, payloads: list[bytes]) -> list[ChatEvent]:
        out: list[ChatEvent] = []
        self.early = out
        lane, index, part = self._lane, self._lane_index, self._lane_part
        append = out.append
        for payload in payloads:
            if lane is not None:
                try:
                    found = lane(payload)
                except _ODD:
                    pass
                else:
                    if found.index == index:
                        if text := found.delta.message.content.text:
                            append(PartDelta(index=part, text=text))
                        continue
            if self.has_ended:
                break
            self._event(payload, out)
            lane, index, part = self._find_lane()
        return out

    def _find_lane(self) -> tuple[Lane | None, int, int]:
        """The quick way for the next event, if a content block is open that takes nothing but text."""
        self._lane, self._lane_index, self._lane_part = self._message.lane()
        return self._lane, self._lane_index, self._lane_part

    def _event(self, payload: bytes, out: list[ChatEvent]) -> None:
        """One event of a stream, the tolerant way."""
        visible = payload.strip()
        if not visible or visible.startswith(b"[DONE]"):
            return
        event = decode(visible)
        if not isinstance(event, dict):
            return
        kind = event.get("type") or getattr(payload, "event", "")
        delta = event.get("delta")
        delta = delta if isinstance(delta, dict) else {}
        message = delta.get("message")
        message = message if isinstance(message, dict) else {}
        if kind == "message-start":
            self._start_reply(event, out)
        elif kind == "message-end":
            self._close(delta, payload, out)
        elif not kind or kind == "error":
            refusal = find_refusal(event, failed=kind == "error")
            if refusal is not None:
                raise_refusal(refusal, self._head, payload, self._table)
        else:
            self._start_reply(event, out)
            self._message.event(kind, event, message, out)
            tokens = decode_logprobs(event.get("logprobs"))
            if tokens:
                out.append(LogprobsReported(tokens=tokens))

    def _start_reply(self, event: dict[str, Any], out: list[ChatEvent]) -> None:
        if self._started:
            return
        self._started = True
        name = event.get("id")
        out.append(Started(id=name if isinstance(name, str) and name else None))

    def _decode_whole(self, body: bytes, out: list[ChatEvent]) -> None:
        if body.startswith(b"<"):
            raise page_error(self._head, body)
        if not body:
            raise WireError("an empty body where a reply in JSON was due")
        reply = decode(body.removeprefix(b"\xef\xbb\xbf"))
        refusal = find_refusal(reply)
        if refusal is not None:
            raise_refusal(refusal, self._head, body, self._table)
        message = reply.get("message") if isinstance(reply, dict) else None
        if not isinstance(message, dict):
            raise WireError(f"the reply has no field 'message': {excerpt(body)}")
        self._start_reply(reply, out)
        self._message.whole(message, out)
        tokens = decode_logprobs(reply.get("logprobs"))
        if tokens:
            out.append(LogprobsReported(tokens=tokens))
        self._close(reply, body, out)

    def _close(self, told: dict[str, Any], payload: bytes, out: list[ChatEvent]) -> None:
        """The end: every part ends, and what it cost is told. A failure told here is an error."""
        word = told.get("finish_reason")
        word = word if isinstance(word, str) and word else None
        reason = decode_finish(word, calls=self._message.calls > 0)
        if isinstance(told.get("error"), str) and told["error"]:
            raise_refusal(Refusal(told["error"], word=word), self._head, payload, self._table)
        if reason is FinishReason.ERROR and not self._message.said:
            out.clear()
            gone = Refusal("the answer was given up before it began", word=word)
            raise_refusal(gone, self._head, payload, self._table)
        self._start_reply({}, out)
        self._message.close(out)
        usage = told.get("usage")
        if isinstance(usage, dict) and usage:
            out.append(UsageReported(usage=decode_usage(usage)))
        if word is None:
            self.notes = (FINISH_MISSING,)
        self.has_ended = True
        out.append(Finished(reason=reason, raw=word))
