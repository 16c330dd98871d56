"""Replies of this wire, whole and streamed, to events: one event of a stream and a whole body alike."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.ending import FINISH_MISSING, is_page, page_error
from baimo.dialect.jsontext import decode
from baimo.dialect.protocols import Site
from baimo.errors import StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.events import ChatEvent, PartDelta, Started, UsageReported
from baimo.wire.http import WireHead
from baimo.wire.sse import LF, EventDecoder, beginning

from .choice import Choice
from .errors import decode_whole, find_refusal, raise_for_body, raise_refusal
from .lane import LANES, Lane
from .usage import decode_usage
from .words import FLAGS

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a whole reply."""

MAX_ERROR_BODY = 1024 * 1024
"""Bytes of a refusal that are kept; the rest is passed over."""

_ODD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""How the quick way refuses what is not for it."""


class ErrorDecoder:
    """Collects the body of an error status and raises what it means when it has ended."""

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
    """Decodes a reply with a good status; its body tells whether it is one object or a stream of events.

    Memory: one event of a stream, or a whole body, both bounded.
    """

    def __init__(self, head: WireHead, site: Site) -> None:
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self._head = head
        self._site = site
        self._start = b""
        self._sse: EventDecoder | None = None
        self._whole: list[bytes] | None = None
        self._size = 0
        self._choices: dict[int, Choice] = {}
        self._usage: dict[str, Any] | None = None
        self._flags: dict[str, Any] = {}
        self.has_ended = False
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
                if not (chunk.input_sensitive or chunk.output_sensitive):
                    text = chunk.choices[0].delta.text
                    return [PartDelta(index=self._lane_part, text=text)] if text else []
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
        if self.has_ended:
            return out
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
                    if not (chunk.input_sensitive or chunk.output_sensitive):
                        text = chunk.choices[0].delta.text
                        if text:
                            out.append(PartDelta(index=self._lane_part, text=text))
                        continue
            self._event(payload, out)
            lane = self._find_lane(payload)
        return out

    def _event(self, payload: bytes, out: list[ChatEvent]) -> None:
        """One event of a stream, the tolerant way."""
        visible = payload.strip()
        if not visible or self.has_ended:
            return
        if visible.startswith(b"[DONE]"):
            if not self._choices:
                raise WireError("the stream ended without a single choice")
            self._close(out)
            return
        chunk = decode(visible)
        refusal = find_refusal(chunk)
        if refusal is not None:
            raise_refusal(refusal, self._head, payload, self._site)
        if isinstance(chunk, dict):
            self._chunk(chunk, out, is_whole=False)

    def _decode_whole(self, body: bytes) -> list[ChatEvent]:
        out: list[ChatEvent] = []
        self.early = out
        reply = decode_whole(self._head, body, self._site)
        if not _dicts(reply.get("choices")):
            raise WireError("the reply has no field 'choices' with an answer in it")
        self._chunk(reply, out, is_whole=True)
        self._close(out)
        return out

    def _chunk(self, chunk: dict[str, Any], out: list[ChatEvent], *, is_whole: bool) -> None:
        """One event of a stream, or a whole reply."""
        choices = _dicts(chunk.get("choices"))
        if choices and not self._choices:
            name, model, created = chunk.get("id"), chunk.get("model"), chunk.get("created")
            out.append(
                Started(
                    id=name if isinstance(name, str) and name else None,
                    model=model if isinstance(model, str) and model else None,
                    created=created if type(created) is int and created else None,
                )
            )
        for number, entry in enumerate(choices):
            index = entry.get("index")
            index = index if isinstance(index, int) and index >= 0 else number
            choice = self._choices.get(index)
            if choice is None:
                choice = self._choices[index] = Choice(index)
            choice.chunk(entry, out, is_whole=is_whole)
        counts = chunk.get("usage")
        if isinstance(counts, dict) and counts != self._usage:
            usage = decode_usage(counts)
            if usage is not None:
                self._usage = counts
                out.append(UsageReported(usage=usage))
        self._flags.update({name: chunk[name] for name in FLAGS if chunk.get(name)})

    def _close(self, out: list[ChatEvent]) -> None:
        """Every part and every choice ends."""
        self.has_ended = True
        if any(choice.finish is None for choice in self._choices.values()):
            self.notes = (FINISH_MISSING,)
        first = min(self._choices)
        for index, choice in sorted(self._choices.items()):
            choice.close(self._flags, out, tells=index == first)

    def _find_lane(self, payload: bytes) -> Lane | None:
        """The quick way for the next chunk, if the first choice has an open part of nothing but text."""
        self._lane = None
        state = self._choices.get(0)
        part = state.plain() if state is not None and not self.has_ended else None
        if part is not None:
            lane, field = LANES[part.kind]
            if field in payload:
                self._lane, self._lane_part = lane, part.index
        return self._lane


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
