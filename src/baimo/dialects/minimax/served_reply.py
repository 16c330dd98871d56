"""Being the provider: events to this wire's replies, whole or as a stream."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.errors import Error
from baimo.types.chat import ChatRequest, Choice
from baimo.types.content import Citation, Opaque, Part, Refusal, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent, Finished, PartDelta, PartStarted, Started
from baimo.types.fold import Folder
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from .errors import base_resp, encode_error
from .usage import encode_usage
from .words import FLAGS, NAME, encode_finish

_WELL = {"status_code": 0, "status_msg": ""}
_QUIET = {name: 0 if name.endswith(("_type", "_int")) else False for name in FLAGS}
"""The flags where the filters found nothing."""
_NOTHING = {"total_tokens": 0, "total_characters": 0}


class WholeEncoder:
    """Folds the events and writes one object at the end."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
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
        return [msgspec.json.encode(reply_of(self._folder, self._request))]

    def error(self, error: Error) -> list[bytes]:
        """A body of nothing but the error."""
        return [encode_error(error)[1]]


def reply_of(folder: Folder, request: ChatRequest) -> dict[str, Any]:
    """The object that tells the whole answer; it ends a stream as well."""
    response = folder.response()
    flags = dict(_QUIET)
    for choice in response.choices:
        for part in choice.message.content:
            flags.update(_flags(part))
    return {
        "id": response.id or "0",
        "choices": [_choice(choice) for choice in response.choices],
        "created": response.created or 0,
        "model": response.model or request.model,
        "object": "chat.completion",
        "usage": encode_usage(response.usage) if response.usage != Usage() else _NOTHING,
        **flags,
        "base_resp": _WELL,
    }


def _choice(choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {"content": "", "role": "assistant", "name": "MiniMax AI", "audio_content": ""}
    calls: list[dict[str, Any]] = []
    for part in choice.message.content:
        if isinstance(part, ToolCall):
            calls.append(_call(part, len(calls), part.arguments))
        elif isinstance(part, (Text, Refusal)):
            message["content"] += part.text
        elif isinstance(part, Thinking):
            message["reasoning_content"] = message.get("reasoning_content", "") + part.text
        if part.citations:
            message.setdefault("annotations", []).extend(map(_annotation, part.citations))
    if calls:
        message["tool_calls"] = calls
    finish = encode_finish(choice.finish_reason, choice.finish_raw)
    return {"finish_reason": finish, "index": choice.index, "message": message}


def _call(part: ToolCall, number: int, arguments: str) -> dict[str, Any]:
    function = {"name": part.name, "arguments": arguments}
    return {"id": part.id, "type": "function", "function": function, "index": number}


def _annotation(citation: Citation) -> dict[str, Any]:
    note = {"url": citation.url or "", "title": citation.title or ""}
    return {**note, "quote": citation.quote} if citation.quote else note


def _flags(part: Part) -> dict[str, Any]:
    """What the filters found, to stand beside the choices."""
    if not isinstance(part, Opaque) or part.dialect != NAME:
        return {}
    told: dict[str, Any] = msgspec.json.decode(part.json)
    return {name: value for name, value in told.items() if name in FLAGS}


class StreamEncoder:
    """Writes one SSE event for each event of ours that this wire shows; the whole answer comes last."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._folder = Folder()
        self._frame: dict[str, Any] = {
            "id": "0",
            "created": 0,
            "model": request.model,
            "object": "chat.completion.chunk",
        }
        self._parts: dict[tuple[int, int], Part] = {}
        self._numbers: dict[tuple[int, int], int] = {}

    def head(self) -> WireHead:
        """Status and header fields."""
        return WireHead(200, ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")))

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The SSE events for one event of ours."""
        self._folder.add([event])
        if isinstance(event, PartDelta):
            return self._said(self._parts[event.choice, event.index], event.text, event)
        if isinstance(event, PartStarted):
            part, key = event.part, (event.choice, event.index)
            self._parts[key] = part
            if isinstance(part, ToolCall):
                number = sum(1 for choice, _ in self._numbers if choice == event.choice)
                self._numbers[key] = number
                return [self._chunk(event.choice, {"tool_calls": [_call(part, number, part.arguments)]})]
            return self._said(part, getattr(part, "text", ""), event)
        if isinstance(event, Started):
            self._frame["id"] = event.id or "0"
            self._frame["created"] = event.created or 0
            self._frame["model"] = event.model or self._frame["model"]
        elif isinstance(event, Finished):
            word = encode_finish(event.reason, event.raw)
            return [self._chunk(event.choice, {"content": ""}, finish_reason=word)]
        return []

    def end(self) -> list[bytes]:
        """The whole answer with its usage: there is no other end mark."""
        return [_event(reply_of(self._folder, self._request))]

    def error(self, error: Error) -> list[bytes]:
        """An error inside the stream; nothing follows."""
        return [_event({**self._frame, "choices": None, "base_resp": base_resp(error)})]

    def _said(self, part: Part, text: str, event: PartDelta | PartStarted) -> list[bytes]:
        if not text:
            return []
        if isinstance(part, ToolCall):
            number = self._numbers[event.choice, event.index]
            piece = {"id": part.id, "type": "function", "function": {"arguments": text}, "index": number}
            return [self._chunk(event.choice, {"tool_calls": [piece]})]
        if isinstance(part, (Text, Refusal)):
            return [self._chunk(event.choice, {"content": text})]
        if isinstance(part, Thinking):
            return [self._chunk(event.choice, {"reasoning_content": text})]
        return []

    def _chunk(self, index: int, delta: dict[str, Any], **beside: Any) -> bytes:
        choice = {"index": index, "delta": {"role": "assistant", **delta}, **beside}
        return _event({**self._frame, "choices": [choice], "usage": _NOTHING, **_QUIET})


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"
