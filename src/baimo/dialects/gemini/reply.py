"""Replies of this wire to events: a stream of chunks, the same chunks as one array, or one object.

There is no end mark: a stream has ended well when each candidate has told its reason, or the prompt was
blocked. A chunk that holds nothing but words is decoded straight into a small struct; whatever else it holds
makes that struct refuse it, and the tolerant way takes over.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from baimo.dialect.ending import FINISH_MISSING, page_error
from baimo.dialect.jsontext import decode, excerpt
from baimo.errors import StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.chat import FinishReason
from baimo.types.content import Text
from baimo.types.events import ChatEvent, Finished, PartDelta, Started, UsageReported
from baimo.wire.http import WireHead

from .candidate import CandidateState, begun_whole
from .errors import find_error, raise_error
from .fastlane import LANES, Lane
from .framing import Framing
from .usage import decode_usage
from .words import decode_block

_ODD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""How the quick way refuses what is not for it."""


class ReplyDecoder:
    """Decodes a reply with a good status.

    Memory: one event of a stream, or a whole body, both bounded; and the answer's text, by which its sources
    are placed.
    """

    def __init__(self, head: WireHead, table: str | None) -> None:
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self._head = head
        self._table = table
        self._framing = Framing()
        self._candidates: dict[int, CandidateState] = {}
        self._lane: Lane | None = None
        self._lane_part = 0
        self._pieces: list[str] | None = None
        self._is_thought: bool | None = None
        self._latest = b""
        self._started = False
        self._id: str | None = None
        self._usage: Any = None
        self._reported: Any = None
        self._block: tuple[str, str] | None = None
        self._seen = False

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """The events this piece completes. Raises ProviderError or WireError."""
        out: list[ChatEvent] = []
        self.early = out
        lane = self._lane
        for payload in self._framing.feed(piece):
            if lane is not None:
                try:
                    part = lane(payload).candidates[0].content.parts[0]
                except _ODD:
                    pass
                else:
                    text = part.text
                    if text and part.thought is self._is_thought:
                        self._latest = payload
                        if self._pieces is not None:
                            self._pieces.append(text)
                        out.append(PartDelta(index=self._lane_part, text=text))
                        continue
            if payload.strip():
                self._chunk(decode(payload), payload, out)
                lane = self._find_lane()
        return out

    def end(self) -> list[ChatEvent]:
        """The body ended. Raises StreamInterrupted for a stream without an end, WireError for a broken
        body."""
        out: list[ChatEvent] = []
        self.early = out
        rest = self._framing.rest.strip()
        if not self._framing.is_stream:
            self._whole(rest, out)
            return out
        for payload in self._framing.end():
            self._last(payload, out)
        if rest:
            self._between(rest, out)
        if self._block is None and (
            not self._candidates or any(one.finish is None for one in self._candidates.values())
        ):
            self._report(out)
            raise StreamInterrupted("the stream stopped before a candidate told why it ends", ended="cut")
        self._close(out)
        return out

    def _find_lane(self) -> Lane | None:
        """The quick way for the next chunk, if words of the first candidate are what is open."""
        self._lane = None
        state = self._candidates.get(0)
        there = state.parts.get(state.open) if state is not None and state.open is not None else None
        if state is not None and there is not None and not there.held:
            self._lane, self._lane_part = LANES.get(there.kind), there.index
            self._pieces = state.text_pieces
            self._is_thought = None if there.kind is Text else True
        return self._lane

    def _last(self, payload: bytes, out: list[ChatEvent]) -> None:
        """An event that the end of the body closed: whole, or cut in its middle."""
        try:
            self._chunk(decode(payload), payload, out)
        except WireError as error:
            self._report(out)
            raise StreamInterrupted("the stream stopped inside an event", ended="cut") from error

    def _between(self, rest: bytes, out: list[ChatEvent]) -> None:
        """JSON that stood between events: a failure."""
        try:
            content = decode(rest)
        except WireError as error:
            self._report(out)
            raise StreamInterrupted("the stream stopped inside an error", ended="cut") from error
        found = find_error(content)
        if found is not None:
            raise_error(found, self._head, rest, self._table)

    def _whole(self, body: bytes, out: list[ChatEvent]) -> None:
        """One object, or the chunks of a stream as one array."""
        if not body and self._head.media_type == "text/event-stream":
            raise StreamInterrupted("the stream stopped before anything came", ended="cut")
        if not body:
            raise WireError("an empty body where a reply in JSON was due")
        if body.startswith(b"<"):
            raise page_error(self._head, body)
        content = decode(body)
        for chunk in content if isinstance(content, list) else [content]:
            self._chunk(chunk, body, out)
        if not self._seen:
            raise WireError(f"the reply has no field 'candidates': {excerpt(body)}")
        if not self._candidates and self._block is None:
            self._state({})
        self._close(out)
        out[:] = begun_whole(out)

    def _chunk(self, chunk: Any, payload: bytes, out: list[ChatEvent]) -> None:
        """One chunk, the tolerant way."""
        error = find_error(chunk)
        if error is not None:
            self._report(out)
            raise_error(error, self._head, payload, self._table)
        if not isinstance(chunk, dict):
            return
        candidates = chunk.get("candidates")
        self._seen = self._seen or not _ANSWER.isdisjoint(chunk)
        if self._seen:
            self._start(chunk, out)
        self._block = decode_block(chunk.get("promptFeedback")) or self._block
        for number, candidate in enumerate(candidates if isinstance(candidates, list) else ()):
            if isinstance(candidate, dict):
                self._state(candidate, number).chunk(candidate, out)
        counts = chunk.get("usageMetadata")
        if isinstance(counts, dict) and counts:
            self._usage, self._latest = counts, b""
            if self._reported is None:
                self._report(out)

    def _start(self, chunk: dict[str, Any], out: list[ChatEvent]) -> None:
        if self._started:
            return
        self._started = True
        name, model = chunk.get("responseId"), chunk.get("modelVersion")
        self._id = name if isinstance(name, str) and name else None
        out.append(
            Started(
                id=self._id,
                model=model if isinstance(model, str) and model else None,
                created=decode_time(chunk.get("createTime")),
            )
        )

    def _state(self, candidate: dict[str, Any], number: int = 0) -> CandidateState:
        index = candidate.get("index", number)
        index = index if type(index) is int and 0 <= index < 1_000_000 else number
        state = self._candidates.get(index)
        if state is None:
            state = self._candidates[index] = CandidateState(index, self._id)
        return state

    def _report(self, out: list[ChatEvent]) -> None:
        """The counts that came last: they hold for the whole reply."""
        if self._latest:
            self._usage = decode(self._latest).get("usageMetadata") or self._usage
            self._latest = b""
        counts = self._usage
        if counts is self._reported or not isinstance(counts, dict):
            return
        self._reported = counts
        out.append(UsageReported(usage=decode_usage(counts)))

    def _close(self, out: list[ChatEvent]) -> None:
        """The end: usage, every part, every candidate."""
        self._report(out)
        notes: list[Note] = []
        if not self._candidates and self._block is not None:
            reason, message = self._block
            out.append(Finished(reason=FinishReason.CONTENT_FILTER, raw=reason))
            told = f": {message}" if message else ""
            notes.append(Note(code="prompt_blocked", message=f"the prompt was blocked ({reason}){told}"))
        for _, state in sorted(self._candidates.items()):
            note = state.close(out)
            notes += [] if note is None else [note]
            if state.finish is None:
                notes.append(FINISH_MISSING)
        self.notes = tuple(notes)


_ANSWER = frozenset(("candidates", "promptFeedback", "usageMetadata", "responseId", "modelVersion"))
"""Of these fields one is in every chunk of an answer."""


def decode_time(text: Any) -> int | None:
    """Unix seconds of a time as this wire writes it, with up to nine decimals."""
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (TypeError, ValueError, OverflowError, OSError):
        return None
