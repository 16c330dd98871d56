"""Replies of this wire, whole and streamed, to events.

One event of a stream and a whole body go through the same code. The commonest chunk, which carries nothing
but a piece of text of the first choice, is decoded straight into a small struct; whatever else a chunk
holds makes that struct refuse it, and the tolerant way takes over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from baimo.dialect.ending import FINISH_MISSING, is_page, page_error
from baimo.dialect.jsontext import decode, excerpt
from baimo.errors import OverloadedError, StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.content import Refusal, Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    PartDelta,
    PartStarted,
    Started,
    UsageReported,
    Withdrawn,
)
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from baimo.wire.sse import LF, EventDecoder, beginning

from .choice import ChoiceState, citations_of
from .errors import WITHDRAWING, find_refusal, raise_for_body, raise_refusal
from .errors import Refusal as Told
from .fastlane import LANES, Lane
from .finish import GIVEN_UP
from .quirks import Quirks
from .usage import decode_usage, sum_models

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a whole reply."""

MAX_ERROR_BODY = 1024 * 1024
"""Bytes of a refusal that are kept; the rest is passed over."""


ODD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""How the quick ways refuse what is not for them."""


class ErrorDecoder:
    """Collects the body of an error status and raises what it means when it has ended."""

    def __init__(self, head: WireHead, codes: str | None = None) -> None:
        self._codes = codes
        self._head = head
        self._body = bytearray()
        self.early: list[ChatEvent] = []

    def feed(self, piece: bytes) -> list[ChatEvent]:
        self._body += piece[: MAX_ERROR_BODY - len(self._body)]
        return []

    def end(self) -> list[ChatEvent]:
        raise_for_body(self._head, bytes(self._body), self._codes)


class ReplyDecoder:
    """Decodes a reply with a good status; its body tells whether it is one object or a stream of events.

    Memory: one event of a stream, or a whole body, both bounded.
    """

    lanes: ClassVar[Mapping[type, tuple[tuple[Lane, bytes], ...]]] = LANES
    """Quick ways for chunks of nothing but text, by the kind of part that is open."""

    def __init__(self, head: WireHead, quirks: Quirks, codes: str | None = None) -> None:
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self._codes = codes
        self._head = head
        self._quirks = quirks
        self._sse: EventDecoder | None = None
        self._is_whole = False
        self._whole: list[bytes] = []
        self._size = 0
        self._start = b""
        self._first = b""
        self._choices: dict[int, ChoiceState] = {}
        self._started = False
        self._usage: dict[str, Any] | None = None
        self.has_ended = False
        self._lane: Lane | None = None
        self._lane_part = 0
        self._lane_call = -1  # its index, where the lane is that of a call
        self._lead = b""  # how the next event begins, where the last read brought one

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """The events this piece completes. Raises ProviderError or WireError."""
        lane = self._lane
        if lane is not None and (data := piece.removeprefix(self._lead)) != piece and piece[-1] == LF:
            try:
                delta = lane(data).choices[0].delta
            except ODD:
                pass
            else:
                if self._lane_call < 0 or delta.call == self._lane_call:
                    text = delta.text
                    return [PartDelta(index=self._lane_part, text=text)] if text else []
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
            body = b"".join(self._whole)
            if not body and self._head.media_type == "text/event-stream":
                raise StreamInterrupted("the stream stopped before anything came", ended="cut")
            self._decode_whole(body, out)
            return out
        for payload in self._sse.end() if not self.has_ended else ():
            self._last(payload, out)
        if not self.has_ended:
            if not self._choices and is_page(self._head):
                raise page_error(self._head, self._first)
            cut = [state for state in self._choices.values() if state.finish is None]
            if cut or not self._choices:
                raise StreamInterrupted(
                    "the stream stopped before its end: neither a finish reason nor [DONE] came", ended="cut"
                )
            self._close(out)
        return out

    def _sniff(self, piece: bytes) -> list[ChatEvent]:
        """Decide by the first visible byte what the body is; blank lines may come before it."""
        if piece[:1] == b"{" and not self._start:
            self._is_whole = True
            self._collect(piece)
            return []
        start = self._start + piece
        visible = start.lstrip().removeprefix(b"\xef\xbb\xbf").lstrip()
        if not visible or visible in (b"\xef", b"\xef\xbb"):
            self._start = start[-3:]
            return []
        self._start = b""
        if visible[:1] in b'{["<' or not _looks_like_events(visible, self._head):
            self._is_whole = True
            self._collect(start)
            return []
        self._sse = EventDecoder()
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
        lane, part, call = self._lane, self._lane_part, self._lane_call
        append = out.append
        for payload in payloads:
            if lane is not None:
                try:
                    delta = lane(payload).choices[0].delta
                except ODD:
                    pass
                else:
                    if call < 0 or delta.call == call:
                        if text := delta.text:
                            append(PartDelta(index=part, text=text))
                        continue
            if self.has_ended:
                break
            self._event(payload, out)
            self._find_lane(payload)
            lane, part, call = self._lane, self._lane_part, self._lane_call
        return out

    def _event(self, payload: bytes, out: list[ChatEvent]) -> None:
        """One event of a stream, the tolerant way."""
        visible = payload.strip()
        if visible.startswith(b"[DONE]"):
            self._close(out)
        elif visible:
            self._chunk(decode(visible), payload, out)

    def _last(self, payload: bytes, out: list[ChatEvent]) -> None:
        """An event that the end of the body closed: whole, or cut in its middle."""
        try:
            self._event(payload, out)
        except WireError as error:
            raise StreamInterrupted("the stream stopped inside an event", ended="cut") from error

    def _chunk(self, chunk: Any, payload: bytes, out: list[ChatEvent]) -> None:
        refusal = find_refusal(chunk, event=getattr(payload, "event", ""))
        if refusal is not None:
            if refusal.code in WITHDRAWING:
                out += [Withdrawn(reason=refusal.message, choice=index) for index in sorted(self._choices)]
            raise_refusal(refusal, self._head, payload, self._codes)
        if isinstance(chunk, dict):
            self._start_reply(chunk, out)
            for choice in _choices(chunk):
                self._state(choice).chunk(choice, out)
            self._tail(chunk, out)

    def _decode_whole(self, body: bytes, out: list[ChatEvent]) -> None:
        body = body.strip()
        if body.startswith(b"<"):
            raise page_error(self._head, body)
        if not body:
            raise WireError("an empty body where a reply in JSON was due")
        reply = decode(body.removeprefix(b"\xef\xbb\xbf"))
        refusal = find_refusal(reply)
        if refusal is not None:
            raise_refusal(refusal, self._head, body, self._codes)
        if not isinstance(reply, dict) or not isinstance(reply.get("choices"), list):
            raise WireError(f"the reply has no field 'choices': {excerpt(body)}")
        self._start_reply(reply, out)
        choices = _choices(reply)
        if not choices:
            raise WireError("the reply's field 'choices' is empty")
        for number, choice in enumerate(choices):
            if isinstance(choice.get("message"), dict):
                choice.pop("delta", None)
            elif isinstance(choice.get("text"), str):
                pass  # the answer to a completion without roles
            elif not choice.get("delta") and not choice.get("finish_reason"):
                raise WireError(f"the reply has no field 'choices[{number}].message'")
            choice.setdefault("index", number)
            self._state(choice).chunk(choice, out)
        self._tail(reply, out)
        self._close(out)
        self._require_something(reply, body, out)
        out[:] = _begun_whole(out)

    def _require_something(self, reply: dict[str, Any], body: bytes, out: list[ChatEvent]) -> None:
        """An answer given up before anything was made is a refusal: nothing is lost by asking again."""
        if any(state.finish != GIVEN_UP or state.said for state in self._choices.values()):
            return
        out.clear()
        gone = Told(
            "the answer was given up before it began", code=GIVEN_UP, codes={GIVEN_UP: OverloadedError}
        )
        raise_refusal(gone, self._head, body, self._codes)

    def _decode_usage(self, counts: dict[str, Any]) -> Usage:
        return decode_usage(counts, outside=self._quirks.reasoning_tokens == "outside")

    def _start_reply(self, chunk: dict[str, Any], out: list[ChatEvent]) -> None:
        if self._started or not chunk.get("choices"):
            return
        self._started = True
        name, model, created = chunk.get("id") or chunk.get("sid"), chunk.get("model"), chunk.get("created")
        out.append(
            Started(
                id=name if isinstance(name, str) and name else None,
                model=model if isinstance(model, str) and model else None,
                created=int(created) if isinstance(created, (int, float)) and created else None,
            )
        )

    def _state(self, choice: dict[str, Any]) -> ChoiceState:
        index = choice.get("index")
        index = index if isinstance(index, int) and 0 <= index < 1_000_000 else 0
        state = self._choices.get(index)
        if state is None:
            state = self._choices[index] = ChoiceState(index, self._quirks)
        return state

    def _tail(self, chunk: dict[str, Any], out: list[ChatEvent]) -> None:
        """What stands beside the choices: usage, sources."""
        counts = chunk.get("usage")
        if not isinstance(counts, dict) and isinstance(chunk.get("x_groq"), dict):
            counts = chunk["x_groq"].get("usage")
        if not isinstance(counts, dict):
            counts = next((c["usage"] for c in _choices(chunk) if isinstance(c.get("usage"), dict)), None)
        if counts is None:
            counts = sum_models(chunk.get("bot_usage"))
        if counts and counts != self._usage:
            self._usage = counts
            out.append(UsageReported(usage=self._decode_usage(counts)))
        sources = citations_of(chunk)
        if sources and 0 in self._choices:
            self._choices[0].sources = sources

    def _close(self, out: list[ChatEvent]) -> None:
        """The end mark: every part and every choice ends."""
        if not self._choices:
            raise WireError("the stream ended without a single choice")
        self.has_ended = True
        if self._quirks.finish_missing == "unknown" and any(
            state.finish is None for state in self._choices.values()
        ):
            self.notes = (FINISH_MISSING,)
        for _, state in sorted(self._choices.items()):
            state.close(out)

    def _find_lane(self, payload: bytes) -> None:
        """The quick way for the next chunk, if the first choice has an open part that takes nothing but what
        this chunk brought."""
        self._lane, self._lane_call = None, -1
        state = self._choices.get(0) if not self.has_ended else None
        if state is None:
            return
        part = state.plain()
        if part is not None:
            for lane, field in self.lanes.get(part.kind, ()):
                if field in payload:
                    self._lane, self._lane_part = lane, part.index
                    break
        call = state.calling() if b'"tool_calls"' in payload else None
        if call is not None:
            for lane, field in self.lanes.get(ToolCall, ()):
                if field in payload:
                    (self._lane_call, grown), self._lane = call, lane
                    self._lane_part = grown.index


def _begun_whole(events: list[ChatEvent]) -> list[ChatEvent]:
    """The same events, a part that came in one piece beginning with it: a whole reply need not grow."""
    kept: list[ChatEvent] = []
    for event in events:
        if type(event) is PartDelta and event.text and not event.data and kept:
            last = kept[-1]
            if (
                isinstance(last, PartStarted)
                and (last.index, last.choice) == (event.index, event.choice)
                and isinstance(last.part, (Text, Thinking, Refusal))
            ):
                kept[-1] = replace(last, part=replace(last.part, text=last.part.text + event.text))
                continue
        kept.append(event)
    return kept


def _choices(chunk: dict[str, Any]) -> list[dict[str, Any]]:
    choices = chunk.get("choices")
    return [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []


def _looks_like_events(start: bytes, head: WireHead) -> bool:
    return start[:1] in (b":", b"d", b"e", b"i", b"r") or head.media_type == "text/event-stream"
