"""Replies of this wire, whole and streamed, to events: one event of a stream and a whole body alike."""

from __future__ import annotations

from typing import Any

from msgspec import MsgspecError, Raw

from baimo.dialect.ending import FINISH_MISSING, is_page, page_error
from baimo.dialect.jsontext import decode, encode
from baimo.dialect.parts import OpenPart, Parts
from baimo.dialect.protocols import Site
from baimo.errors import StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.content import Citation, Opaque, Text, Thinking
from baimo.types.events import ChatEvent, Finished, PartDelta, Started, UsageReported, Withdrawn
from baimo.wire.http import WireHead
from baimo.wire.sse import LF, EventDecoder, beginning

from .calls import Calls
from .errors import (
    decode_whole,
    find_refusal,
    raise_for_body,
    raise_refusal,
    request_id,
    request_id_of,
    unwrapped,
)
from .fastlane import LANES, Lane
from .usage import decode_usage
from .words import BESIDE, NAME, SENSITIVE, decode_finish

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a whole reply."""

MAX_ERROR_BODY = 1024 * 1024
"""Bytes of a refusal that are kept; the rest is passed over."""

_TEXT, _THINKING = "text", "thinking"
_NULL = len(b"null")
_TOLD_EACH = 16
"""Chunks on the quick way after which usage is told."""

_ODD = (MsgspecError, UnicodeDecodeError, RecursionError)
"""How the quick way refuses what is not for it."""


class ErrorDecoder:
    """Collects the body of another status than 200 and raises what it means when it has ended."""

    def __init__(self, head: WireHead, site: Site) -> None:
        self.early: list[ChatEvent] = []
        self._head = head
        self._site = site
        self._body = bytearray()

    def feed(self, piece: bytes) -> list[ChatEvent]:
        self._body += piece[: MAX_ERROR_BODY - len(self._body)]
        return []

    def end(self) -> list[ChatEvent]:
        raise_for_body(self._head, bytes(self._body), self._site)


class ReplyDecoder:
    """Decodes a reply with status 200; its body tells whether it is one object or a stream of events.

    Memory: one event of a stream, or a whole body, both bounded. `request_id` is the call's id, wherever the
    provider told it. With `counts` the usage of every chunk is told as it comes.
    """

    def __init__(self, head: WireHead, site: Site, *, counts: bool = False) -> None:
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self.request_id = request_id(head)
        self._head = head
        self._site = site
        self._told_each = 1 if counts else _TOLD_EACH
        self._start = b""
        self._sse: EventDecoder | None = None
        self._whole: list[bytes] | None = None
        self._size = 0
        self._choices: dict[int, _Choice] = {}
        self._usage: dict[str, Any] | None = None
        self._beside: dict[str, Any] = {}
        self._progress: Any = None
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
                if not chunk.note or chunk.note == self._beside.get("Note"):
                    text = chunk.choices[0].delta.text
                    out: list[ChatEvent] = [PartDelta(index=self._lane_part, text=text)] if text else []
                    if len(chunk.usage) > _NULL:
                        self._pass_over(chunk.usage, out)
                    return out
        if self._sse is None and self._whole is None:
            piece = self._sniff(piece)
        if self._sse is not None:
            payloads = self._sse.feed(piece)
            out = self._events(payloads)
            self._lead = beginning(piece, payloads) if self._lane is not None else b""
            return out
        if self._whole is not None:
            self._size += len(piece)
            if self._size > MAX_BODY:
                raise WireError(f"the reply is larger than {MAX_BODY} bytes")
            self._whole.append(piece)
        return []

    def end(self) -> list[ChatEvent]:
        """The body ended. Raises StreamInterrupted for a stream without an end, WireError for a broken
        body."""
        if self._sse is None:
            if self._whole is None and self._head.media_type == "text/event-stream":
                raise StreamInterrupted("the stream stopped before anything came", ended="cut")
            return self._decode_whole(b"".join(self._whole or ()))
        out: list[ChatEvent] = []
        self.early = out
        for payload in self._sse.end():
            try:
                self._event(payload, out)
            except WireError as error:
                raise StreamInterrupted("the stream stopped inside an event", ended="cut") from error
        self._tell_usage(out)
        if not self._choices and is_page(self._head):
            raise page_error(self._head, self._start)
        if not self._choices or any(choice.finish is None for choice in self._choices.values()):
            raise StreamInterrupted("the stream stopped before its finish reason came", ended="cut")
        self._close(out)
        return out

    def _sniff(self, piece: bytes) -> bytes:
        """Decide by the first visible byte what the body is; gives what is to be read."""
        start = self._start + piece
        visible = start.lstrip().removeprefix(b"\xef\xbb\xbf").lstrip()
        if not visible or visible in (b"\xef", b"\xef\xbb"):
            self._start = start[-3:]
            return b""
        if visible[:1] in b'{["<' or self._head.media_type == "application/json":
            self._whole = []
        else:
            self._sse = EventDecoder()
            self._start = start
        return start

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
                    if not chunk.note or chunk.note == self._beside.get("Note"):
                        if text := chunk.choices[0].delta.text:
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
        state = self._choices.get(0)
        open_ = state.growing() if state is not None else None
        if open_ is not None:
            self._lane, self._lane_part = LANES[open_[0]], open_[1].index
        return self._lane

    def _event(self, payload: bytes, out: list[ChatEvent]) -> None:
        visible = payload.strip()
        if visible and not visible.startswith(b"[DONE]"):
            chunk = unwrapped(decode(visible))
            refusal = find_refusal(chunk)
            if refusal is not None:
                self._tell_usage(out)
                raise_refusal(refusal, self._head, payload, self._site)
            if isinstance(chunk, dict):
                self._chunk(chunk, "Delta", out)

    def _decode_whole(self, body: bytes) -> list[ChatEvent]:
        out: list[ChatEvent] = []
        self.early = out
        reply = decode_whole(self._head, body, self._site)
        if not _dicts(reply.get("Choices")):
            raise WireError("the reply has no field 'Choices' with an answer in it")
        self._chunk(reply, "Message", out)
        self._close(out)
        return out

    def _chunk(self, chunk: dict[str, Any], field: str, out: list[ChatEvent]) -> None:
        """One event of a stream, or a whole reply."""
        self.request_id = self.request_id or request_id_of(chunk)
        choices = _dicts(chunk.get("Choices"))
        if choices and not self._choices:
            name, created = chunk.get("Id"), chunk.get("Created")
            known = isinstance(created, int) and created > 0
            out.append(
                Started(
                    id=name if isinstance(name, str) and name else None,
                    created=created if known else None,
                )
            )
        for number, entry in enumerate(choices):
            index = entry.get("Index")
            index = index if isinstance(index, int) and index >= 0 else number
            choice = self._choices.get(index)
            if choice is None:
                choice = self._choices[index] = _Choice(index)
            choice.chunk(entry, field, out)
        self._tell_usage(out, chunk.get("Usage"))
        for name in BESIDE:
            if chunk.get(name):
                self._beside[name] = chunk[name]
        progress = chunk.get("Processes")
        if progress and progress != self._progress and self._choices:
            self._progress = progress
            self._first().opaque({"Processes": progress}, out)

    def _pass_over(self, counts: Raw, out: list[ChatEvent]) -> None:
        """Usage of a chunk on the quick way: told now and then, so that a cut stream lacks little of it."""
        self._latest = counts
        self._passed += 1
        if self._passed >= self._told_each:
            self._tell_usage(out)

    def _tell_usage(self, out: list[ChatEvent], counts: Any = None) -> None:
        """Usage where it changed: this, or what was passed over, for each chunk counts all before it."""
        if not isinstance(counts, dict) or not counts:
            counts = decode(self._latest) if self._latest is not None else None
        self._latest, self._passed = None, 0
        if isinstance(counts, dict) and counts and counts != self._usage:
            self._usage = counts
            out.append(UsageReported(usage=decode_usage(counts)))

    def _first(self) -> _Choice:
        return self._choices[min(self._choices)]

    def _close(self, out: list[ChatEvent]) -> None:
        """Every part and every choice ends."""
        first = self._first()
        if any(choice.finish is None for choice in self._choices.values()):
            self.notes = (FINISH_MISSING,)
        for choice in self._choices.values():
            citations = citations_of(self._beside.get("SearchInfo")) if choice is first else ()
            choice.close(citations, self._beside if choice is first else {}, out)


class _Choice:
    """What has come of one choice so far."""

    def __init__(self, index: int) -> None:
        self.finish: str | None = None
        self._index = index
        self._parts = Parts(index)
        self._calls = Calls(self._parts)
        self._level: Any = None

    def growing(self) -> tuple[str, OpenPart] | None:
        """What a chunk of nothing but words goes on with."""
        for key in (_THINKING, _TEXT):
            part = self._parts.get(key)
            if part is not None and not part.held:
                return key, part
        return None

    def chunk(self, choice: dict[str, Any], field: str, out: list[ChatEvent]) -> None:
        """A choice of a chunk, or of a whole reply."""
        said = choice.get(field)
        if not isinstance(said, dict):
            said = choice.get("Message" if field == "Delta" else "Delta")
        if isinstance(said, dict):
            self._said(said, out)
        if choice.get("ModerationLevel"):
            self._level = choice["ModerationLevel"]
        finish = choice.get("FinishReason")
        if isinstance(finish, str) and finish:
            self.finish = finish

    def opaque(self, content: dict[str, Any], out: list[ChatEvent]) -> None:
        """A part of what only this provider tells."""
        key = f"opaque {self._parts.count}"
        self._parts.start(key, Opaque(dialect=NAME, json=Raw(encode(content).encode())), out)
        self._parts.end(key, out)

    def close(self, citations: tuple[Citation, ...], beside: dict[str, Any], out: list[ChatEvent]) -> None:
        """The reply ended: end the open parts and the choice."""
        if _THINKING in self._parts:
            self._parts.end(_THINKING, out)
        self._calls.close(out)
        if _TEXT in self._parts:
            self._parts.end(_TEXT, out, citations=citations)
        beside = {**beside, "ModerationLevel": self._level} if self._level else beside
        if beside:
            self.opaque(beside, out)
        finish = self.finish or ""
        if finish == SENSITIVE:
            out.append(Withdrawn(reason=SENSITIVE, choice=self._index))
        reason = decode_finish(finish, calls=self._calls.any)
        out.append(Finished(reason=reason, raw=finish or None, choice=self._index))

    def _said(self, said: dict[str, Any], out: list[ChatEvent]) -> None:
        thinking = said.get("ReasoningContent")
        if isinstance(thinking, str) and thinking:
            self._say(_THINKING, _TEXT, Thinking(), thinking, out)
        text = said.get("Content")
        if isinstance(text, str) and text:
            self._say(_TEXT, _THINKING, Text(text=""), text, out)
        for entry in _dicts(said.get("ToolCalls")):
            self._calls.piece(entry, out)

    def _say(self, key: str, other: str, part: Text | Thinking, text: str, out: list[ChatEvent]) -> None:
        """More words or thoughts: where the one goes on, the other has ended."""
        if key not in self._parts:
            if other in self._parts:
                self._parts.end(other, out)
            self._parts.start(key, part, out)
        self._parts.text(key, text, out)


def citations_of(search: Any) -> tuple[Citation, ...]:
    """The sources of an answer, in their order."""
    results = search.get("SearchResults") if isinstance(search, dict) else None
    found = []
    for entry in _dicts(results):
        url, title, index = entry.get("Url"), entry.get("Title"), entry.get("Index")
        if url or title:
            found.append(
                Citation(
                    url=url if isinstance(url, str) and url else None,
                    title=title if isinstance(title, str) and title else None,
                    source=str(index) if isinstance(index, (int, str)) else None,
                )
            )
    return tuple(found)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
