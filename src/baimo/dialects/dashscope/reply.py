"""Replies of this wire, whole and streamed, to events: one event of a stream and a whole body alike.

Usage stands in every event of a stream and counts what was made so far: it is told once, with the end.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.ending import FINISH_MISSING, is_page
from baimo.dialect.jsontext import decode
from baimo.dialect.status import request_id
from baimo.errors import StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.events import ChatEvent, PartDelta, Started, UsageReported
from baimo.wire.http import WireHead

from .choice import ChoiceState, citations_of, dicts
from .errors import decode_whole, find_refusal, raise_refusal, request_id_of
from .fastlane import LANES, Lane
from .frames import Frames
from .usage import decode_usage

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a whole reply."""

_NULL = len(b"null")
_LF = 10

_ODD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""How the quick way refuses what is not for it."""


class ReplyDecoder:
    """Decodes a reply with a good status; its body tells whether it is one object or a stream of events.

    `output` is what a stream's events hold; see `Quirks.output`. Memory: one event of a stream, or a whole
    body, both bounded. `request_id` is the call's id, wherever the provider told it.
    """

    def __init__(self, head: WireHead, output: str, table: str | None = None) -> None:
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self.request_id = request_id(head)
        self._head = head
        self._output = output
        self._table = table
        self._start = b""
        self._sse: Frames | None = None
        self._whole: list[bytes] | None = None
        self._size = 0
        self._choices: dict[int, ChoiceState] = {}
        self._has_started = False
        self._search: Any = None
        self._counts: dict[int, dict[str, Any]] = {}
        self._raw: msgspec.Raw | None = None
        self._lane: Lane | None = None
        self._lane_part = 0
        self._is_listed = False

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """The events this piece completes. Raises ProviderError or WireError."""
        if self._lane is not None and self._sse is not None and not self._sse.is_inside:
            # Most pieces are one event.
            begin = piece.find(b"\ndata:") + 6
            end = piece.find(b"\n", begin)
            if begin > 5 and end == len(piece) - 2 and piece[end + 1] == _LF:
                try:
                    event = self._lane(piece[begin:end])
                except _ODD:
                    pass
                else:
                    if len(event.usage) > _NULL:
                        self._raw = event.usage
                    message = event.output.choices[0].message
                    text = message.parts[0].text if self._is_listed else message.text
                    return [PartDelta(index=self._lane_part, text=text)] if text else []
        self.early = []
        if self._sse is None and self._whole is None:
            piece = self._sniff(piece)
        if self._sse is not None:
            return self._events(self._sse.feed(piece))
        if self._whole is not None:
            self._size += len(piece)
            if self._size > MAX_BODY:
                raise WireError(f"the reply is larger than {MAX_BODY} bytes")
            self._whole.append(piece)
        return []

    def end(self) -> list[ChatEvent]:
        """The body ended. Raises StreamInterrupted for a stream without an end, WireError for a broken
        body."""
        out: list[ChatEvent] = []
        self.early = out
        if self._sse is None:
            if self._whole is None and self._head.media_type == "text/event-stream":
                raise StreamInterrupted("the stream stopped before anything came", ended="cut")
            self._decode_whole(b"".join(self._whole or ()), out)
            return out
        for payload in self._sse.end():
            try:
                self._event(payload, out)
            except WireError as error:
                raise StreamInterrupted("the stream stopped inside an event", ended="cut") from error
        self._tell_usage(out)
        if not self._choices or any(choice.finish is None for choice in self._choices.values()):
            raise StreamInterrupted("the stream stopped before its finish reason came", ended="cut")
        self._close(out)
        return out

    def _sniff(self, piece: bytes) -> bytes:
        """Decide by the first visible byte what the body is; gives what is to be read."""
        start = self._start + piece
        visible = start.lstrip().removeprefix(b"\xef\xbb\xbf").lstrip()
        if not visible or visible in (b"\xef", b"\xef\xbb"):
            self._start = visible
            return b""
        if visible[:1] in b'{["<' or is_page(self._head):
            self._whole = []
        else:
            self._sse = Frames()
        return start

    def _events(self, payloads: list[bytes]) -> list[ChatEvent]:
        out: list[ChatEvent] = []
        self.early = out
        lane, part, is_listed = self._lane, self._lane_part, self._is_listed
        for payload in payloads:
            if lane is not None:
                try:
                    event = lane(payload)
                except _ODD:
                    pass
                else:
                    message = event.output.choices[0].message
                    text = message.parts[0].text if is_listed else message.text
                    if text:
                        out.append(PartDelta(index=part, text=text))
                    if len(event.usage) > _NULL:
                        self._raw = event.usage
                    continue
            self._event(payload, out)
            self._find_lane()
            lane, part, is_listed = self._lane, self._lane_part, self._is_listed
        return out

    def _find_lane(self) -> None:
        """The quick way for events that add text to the part that is open."""
        self._lane = None
        state = self._choices.get(0)
        if state is None or len(self._choices) > 1:
            return
        open_part = state.plain()
        if open_part is None:
            return
        for lane, is_listed in LANES.get(open_part.kind, ()):
            if is_listed == state.is_listed or len(LANES[open_part.kind]) == 1:
                self._lane, self._lane_part, self._is_listed = lane, open_part.index, is_listed

    def _event(self, payload: bytes, out: list[ChatEvent]) -> None:
        """One event of a stream, the tolerant way."""
        visible = payload.strip()
        if not visible or visible.startswith(b"[DONE]"):
            return
        event = getattr(payload, "event", "")
        try:
            chunk = decode(visible)
        except WireError:
            if event != "error":
                raise
            chunk = visible.decode("utf-8", "replace")
        refusal = find_refusal(chunk, event=event)
        if refusal is not None:
            self._tell_usage(out)
            raise_refusal(refusal, self._head, payload, self._table)
        if isinstance(chunk, dict):
            self._chunk(chunk, out)

    def _decode_whole(self, body: bytes, out: list[ChatEvent]) -> None:
        self._chunk(decode_whole(self._head, body, self._table), out)
        self._tell_usage(out)
        if not self._choices:
            raise WireError("the reply's 'output' has no answer in it")
        self._close(out)

    def _chunk(self, chunk: dict[str, Any], out: list[ChatEvent]) -> None:
        """One event of a stream, or a whole reply."""
        self.request_id = request_id_of(chunk) or self.request_id
        output = chunk.get("output")
        choices = _choices(output) if isinstance(output, dict) else []
        if choices and not self._has_started:
            self._has_started = True
            out.append(Started(id=self.request_id))
        for number, entry in enumerate(choices):
            index = entry.get("index")
            index = index if type(index) is int and index >= 0 else number
            state = self._choices.get(index)
            if state is None:
                state = self._choices[index] = ChoiceState(index, self._output)
            state.chunk(entry, out)
        if isinstance(output, dict) and output.get("search_info"):
            self._search = output["search_info"]
        counts = chunk.get("usage")
        if isinstance(counts, dict) and counts:
            # With several choices, an event counts what was made for the one that it is of.
            only = choices[0].get("index") if len(choices) == 1 else None
            self._raw = None
            self._counts[only if type(only) is int else 0] = counts

    def _tell_usage(self, out: list[ChatEvent]) -> None:
        """What was counted last."""
        if self._raw is not None:
            counts = decode(bytes(self._raw))
            if isinstance(counts, dict) and counts:
                self._counts[0] = counts
        self._raw = None
        if self._counts:
            counted = [self._counts[index] for index in sorted(self._counts)]
            out.append(UsageReported(usage=decode_usage(_summed(counted))))

    def _close(self, out: list[ChatEvent]) -> None:
        """Every part and every choice ends."""
        if any(choice.finish is None for choice in self._choices.values()):
            self.notes = (FINISH_MISSING,)
        citations = citations_of(self._search)
        for _, state in sorted(self._choices.items()):
            state.close(citations, out)
            citations = ()


def _choices(output: dict[str, Any]) -> list[dict[str, Any]]:
    """The choices; of the older form, which has no messages, its text as the message of one."""
    choices = dicts(output.get("choices"))
    if choices or not isinstance(output.get("text"), str):
        return choices
    message = {"content": output["text"], "reasoning_content": output.get("reasoning_content")}
    return [{"message": message, "finish_reason": output.get("finish_reason")}]


def _summed(counts: list[dict[str, Any]]) -> dict[str, Any]:
    """The counts of all choices: the prompt is read once, answers are added."""
    if len(counts) == 1:
        return counts[0]
    made = [one["output_tokens"] for one in counts if type(one.get("output_tokens")) is int]
    details = [one.get("output_tokens_details") for one in counts]
    thought = [d["reasoning_tokens"] for d in dicts(details) if type(d.get("reasoning_tokens")) is int]
    total = {**counts[0], "output_tokens": sum(made)}
    if thought:
        total["output_tokens_details"] = {"reasoning_tokens": sum(thought)}
    return total
