"""Being the provider: events to this wire's replies, whole or as a stream."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.errors import Error
from baimo.types.chat import ChatRequest, Choice
from baimo.types.content import Part, Refusal, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent, Finished, PartDelta, PartStarted, Started, UsageReported
from baimo.types.fold import Folder
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from .finish import encode_finish
from .served_errors import error_object
from .usage import encode_usage

_WHOLE_HEAD = WireHead(200, ((b"content-type", b"application/json"),))
_STREAM_HEAD = WireHead(
    200, ((b"content-type", b"text/event-stream;charset=UTF-8"), (b"cache-control", b"no-cache"))
)

_NO_ID = "chat-0"
"""The id of a reply whose maker gave none."""


class WholeEncoder:
    """Folds the events and writes one object at the end."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._folder = Folder()

    def head(self) -> WireHead:
        """Status and header fields."""
        return _WHOLE_HEAD

    def feed(self, event: ChatEvent) -> list[bytes]:
        """Nothing yet: the object is written at the end."""
        self._folder.add([event])
        return []

    def end(self) -> list[bytes]:
        """The whole body."""
        response = self._folder.response()
        body: dict[str, Any] = {
            "id": response.id or _NO_ID,
            "object": "chat.completion",
            "created": response.created or 0,
            "model": response.model or self._request.model,
            "choices": [_choice(choice) for choice in response.choices],
        }
        if response.usage != Usage():
            body["usage"] = encode_usage(response.usage)
        body["prompt_logprobs"] = None
        return [msgspec.json.encode(body)]

    def error(self, error: Error) -> list[bytes]:
        """A body of nothing but the error; the status may have gone out already."""
        return [msgspec.json.encode(error_object(error)[1])]


def _choice(choice: Choice) -> dict[str, Any]:
    text, thinking, calls = "", "", []
    for part in choice.message.content:
        if isinstance(part, (Text, Refusal)):
            text += part.text
        elif isinstance(part, Thinking):
            thinking += part.text
        elif isinstance(part, ToolCall):
            calls.append(_call(part, part.arguments))
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if thinking:
        message["reasoning_content"] = thinking
    message["tool_calls"] = calls
    return {
        "index": choice.index,
        "message": message,
        "logprobs": None,
        "finish_reason": encode_finish(choice.finish_reason, choice.finish_raw),
        "stop_reason": None,
    }


def _call(part: ToolCall, arguments: str) -> dict[str, Any]:
    return {"id": part.id, "type": "function", "function": {"name": part.name, "arguments": arguments}}


class StreamEncoder:
    """Writes one SSE event for each event of ours that this wire shows: increments stand in `message`."""

    def __init__(self, request: ChatRequest) -> None:
        self._usage: Usage | None = None
        self._frame: dict[str, Any] = {
            "id": _NO_ID,
            "object": "chat.completion.chunk",
            "created": 0,
            "model": request.model,
        }
        self._begun: set[int] = set()
        self._parts: dict[tuple[int, int], Part] = {}
        self._calls: dict[tuple[int, int], int] = {}
        self._finished: list[Finished] = []

    def head(self) -> WireHead:
        """Status and header fields."""
        return _STREAM_HEAD

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The SSE events for one event of ours. The last chunks wait for the end: usage goes with them."""
        if isinstance(event, PartStarted):
            self._parts[event.choice, event.index] = event.part
            return self._said(event.choice, self._started(event))
        if isinstance(event, PartDelta):
            return self._said(event.choice, self._delta(event))
        if isinstance(event, Started):
            self._frame["id"] = event.id or _NO_ID
            self._frame["created"] = event.created or 0
            self._frame["model"] = event.model or self._frame["model"]
        elif isinstance(event, UsageReported):
            self._usage = event.usage
        elif isinstance(event, Finished):
            self._finished.append(event)
        return []

    def end(self) -> list[bytes]:
        """The finish reasons with the usage, and the end mark."""
        items = [
            self._chunk(event.choice, {"content": ""}, finish=encode_finish(event.reason, event.raw))
            for event in self._finished
        ]
        return [*items, b"data:[DONE]\n\n"]

    def error(self, error: Error) -> list[bytes]:
        """A chunk without choices; no end mark follows."""
        return [_event(error_object(error)[1])]

    def _said(self, index: int, message: dict[str, Any]) -> list[bytes]:
        return [self._chunk(index, message)] if message else []

    def _chunk(self, index: int, message: dict[str, Any], *, finish: str | None = None) -> bytes:
        if index not in self._begun:
            self._begun.add(index)
            message = {"role": "assistant", "content": "", **message}
        choice = {"index": index, "message": message, "logprobs": None, "finish_reason": finish}
        chunk = {**self._frame, "choices": [choice]}
        if self._usage is not None:
            chunk["usage"] = encode_usage(self._usage)
        return _event(chunk)

    def _started(self, event: PartStarted) -> dict[str, Any]:
        part = event.part
        if isinstance(part, ToolCall):
            number = sum(1 for choice, _ in self._calls if choice == event.choice)
            self._calls[event.choice, event.index] = number
            return {"content": "", "tool_calls": [{"index": number, **_call(part, part.arguments)}]}
        if isinstance(part, (Text, Refusal, Thinking)) and part.text:
            return _words(part, part.text)
        return {}

    def _delta(self, event: PartDelta) -> dict[str, Any]:
        key = (event.choice, event.index)
        part = self._parts[key]
        if isinstance(part, ToolCall):
            call = {"index": self._calls[key], "function": {"arguments": event.text}}
            return {"content": "", "tool_calls": [call]}
        return _words(part, event.text) if isinstance(part, (Text, Refusal, Thinking)) else {}


def _words(part: Text | Refusal | Thinking, text: str) -> dict[str, Any]:
    if isinstance(part, Thinking):
        return {"content": "", "reasoning_content": text}
    return {"content": text}


def _event(body: dict[str, Any]) -> bytes:
    return b"data:" + msgspec.json.encode(body) + b"\n\n"
