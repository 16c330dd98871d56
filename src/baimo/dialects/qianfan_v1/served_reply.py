"""Being the provider: events to this wire's replies, whole or as a stream.

The wire has one answer with at most one call, which comes whole, and no reasoning but what stands in a call.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from baimo.errors import Error
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import Citation, Part, Refusal, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted, Started, UsageReported
from baimo.types.fold import Folder
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from .errors import encode_error, error_object
from .usage import encode_usage
from .words import encode_finish


def call_id(request: ChatRequest) -> str:
    """An id in the form of the service's, made of the request itself: there is no chance here."""
    return f"as-{sha256(msgspec.json.encode([request.model, request.messages])).hexdigest()[:10]}"


def _search(citations: tuple[Citation, ...]) -> dict[str, Any]:
    results = [
        {
            "index": int(source) if (source := citation.source or "").isdecimal() else number,
            "url": citation.url or "",
            "title": citation.title or "",
        }
        for number, citation in enumerate(citations, 1)
    ]
    return {"search_info": {"search_results": results}} if results else {}


def _call(name: str, arguments: str, thoughts: str) -> dict[str, Any]:
    call = {"name": name, "arguments": arguments}
    return {"function_call": {**call, "thoughts": thoughts} if thoughts else call}


class WholeEncoder:
    """Folds the events and writes one object at the end."""

    def __init__(self, request: ChatRequest) -> None:
        self._id = call_id(request)
        self._folder = Folder()

    def head(self) -> WireHead:
        """Status and header fields."""
        return WireHead(200, ((b"content-type", b"application/json"),))

    def feed(self, event: ChatEvent) -> list[bytes]:
        """Nothing yet: the object is written at the end."""
        self._folder.add([event])
        return []

    def end(self) -> list[bytes]:
        """The whole body."""
        response = self._folder.response()
        choice = response.choices[0]
        said = [part.text for part in choice.message.content if isinstance(part, (Text, Refusal))]
        reply: dict[str, Any] = {
            "id": response.id or self._id,
            "object": "chat.completion",
            "created": response.created or 0,
            "result": "".join(said),
            "is_truncated": choice.finish_reason is FinishReason.LENGTH,
            "need_clear_history": False,
            "finish_reason": encode_finish(choice.finish_reason, choice.finish_raw),
            "usage": encode_usage(response.usage),
        }
        if choice.message.tool_calls:
            call = choice.message.tool_calls[0]
            reply |= _call(call.name, call.arguments, choice.message.thinking)
        reply |= _search(tuple([c for part in choice.message.content for c in part.citations]))
        return [msgspec.json.encode(reply)]

    def error(self, error: Error) -> list[bytes]:
        """A body of nothing but the error."""
        return [encode_error(error)[1]]


class StreamEncoder:
    """Writes one SSE event for each piece of text; a call, the sources and the finish reason come last."""

    def __init__(self, request: ChatRequest) -> None:
        self._id = call_id(request)
        self._created = 0
        self._number = 0
        self._usage: Usage | None = None
        self._made = 0
        self._parts: dict[int, Part] = {}
        self._thoughts = ""
        self._arguments = ""
        self._call: ToolCall | None = None
        self._sources: tuple[Citation, ...] = ()
        self._finish = "normal"
        self._is_cut = False

    def head(self) -> WireHead:
        """Status and header fields."""
        return WireHead(200, ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")))

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The SSE events for one event of ours. Of several choices the first is told."""
        if getattr(event, "choice", 0):
            return []
        if isinstance(event, PartDelta):
            return self._piece(self._parts[event.index], event.text)
        if isinstance(event, PartStarted):
            self._parts[event.index] = event.part
            self._sources += event.part.citations
            if isinstance(event.part, ToolCall) and self._call is None:
                self._call = event.part
            first = event.part.arguments if isinstance(event.part, ToolCall) else ""
            return self._piece(event.part, first or getattr(event.part, "text", ""))
        if isinstance(event, PartEnded):
            self._sources += event.citations
        elif isinstance(event, UsageReported):
            self._usage = event.usage
        elif isinstance(event, Finished):
            self._finish = encode_finish(event.reason, event.raw)
            self._is_cut = event.reason is FinishReason.LENGTH
        elif isinstance(event, Started):
            self._id = event.id or self._id
            self._created = event.created or 0
        return []

    def end(self) -> list[bytes]:
        """The last event: there is no other end mark."""
        more = _search(self._sources)
        if self._call is not None:
            more |= _call(self._call.name, self._arguments, self._thoughts)
        usage = self._usage or Usage()
        return [self._event("", usage, is_end=True, finish_reason=self._finish, **more)]

    def error(self, error: Error) -> list[bytes]:
        """An error inside the stream; nothing follows."""
        return [b"data: " + msgspec.json.encode(error_object(error)) + b"\n\n"]

    def _piece(self, part: Part, text: str) -> list[bytes]:
        if isinstance(part, (Text, Refusal)) and text:
            self._made += 1
            return [self._event(text, Usage(output_visible=self._made))]
        if isinstance(part, Thinking):
            self._thoughts += text
        elif part is self._call:
            self._arguments += text
        return []

    def _event(self, text: str, usage: Usage, *, is_end: bool = False, **more: Any) -> bytes:
        body = {
            "id": self._id,
            "object": "chat.completion",
            "created": self._created,
            "sentence_id": self._number,
            "is_end": is_end,
            "is_truncated": is_end and self._is_cut,
            "result": text,
            "need_clear_history": False,
            "usage": encode_usage(usage),
            **more,
        }
        self._number += 1
        return b"data: " + msgspec.json.encode(body) + b"\n\n"
