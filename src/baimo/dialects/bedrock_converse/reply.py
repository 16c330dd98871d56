"""Replies of this wire to events: a stream of messages, or one object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from baimo.dialect.ending import FINISH_MISSING, is_page, page_error
from baimo.dialect.jsontext import decode, excerpt
from baimo.errors import StreamInterrupted, WireError
from baimo.notes import Note
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, Started, UsageReported
from baimo.wire.eventstream import Frame, FrameDecoder, Headers
from baimo.wire.http import WireHead

from .blocks import Blocks
from .errors import raise_refusal, raise_told
from .fastlane import LANES, ODD, Lane
from .usage import decode_usage
from .words import decode_finish

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a whole reply."""


class WholeDecoder:
    """Decodes a reply in one piece. Memory: its body, bounded.

    A body that begins as no text does is a stream whose head does not say so: it is handed on.
    """

    def __init__(self, head: WireHead, table: str | None) -> None:
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self._head = head
        self._table = table
        self._pieces: list[bytes] = []
        self._size = 0
        self._stream: StreamDecoder | None = None

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """Collects. Raises WireError for a body that is too large."""
        if self._stream is None and not self._size and piece.startswith(b"\0"):
            self._stream = StreamDecoder(self._head, self._table)
        if self._stream is not None:
            return self._handed(self._stream, self._stream.feed, piece)
        self._size += len(piece)
        if self._size > MAX_BODY:
            raise WireError(f"the reply is larger than {MAX_BODY} bytes")
        self._pieces.append(piece)
        return []

    def end(self) -> list[ChatEvent]:
        """All events. Raises ProviderError for a refusal, WireError for what is no reply."""
        if self._stream is not None:
            return self._handed(self._stream, self._stream.end)
        body = b"".join(self._pieces).strip()
        if not body:
            raise WireError("an empty body where a reply in JSON was due")
        if body.startswith(b"<") or is_page(self._head):
            raise page_error(self._head, body)
        reply = decode(body)
        output = reply.get("output") if isinstance(reply, dict) else None
        message = output.get("message") if isinstance(output, dict) else None
        if not isinstance(message, dict):
            if isinstance(reply, dict) and ("__type" in reply or "message" in reply):
                raise_told(reply, self._head, body, self._table)
            raise WireError(f"the reply has no field 'output.message': {excerpt(body)}")
        return self._events(reply, message)

    def _handed(
        self, stream: StreamDecoder, ask: Callable[..., list[ChatEvent]], *given: bytes
    ) -> list[ChatEvent]:
        try:
            return ask(*given)
        finally:
            self.early, self.notes = stream.early, stream.notes

    def _events(self, reply: dict[str, Any], message: dict[str, Any]) -> list[ChatEvent]:
        out: list[ChatEvent] = [Started()]
        blocks = Blocks()
        content = message.get("content")
        for block in content if isinstance(content, list) else ():
            blocks.whole(block, out)
        usage = reply.get("usage")
        if isinstance(usage, dict):
            told = UsageReported(usage=decode_usage(usage, reply.get("metrics")))
            out.insert(len(out) - 1 if isinstance(out[-1], PartEnded) else len(out), told)
        word = reply.get("stopReason")
        word = word if isinstance(word, str) and word else None
        self.notes = () if word else (FINISH_MISSING,)
        out.append(Finished(reason=decode_finish(word), raw=word))
        return out


class StreamDecoder:
    """Decodes a stream. Memory: one message of it, bounded."""

    def __init__(self, head: WireHead, table: str | None) -> None:
        self.early: list[ChatEvent] = []
        self.notes: tuple[Note, ...] = ()
        self._head = head
        self._table = table
        self._frames = FrameDecoder()
        self._blocks = Blocks()
        self._started = False
        self._done = False
        self._deltas: Headers | None = None
        self._lane: Lane | None = None
        self._is_deep = False
        self._block = -1
        self._part = 0

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """The events this piece completes. Raises ProviderError or WireError."""
        lane = self._lane
        if lane is not None and (payload := self._frames.again(piece)) is not None:
            try:
                event = lane(payload)
            except ODD:
                pass
            else:
                if event.index == self._block:
                    text = (event.delta.inner if self._is_deep else event.delta).text
                    return [PartDelta(index=self._part, text=text)] if text else []
        out: list[ChatEvent] = []
        self.early = out
        try:
            frames = self._frames.feed(piece)
        except WireError:
            self._take(self._frames.early, out)
            raise
        self._take(frames, out)
        return out

    def _take(self, frames: list[Frame], out: list[ChatEvent]) -> None:
        for headers, payload in frames:
            lane = self._lane
            if lane is not None and headers is self._deltas:
                try:
                    event = lane(payload)
                except ODD:
                    pass
                else:
                    if event.index == self._block:
                        if text := (event.delta.inner if self._is_deep else event.delta).text:
                            out.append(PartDelta(index=self._part, text=text))
                        continue
            self._frame(headers, payload, out)

    def end(self) -> list[ChatEvent]:
        """The body ended. Raises StreamInterrupted for a stream without its last message."""
        self.early = []
        try:
            self._frames.end()
        except WireError as error:
            raise StreamInterrupted("the stream stopped inside a message", ended="cut") from error
        if not self._done:
            raise StreamInterrupted("the stream stopped before its message messageStop", ended="cut")
        return []

    def _frame(self, headers: Headers, payload: bytes, out: list[ChatEvent]) -> None:
        """One message, the tolerant way."""
        self._lane = None
        kind = headers.get(":message-type")
        if kind == "exception":
            self._refuse(str(headers.get(":exception-type", "")), payload)
        if kind == "error":
            name, text = (headers.get(name, "") for name in (":error-code", ":error-message"))
            raise_refusal(str(name), str(text), self._head, b"", self._table)
        content = decode(payload) if payload else None
        if not isinstance(content, dict):
            return
        if not self._started:
            self._started = True
            out.append(Started())
        self._event(str(headers.get(":event-type", "")), content, headers, out)

    def _refuse(self, name: str, payload: bytes) -> None:
        """An exception in mid-stream: a refusal under a good status."""
        try:
            content = decode(payload)
        except WireError:
            content = {}
        told = content if isinstance(content, dict) else {}
        raise_told({**told, "__type": name}, self._head, payload, self._table)

    def _event(self, name: str, content: dict[str, Any], headers: Headers, out: list[ChatEvent]) -> None:
        index = content.get("contentBlockIndex")
        index = index if type(index) is int else 0
        if self._done and name != "metadata":
            return
        if name == "contentBlockDelta":
            self._blocks.more(index, content.get("delta"), out)
            self._find_lane(index, headers)
        elif name == "contentBlockStart":
            self._blocks.begin(index, content.get("start"), out)
        elif name == "contentBlockStop":
            self._blocks.stop(index, out)
        elif name == "messageStop":
            self._stop(content.get("stopReason"), out)
        elif name == "metadata" and isinstance(content.get("usage"), dict):
            out.append(UsageReported(usage=decode_usage(content["usage"], content.get("metrics"))))

    def _stop(self, word: Any, out: list[ChatEvent]) -> None:
        self._done = True
        self._blocks.end_all(out)
        word = word if isinstance(word, str) and word else None
        self.notes = () if word else (FINISH_MISSING,)
        out.append(Finished(reason=decode_finish(word), raw=word))

    def _find_lane(self, index: int, headers: Headers) -> None:
        """The quick way for the next delta, if this block has an open part that takes nothing but text."""
        part = self._blocks.growing(index)
        if part is not None and not part.held:
            self._lane, self._is_deep = LANES.get(part.kind, (None, False))
            self._deltas, self._block, self._part = headers, index, part.index
