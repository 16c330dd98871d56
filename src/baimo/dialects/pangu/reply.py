"""Replies of this wire, whole and streamed, to events. Both go through the same code."""

from __future__ import annotations

from typing import Any, NoReturn

from msgspec import MsgspecError, Raw
from msgspec.structs import replace

from baimo.dialect.ending import FINISH_MISSING, is_page, page_error
from baimo.dialect.jsontext import decode, excerpt
from baimo.errors import OverloadedError, StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.content import Text, Thinking
from baimo.types.events import ChatEvent, PartDelta, PartStarted, Started, UsageReported
from baimo.wire.http import WireHead
from baimo.wire.sse import LF, EventDecoder, beginning

from .choice import ChoiceState
from .fastlane import LANES, Lane
from .finish import GIVEN_UP
from .usage import decode_usage

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a whole reply."""

MAX_ERROR_BODY = 1024 * 1024
"""Bytes of a refusal that are kept; the rest is passed over."""

_NULL = len(b"null")
_TOLD_EACH = 16
"""Chunks on the quick way after which usage is told."""

_ODD = (MsgspecError, UnicodeDecodeError, RecursionError)
"""How the quick way refuses what is not for it."""

_BOM = b"\xef\xbb\xbf"


class ErrorDecoder:
    """Collects the body of an error status and raises what it means when it has ended."""

    def __init__(self, head: WireHead) -> None:
        self._head = head
        self._body = bytearray()
        self.early: list[ChatEvent] = []

    def feed(self, piece: bytes) -> list[ChatEvent]:
        self._body += piece[: MAX_ERROR_BODY - len(self._body)]
        return []

    def end(self) -> list[ChatEvent]:
        from baimo.dialect.codes import huawei

        raise huawei.refusal(self._head, bytes(self._body))


class ReplyDecoder:
    """Decodes a reply with a good status; its body tells whether it is one object or a stream of events.

    Memory: one event of a stream, or a whole body, both bounded.
    """

    def __init__(self, head: WireHead) -> None:
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self._head = head
        self._first = b""
        self._start = b""
        self._sse: EventDecoder | None = None
        self._whole: list[bytes] = []
        self._is_whole = False
        self._size = 0
        self._choices: dict[int, ChoiceState] = {}
        self._started = False
        self._usage: dict[str, Any] | None = None
        self._held: list[ChatEvent] | None = []
        self.has_ended = False
        self._latest: Raw | None = None  # usage that was passed over
        self._passed = 0
        self._lane: Lane | None = None
        self._lane_part = 0
        self._lead = b""  # how the next event begins, where the last read brought one

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """The events this piece completes. Raises ProviderError or WireError."""
        lane = self._lane
        if lane is not None and (data := piece.removeprefix(self._lead)) != piece and piece[-1] == LF:
            try:
                chunk = lane(data)
            except _ODD:
                pass
            else:
                text = chunk.choices[0].message.text
                out: list[ChatEvent] = [PartDelta(index=self._lane_part, text=text)] if text else []
                if len(chunk.usage) > _NULL:
                    self._pass_over(chunk.usage, out)
                return out
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
        """The body ended. Raises StreamInterrupted for a stream without an end, WireError for half a body."""
        out: list[ChatEvent] = []
        self.early = out
        if self._sse is None:
            body = b"".join(self._whole)
            if not body and self._head.media_type == "text/event-stream":
                raise StreamInterrupted("the stream stopped before anything came", ended="cut")
            self._decode_whole(body, out)
            return out
        for payload in self._sse.end() if not self.has_ended else ():
            try:
                self._event(payload, out)
            except WireError as error:
                raise StreamInterrupted("the stream stopped inside an event", ended="cut") from error
        if not self.has_ended:
            self._report({}, out)
            if not self._choices and is_page(self._head):
                raise page_error(self._head, self._first)
            if not self._choices or any(state.finish is None for state in self._choices.values()):
                raise StreamInterrupted(
                    "the stream stopped before its end: neither a finish reason nor [DONE] came", ended="cut"
                )
            self._close(b"", out)
        return out

    def _sniff(self, piece: bytes) -> list[ChatEvent]:
        """Decide by the first visible byte what the body is; blank lines may come before it."""
        start = self._start + piece
        visible = start.lstrip().removeprefix(_BOM).lstrip()
        if not visible or visible in (_BOM[:1], _BOM[:2]):
            self._start = start[-3:]
            return []
        self._start = b""
        is_stream = visible[:1] in (b":", b"d", b"e", b"i", b"r")
        if visible[:1] in (b"{", b"[", b'"', b"<") or not (
            is_stream or self._head.media_type == "text/event-stream"
        ):
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
        lane = self._lane
        for payload in payloads:
            if lane is not None:
                try:
                    chunk = lane(payload)
                except _ODD:
                    pass
                else:
                    if text := chunk.choices[0].message.text:
                        out.append(PartDelta(index=self._lane_part, text=text))
                    if len(chunk.usage) > _NULL:
                        self._pass_over(chunk.usage, out)
                    continue
            self._event(payload, out)
            lane = self._find_lane()
        return out

    def _find_lane(self) -> Lane | None:
        """The quick way for the next chunk, if the first choice has an open part of nothing but words."""
        self._lane = None
        state = self._choices.get(0) if not self.has_ended else None
        open_ = state.growing() if state is not None else None
        if open_ is not None:
            self._lane, self._lane_part = LANES[open_[0]], open_[1].index
        return self._lane

    def _event(self, payload: bytes, out: list[ChatEvent]) -> None:
        """The data of one event; where no blank lines part them, several stand on lines of their own."""
        for line in payload.splitlines() if LF in payload else (payload,):
            visible = line.strip()
            if self.has_ended or not visible:
                continue
            if visible.startswith(b"[DONE]"):
                self._report({}, out)
                self._close(visible, out)
            else:
                self._chunk(decode(visible), visible, out)

    def _chunk(self, chunk: Any, payload: bytes, out: list[ChatEvent]) -> None:
        if not isinstance(chunk, dict):
            return
        if chunk.get("error_code") or not isinstance(chunk.get("choices"), list):
            self._report({}, out)
            self._refuse(chunk, payload)
        found: list[ChatEvent] = []
        self._start_reply(chunk, found)
        for place, choice in enumerate(chunk["choices"]):
            if isinstance(choice, dict):
                self._state(choice, place).chunk(choice, found)
        self._report(chunk, found)
        if self._held is None:
            out += found
        elif any(isinstance(event, PartStarted) for event in found):
            self._release(out)
            out += found
        else:
            self._held += found

    def _release(self, out: list[ChatEvent]) -> None:
        """What came before the first word is held back: an answer given up by then may be asked for again."""
        out += self._held or ()
        self._held = None

    def _decode_whole(self, body: bytes, out: list[ChatEvent]) -> None:
        body = body.strip().removeprefix(_BOM)
        if body.startswith(b"<"):
            raise page_error(self._head, body)
        if not body:
            raise WireError("an empty body where a reply in JSON was due")
        reply = decode(body)
        if not isinstance(reply, dict):
            raise WireError(f"the reply is no object: {excerpt(body)}")
        self._chunk(reply, body, out)
        if not self._choices:
            raise WireError("the reply's field 'choices' is empty")
        for number, choice in enumerate(reply["choices"]):
            if not isinstance(choice, dict) or not isinstance(
                choice.get("message", choice.get("delta")), dict
            ):
                raise WireError(f"the reply has no field 'choices[{number}].message'")
        self._close(body, out)
        out[:] = _begun_whole(out)

    def _refuse(self, chunk: dict[str, Any], payload: bytes) -> NoReturn:
        """What is no part of an answer is an error, or does not follow the wire."""
        from baimo.dialect.codes import huawei

        told = huawei.read(chunk)
        if not told.code and not told.message:
            raise WireError(f"the reply has no field 'choices': {excerpt(payload)}")
        raise huawei.refused(told, self._head, payload)

    def _start_reply(self, chunk: dict[str, Any], out: list[ChatEvent]) -> None:
        if self._started or not chunk["choices"]:
            return
        self._started = True
        name, model, created = chunk.get("id"), chunk.get("model"), chunk.get("created")
        out.append(
            Started(
                id=name if isinstance(name, str) and name else None,
                model=model if isinstance(model, str) and model else None,
                created=int(created) if isinstance(created, (int, float)) and created else None,
            )
        )

    def _state(self, choice: dict[str, Any], place: int) -> ChoiceState:
        index = choice.get("index")
        number = index if isinstance(index, int) and 0 <= index < 1_000_000 else place
        if number not in self._choices:
            self._choices[number] = ChoiceState(number)
        return self._choices[number]

    def _pass_over(self, counts: Raw, out: list[ChatEvent]) -> None:
        """Usage of a chunk on the quick way: told now and then, so that a cut stream lacks little of it."""
        self._latest = counts
        self._passed += 1
        if self._passed == _TOLD_EACH:
            self._report({}, out)

    def _report(self, chunk: dict[str, Any], out: list[ChatEvent]) -> None:
        """Usage, which is on every chunk, or what was passed over: told when it has changed."""
        counts = chunk.get("usage")
        if not isinstance(counts, dict) or not counts:
            counts = decode(self._latest) if self._latest is not None else None
        self._latest, self._passed = None, 0
        if isinstance(counts, dict) and counts and counts != self._usage:
            self._usage = counts
            out.append(UsageReported(usage=decode_usage(counts)))

    def _close(self, payload: bytes, out: list[ChatEvent]) -> None:
        """The end mark: every part and every choice ends."""
        if not self._choices:
            raise WireError("the stream ended without a single choice")
        if all(state.finish == GIVEN_UP and not state.said for state in self._choices.values()):
            raise OverloadedError(
                "the answer was given up before it began",
                status=self._head.status,
                provider_code=GIVEN_UP,
                body=payload.decode("utf-8", "replace")[:4096],
            )
        self.has_ended = True
        if any(state.finish is None for state in self._choices.values()):
            self.notes = (FINISH_MISSING,)
        self._release(out)
        for _, state in sorted(self._choices.items()):
            state.close(out)


def _begun_whole(events: list[ChatEvent]) -> list[ChatEvent]:
    """The same events, a text that came in one piece beginning with it: a whole reply need not grow."""
    kept: list[ChatEvent] = []
    for event in events:
        last = kept[-1] if kept else None
        if (
            isinstance(event, PartDelta)
            and isinstance(last, PartStarted)
            and (last.index, last.choice) == (event.index, event.choice)
            and isinstance(last.part, (Text, Thinking))
        ):
            kept[-1] = replace(last, part=replace(last.part, text=last.part.text + event.text))
            continue
        kept.append(event)
    return kept
