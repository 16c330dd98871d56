"""Being the provider: events to this wire's replies, whole or as a stream of named events.

Blocks come one behind the other here, while our parts may grow side by side: what belongs to a later one
waits until a call before it is whole.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.errors import Error
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import Opaque, Part, Refusal, Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    Finished,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
)
from baimo.types.fold import Folder
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from .carried import pack
from .citations import encode_citations
from .errors import error_body
from .messages import boxed, object_of
from .usage import encode_usage
from .words import NAME, encode_finish

_WHOLE_HEAD = WireHead(200, ((b"content-type", b"application/json"),))
_STREAM_HEAD = WireHead(200, ((b"content-type", b"text/event-stream; charset=utf-8"),))

_NO_ID = "msg_0"


class WholeEncoder:
    """Writes one object when all is there."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._folder = Folder()

    def head(self) -> WireHead:
        """Status and header fields."""
        return _WHOLE_HEAD

    def feed(self, event: ChatEvent) -> list[bytes]:
        """Nothing yet."""
        if not getattr(event, "choice", 0):
            self._folder.add([event])
        return []

    def end(self) -> list[bytes]:
        """The whole body."""
        response = self._folder.response()
        choice = response.choices[0] if response.choices else None
        parts = choice.message.content if choice is not None else ()
        reason = choice.finish_reason if choice is not None else FinishReason.UNKNOWN
        raw = choice.finish_raw if choice is not None else None
        body = {
            "id": response.id or _NO_ID,
            "type": "message",
            "role": "assistant",
            "model": response.model or self._request.model,
            "content": [block for part in parts if (block := block_of(part)) is not None],
            **ending(reason, raw, self._request, _said(parts)),
            "usage": {**encode_usage(response.usage), "service_tier": "standard"},
        }
        return [msgspec.json.encode(body)]

    def error(self, error: Error) -> list[bytes]:
        """A body of nothing but the error; the status may have gone out already."""
        return [error_body(error)]


def _said(parts: tuple[Part, ...]) -> str:
    return "".join([part.text for part in parts if isinstance(part, Refusal)])


def block_of(part: Part) -> dict[str, Any] | None:
    """The block of a whole part; None for what this wire does not show."""
    if isinstance(part, Text):
        block: dict[str, Any] = {"type": "text", "text": part.text}
        cited = encode_citations(part)
        return {**block, "citations": cited} if cited else block
    if isinstance(part, Thinking):
        kept = seal_of(part)
        if "data" in kept:
            return {"type": "redacted_thinking", **kept}
        return {"type": "thinking", "thinking": part.text, "signature": "", **kept}
    if isinstance(part, ToolCall):
        arguments = object_of(part.arguments) if part.kind == "function" else None
        given = boxed(part.arguments) if arguments is None else arguments
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": given, **kept_of(part)}
    if isinstance(part, Opaque) and part.dialect == NAME:
        opaque: dict[str, Any] = msgspec.json.decode(part.json)
        return opaque
    return None


def kept_of(part: Part | PartEnded) -> dict[str, Any]:
    """Fields that came with a part from this wire."""
    if part.replay is None or part.replay.dialect != NAME:
        return {}
    fields: dict[str, Any] = msgspec.json.decode(part.replay.json)
    return fields


def seal_of(part: Thinking | PartEnded) -> dict[str, Any]:
    """The same of thinking: what another wire wants back with it travels as its signature."""
    if part.replay is not None and part.replay.dialect != NAME:
        return {"signature": pack(part.replay)}
    return kept_of(part)


def ending(reason: FinishReason, raw: str | None, request: ChatRequest, refusal: str) -> dict[str, Any]:
    """Why the answer ended."""
    word = encode_finish(reason, raw)
    stopped = request.stop[0] if word == "stop_sequence" and len(request.stop) == 1 else None
    told: dict[str, Any] = {"stop_reason": word, "stop_sequence": stopped}
    if refusal:
        told["stop_details"] = {"type": "refusal", "category": None, "explanation": refusal}
    return told


class _Open:
    """The block that is being written, and the part that it shows."""

    def __init__(self, part: Part, number: int, at: int) -> None:
        self.part = part
        self.number = number
        self.at = at


class StreamEncoder:
    """Writes the named events of a stream."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._begun = False
        self._started = Started()
        self._usage: Usage | None = None
        self._open: _Open | None = None
        self._count = 0
        self._parts: dict[int, Part] = {}
        self._waiting: list[ChatEvent] = []
        self._refusal: list[str] = []
        self._finish = Finished(reason=FinishReason.STOP)

    def head(self) -> WireHead:
        """Status and header fields."""
        return _STREAM_HEAD

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The events for one of ours."""
        if isinstance(event, Started):
            self._started = event
            return []
        if isinstance(event, UsageReported):
            self._usage = event.usage
            return []
        if getattr(event, "choice", 0):
            return []
        if isinstance(event, Finished):
            self._finish = event
            return []
        out: list[bytes] = []
        if isinstance(event, (PartStarted, PartDelta, PartEnded)):
            self._part(event, out)
        return out

    def end(self) -> list[bytes]:
        """Why it ended, what it used, and the end mark."""
        out: list[bytes] = []
        self._begin(out)
        self._release(out, last=True)
        finish = self._finish
        told = ending(finish.reason, finish.raw, self._request, "".join(self._refusal))
        usage = encode_usage(self._usage if self._usage is not None else Usage())
        out.append(_event({"type": "message_delta", "delta": told, "usage": usage}))
        out.append(_event({"type": "message_stop"}))
        return out

    def error(self, error: Error) -> list[bytes]:
        """An error inside the stream; no end mark follows."""
        return [b"event: error\ndata: " + error_body(error) + b"\n\n"]

    def _begin(self, out: list[bytes]) -> None:
        if self._begun:
            return
        self._begun = True
        message: dict[str, Any] = {
            "id": self._started.id or _NO_ID,
            "type": "message",
            "role": "assistant",
            "model": self._started.model or self._request.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 0, "output_tokens": 0},
        }
        if self._usage is not None:
            message["usage"] = encode_usage(self._usage)
        out.append(_event({"type": "message_start", "message": message}))

    def _part(self, event: PartStarted | PartDelta | PartEnded, out: list[bytes]) -> None:
        """A call that is being written keeps its place; a text makes room for what comes beside it."""
        self._begin(out)
        now = self._open
        if now is not None and event.index != now.number:
            if isinstance(now.part, ToolCall):
                self._waiting.append(event)
                return
            if isinstance(event, PartEnded):
                return  # of a text that has made room
            self._close(None, out)
        if isinstance(event, PartStarted):
            self._start(event, out)
        elif isinstance(event, PartDelta):
            self._more(event, out)
        else:
            self._ended(event, out)

    def _start(self, event: PartStarted, out: list[bytes]) -> None:
        part = event.part
        self._parts[event.index] = part
        if isinstance(part, Refusal):
            self._refusal.append(part.text)
        elif isinstance(part, Opaque):
            self._opaque(part, out)
        elif isinstance(part, (Text, ToolCall, Thinking)):
            self._open_block(event.index, part, out)
            begun = part.arguments if isinstance(part, ToolCall) else part.text
            if begun:
                self._write(begun, out)

    def _open_block(self, number: int, part: Part, out: list[bytes]) -> None:
        self._open = _Open(part, number, self._count)
        self._count += 1
        block: dict[str, Any]
        if isinstance(part, Text):
            block = {"type": "text", "text": ""}
        elif isinstance(part, ToolCall):
            block = {"type": "tool_use", "id": part.id, "name": part.name, "input": {}}
            block |= kept_of(part)
        else:
            block = {"type": "thinking", "thinking": "", "signature": ""}
            if "data" in (kept := kept_of(part)):
                block = {"type": "redacted_thinking", **kept}
        out.append(self._block_event("content_block_start", content_block=block))

    def _more(self, event: PartDelta, out: list[bytes]) -> None:
        part = self._parts[event.index]
        if isinstance(part, Refusal):
            self._refusal.append(event.text)
        elif isinstance(part, (Text, Thinking, ToolCall)) and event.text:
            if self._open is None:
                self._open_block(event.index, part, out)
            self._write(event.text, out)

    def _write(self, text: str, out: list[bytes]) -> None:
        now = self._open
        assert now is not None
        if isinstance(now.part, Text):
            delta = {"type": "text_delta", "text": text}
        elif isinstance(now.part, ToolCall):
            delta = {"type": "input_json_delta", "partial_json": text}
        else:
            delta = {"type": "thinking_delta", "thinking": text}
        out.append(self._block_event("content_block_delta", delta=delta))

    def _ended(self, event: PartEnded, out: list[bytes]) -> None:
        if self._open is not None:
            self._close(event, out)
            self._release(out, last=False)

    def _close(self, event: PartEnded | None, out: list[bytes]) -> None:
        """End the block that is being written; sources and signatures come just before."""
        now = self._open
        assert now is not None
        if event is not None and isinstance(now.part, Text):
            told = encode_citations(
                Text(text="", citations=event.citations, replay=event.replay)
                if event.citations or event.replay is not None
                else now.part
            )
            for citation in told:
                delta = {"type": "citations_delta", "citation": citation}
                out.append(self._block_event("content_block_delta", delta=delta))
        elif event is not None and isinstance(now.part, Thinking):
            kept = seal_of(event) or seal_of(now.part)
            if "signature" in kept:
                delta = {"type": "signature_delta", "signature": kept["signature"]}
                out.append(self._block_event("content_block_delta", delta=delta))
        out.append(self._block_event("content_block_stop"))
        self._open = None

    def _release(self, out: list[bytes], *, last: bool) -> None:
        """What waited for a call to end, in its order; at the very end nothing waits any more."""
        if last and self._open is not None:
            self._close(None, out)
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for event in waiting:
                assert isinstance(event, (PartStarted, PartDelta, PartEnded))
                self._part(event, out)
            if not last:
                return
            if self._open is not None:
                self._close(None, out)

    def _opaque(self, part: Opaque, out: list[bytes]) -> None:
        """A block that came whole from this wire; the words to a tool of the provider's come as deltas."""
        block = block_of(part)
        if block is None:
            return
        self._open = _Open(part, -1, self._count)
        self._count += 1
        given = block.get("input")
        if given is not None:
            block = {**block, "input": {}}
        out.append(self._block_event("content_block_start", content_block=block))
        if given is not None:
            text = msgspec.json.encode(given).decode()
            delta = {"type": "input_json_delta", "partial_json": text}
            out.append(self._block_event("content_block_delta", delta=delta))
        self._close(None, out)

    def _block_event(self, kind: str, **more: Any) -> bytes:
        assert self._open is not None
        return _event({"type": kind, "index": self._open.at, **more})


def _event(body: dict[str, Any]) -> bytes:
    kind: str = body["type"]
    return b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode(body) + b"\n\n"
