"""Being the provider: events to this wire's replies, whole or as a stream of lines."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.errors import Error
from baimo.types.chat import ChatRequest, FinishReason, TokenLogprob
from baimo.types.content import Part, Refusal, Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    Finished,
    LogprobsReported,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
)
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from .errors import error_body
from .messages import boxed, object_of
from .request import foreign_fields
from .words import FORM, encode_finish, encode_time

_WHOLE_HEAD = WireHead(200, ((b"content-type", b"application/json; charset=utf-8"),))
_STREAM_HEAD = WireHead(200, ((b"content-type", b"application/x-ndjson"),))

_UNLOADS = (0, "0", "0s", "0m")


class ReplyEncoder:
    """Writes one line for each event that this wire shows, or all of it as one object at the end.

    A tool call is written when it is whole. Only the first choice is written: there are no others here.
    """

    def __init__(self, request: ChatRequest) -> None:
        self._stream = request.stream
        self._asked = foreign_fields(request)
        self._generates = self._asked.get(FORM) == "generate"
        self._is_load = not request.messages
        self._frame: dict[str, Any] = {"model": request.model, "created_at": encode_time(None)}
        self._parts: dict[int, Part] = {}
        self._arguments: dict[int, list[str]] = {}
        self._count = 0
        self._calls: list[dict[str, Any]] = []
        self._logprobs: list[dict[str, Any]] = []
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._usage = Usage()
        self._finish = Finished(reason=FinishReason.STOP)

    def head(self) -> WireHead:
        """Status and header fields."""
        return _STREAM_HEAD if self._stream else _WHOLE_HEAD

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The lines for one event of ours."""
        if isinstance(event, Started):
            self._frame["model"] = event.model or self._frame["model"]
            self._frame["created_at"] = encode_time(event.created)
        elif isinstance(event, UsageReported):
            self._usage = event.usage
        elif self._is_load or event.choice:
            return []
        elif isinstance(event, PartStarted):
            return self._started(event)
        elif isinstance(event, PartDelta):
            return self._more(event.index, event.text)
        elif isinstance(event, PartEnded):
            return self._ended(event)
        elif isinstance(event, LogprobsReported):
            return self._line({}, logprobs=[_token(token) for token in event.tokens])
        elif isinstance(event, Finished):
            self._finish = event
        return []

    def end(self) -> list[bytes]:
        """The last line, or the whole object."""
        reason = encode_finish(self._finish.reason, self._finish.raw)
        if self._is_load:
            reason = "unload" if self._asked.get("keep_alive") in _UNLOADS else "load"
        message: dict[str, Any] = {}
        if not self._stream:
            message = _message("".join(self._text), "".join(self._thinking), self._calls)
        body = {**self._body(message), "done": True, "done_reason": reason, **_metrics(self._usage)}
        if self._logprobs:
            body["logprobs"] = self._logprobs
        return [msgspec.json.encode(body) + (b"\n" if self._stream else b"")]

    def error(self, error: Error) -> list[bytes]:
        """An error inside the stream; nothing follows it."""
        return [error_body(error) + b"\n"]

    def _started(self, event: PartStarted) -> list[bytes]:
        part = event.part
        self._parts[event.index] = part
        if isinstance(part, ToolCall):
            self._arguments[event.index] = [part.arguments]
            return []
        return self._more(event.index, part.text) if isinstance(part, (Text, Thinking, Refusal)) else []

    def _more(self, index: int, text: str) -> list[bytes]:
        part = self._parts[index]
        if isinstance(part, ToolCall):
            self._arguments[index].append(text)
        elif isinstance(part, Thinking) and text:
            return self._line({"content": "", "thinking": text})
        elif isinstance(part, (Text, Refusal)) and text:
            return self._line({"content": text})
        return []

    def _ended(self, event: PartEnded) -> list[bytes]:
        part = self._parts[event.index]
        if not isinstance(part, ToolCall):
            return []
        text = "".join(self._arguments.pop(event.index))
        arguments = object_of(text) if part.kind == "function" else None
        function = {
            "index": self._count,
            "name": part.name,
            "arguments": boxed(text) if arguments is None else arguments,
        }
        self._count += 1
        return self._line({"content": "", "tool_calls": [{"id": part.id, "function": function}]})

    def _line(self, message: dict[str, Any], logprobs: list[dict[str, Any]] | None = None) -> list[bytes]:
        if not self._stream:
            self._text.append(message.get("content", ""))
            self._thinking.append(message.get("thinking", ""))
            self._calls += message.get("tool_calls", ())
            self._logprobs += logprobs or ()
            return []
        told = {"logprobs": logprobs} if logprobs else {}
        return [msgspec.json.encode({**self._body(message), "done": False, **told}) + b"\n"]

    def _body(self, message: dict[str, Any]) -> dict[str, Any]:
        """The frame with a message, in the form that was asked for."""
        if not self._generates:
            return {**self._frame, "message": {"role": "assistant", "content": "", **message}}
        body = {**self._frame, "response": message.get("content", "")}
        for name in ("thinking", "tool_calls"):
            if name in message:
                body[name] = message[name]
        return body


def _message(text: str, thinking: str, calls: list[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {"content": text}
    if thinking:
        message["thinking"] = thinking
    if calls:
        message["tool_calls"] = calls
    return message


def _metrics(usage: Usage) -> dict[str, Any]:
    """Counts that are known, and durations where a server of this wire told them."""
    told: Any = msgspec.json.decode(usage.raw) if usage.raw is not None else {}
    metrics = {
        name: value for name, value in told.items() if name.endswith("_duration") and type(value) is int
    }
    if usage.input is not None:
        metrics["prompt_eval_count"] = usage.input
    if usage.output is not None:
        metrics["eval_count"] = usage.output
    return metrics


def _token(token: TokenLogprob) -> dict[str, Any]:
    entry: dict[str, Any] = {"token": token.token, "logprob": token.logprob}
    if token.bytes is not None:
        entry["bytes"] = token.bytes
    if token.top:
        entry["top_logprobs"] = [_token(top) for top in token.top]
    return entry
