"""Being the provider: events to this wire's replies, whole or as a stream."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.errors import Error
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import Citation, Opaque, Part, Refusal, Text, Thinking, ToolCall, ToolResult
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
from baimo.types.fold import Folder
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from .citations import encode_citation
from .errors import words_of
from .logprobs import encode_logprob
from .usage import encode_usage
from .words import NAME, PLAN, encode_finish, fields_of

_WHOLE_HEAD = WireHead(200, ((b"content-type", b"application/json"),))
_STREAM_HEAD = WireHead(200, ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")))

_NO_ID = "00000000-0000-0000-0000-000000000000"
"""The id of a reply whose maker gave none: this wire requires one."""


def results_of(request: ChatRequest) -> frozenset[str]:
    """The ids of the calls whose results the caller gave."""
    parts = [part for message in request.messages for part in message.content]
    return frozenset([part.call_id for part in parts if isinstance(part, ToolResult)])


def _is_plan(part: Part) -> bool:
    return isinstance(part, Thinking) and PLAN in fields_of(part.replay)


class WholeEncoder:
    """Folds the events and writes one object at the end. Only the first choice is written."""

    def __init__(self, request: ChatRequest) -> None:
        self._results = results_of(request)
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
            "message": self._message(response.message.content),
        }
        choice = response.choices[0] if response.choices else None
        reason = FinishReason.STOP if choice is None else choice.finish_reason
        body["finish_reason"] = encode_finish(reason, None if choice is None else choice.finish_raw)
        if response.usage != Usage():
            body["usage"] = encode_usage(response.usage)
        if choice is not None and choice.logprobs is not None:
            body["logprobs"] = [encode_logprob(token) for token in choice.logprobs]
        return [msgspec.json.encode(body)]

    def error(self, error: Error) -> list[bytes]:
        """A body of nothing but the error; the status may have gone out already."""
        return [msgspec.json.encode({"message": words_of(error)})]

    def _message(self, parts: tuple[Part, ...]) -> dict[str, Any]:
        blocks: list[dict[str, Any]] = []
        plan: list[str] = []
        calls: list[dict[str, Any]] = []
        cited: list[dict[str, Any]] = []
        for part in parts:
            if _is_plan(part):
                assert isinstance(part, Thinking)
                plan.append(part.text)
                cited += self._cited(part.citations, part.text, None)
            elif isinstance(part, (Text, Refusal)):
                cited += self._cited(part.citations, part.text, len(blocks))
                blocks.append({"type": "text", "text": part.text})
            elif isinstance(part, Thinking):
                blocks.append({"type": "thinking", "thinking": part.text})
            elif isinstance(part, ToolCall):
                calls.append(_call(part, part.arguments))
            elif isinstance(part, Opaque) and part.dialect == NAME:
                blocks.append(msgspec.json.decode(part.json))
        message: dict[str, Any] = {"role": "assistant"}
        if blocks:
            message["content"] = blocks
        if plan:
            message["tool_plan"] = "\n\n".join(plan)
        if calls:
            message["tool_calls"] = calls
        if cited:
            message["citations"] = cited
        return message

    def _cited(self, citations: tuple[Citation, ...], said: str, index: int | None) -> list[dict[str, Any]]:
        return [encode_citation(citation, said, index, self._results) for citation in citations]


def _call(part: ToolCall, arguments: str) -> dict[str, Any]:
    return {"id": part.id, "type": "function", "function": {"name": part.name, "arguments": arguments}}


class _Open:
    """A part of the reply that has begun: its number on the wire, and what it said."""

    __slots__ = ("kind", "number", "said")

    def __init__(self, kind: str, number: int, said: str) -> None:
        self.kind = kind
        self.number = number
        self.said = said


class StreamEncoder:
    """Writes the SSE events for each event of ours. Only the first choice is written."""

    def __init__(self, request: ChatRequest) -> None:
        self._results = results_of(request)
        self._begun = False
        self._open: dict[int, _Open] = {}
        self._blocks = 0
        self._calls = 0
        self._citations = 0
        self._usage: Usage | None = None
        self._finish = Finished(reason=FinishReason.STOP)

    def head(self) -> WireHead:
        """Status and header fields."""
        return _STREAM_HEAD

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The SSE events for one event of ours."""
        if isinstance(event, Started):
            return self._begin(event.id)
        if isinstance(event, UsageReported):
            self._usage = event.usage
            return []
        if event.choice:
            return []
        if isinstance(event, PartDelta):
            part = self._open.get(event.index)
            return [] if part is None else self._more(part, event.text)
        if isinstance(event, PartStarted):
            return [*self._begin(None), *self._started(event)]
        if isinstance(event, PartEnded):
            return self._ended(event)
        if isinstance(event, LogprobsReported):
            index = max(0, self._blocks - 1)
            empty = {"content": {"text": ""}}
            return [
                _event("content-delta", index, empty, logprobs=encode_logprob(token))
                for token in event.tokens
            ]
        if isinstance(event, Finished):
            self._finish = event
        return []

    def end(self) -> list[bytes]:
        """The last event, with the reason and the usage, and the mark behind it."""
        delta: dict[str, Any] = {"finish_reason": encode_finish(self._finish.reason, self._finish.raw)}
        if self._usage is not None:
            delta["usage"] = encode_usage(self._usage)
        return [*self._begin(None), _named({"type": "message-end", "delta": delta}), b"data: [DONE]\n\n"]

    def error(self, error: Error) -> list[bytes]:
        """An error inside the stream ends it."""
        delta = {"error": words_of(error), "finish_reason": "ERROR"}
        return [_named({"type": "message-end", "delta": delta})]

    def _begin(self, ident: str | None) -> list[bytes]:
        if self._begun:
            return []
        self._begun = True
        message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        return [_named({"id": ident or _NO_ID, "type": "message-start", "delta": {"message": message}})]

    def _started(self, event: PartStarted) -> list[bytes]:
        part = event.part
        if isinstance(part, Thinking) and _is_plan(part):
            return self._opened(event.index, "plan", 0, None) + self._more(self._open[event.index], part.text)
        if isinstance(part, ToolCall):
            self._calls += 1
            start = {"tool_calls": _call(part, "")}
            items = self._opened(event.index, "call", self._calls - 1, start)
            return items + self._more(self._open[event.index], part.arguments)
        if isinstance(part, (Text, Refusal, Thinking)):
            kind = "thinking" if isinstance(part, Thinking) else "text"
            items = self._opened(event.index, kind, self._blocks, {"content": {"type": kind, kind: ""}})
            return items + self._more(self._open[event.index], part.text)
        if isinstance(part, Opaque) and part.dialect == NAME:
            return self._opened(
                event.index, "opaque", self._blocks, {"content": msgspec.json.decode(part.json)}
            )
        return []

    def _opened(self, index: int, kind: str, number: int, start: dict[str, Any] | None) -> list[bytes]:
        self._open[index] = _Open(kind, number, "")
        if start is None:
            return []
        if kind == "call":
            return [_event("tool-call-start", number, start)]
        self._blocks += 1
        return [_event("content-start", number, start)]

    def _more(self, part: _Open, text: str) -> list[bytes]:
        if not text:
            return []
        if part.kind == "call":
            return [_event("tool-call-delta", part.number, {"tool_calls": {"function": {"arguments": text}}})]
        part.said += text
        if part.kind == "plan":
            return [_event("tool-plan-delta", None, {"tool_plan": text})]
        return [_event("content-delta", part.number, {"content": {part.kind: text}})]

    def _ended(self, event: PartEnded) -> list[bytes]:
        part = self._open.pop(event.index, None)
        if part is None:
            return []
        items: list[bytes] = []
        place = None if part.kind == "plan" else part.number
        for citation in event.citations:
            entry = encode_citation(citation, part.said, place, self._results)
            items.append(_event("citation-start", self._citations, {"citations": entry}))
            items.append(_named({"type": "citation-end", "index": self._citations}))
            self._citations += 1
        if part.kind != "plan":
            name = "tool-call-end" if part.kind == "call" else "content-end"
            items.append(_named({"type": name, "index": part.number}))
        return items


def _event(kind: str, index: int | None, message: dict[str, Any], **beside: Any) -> bytes:
    body: dict[str, Any] = {"type": kind}
    if index is not None:
        body["index"] = index
    return _named({**body, "delta": {"message": message}, **beside})


def _named(body: dict[str, Any]) -> bytes:
    return f"event: {body['type']}\ndata: ".encode() + msgspec.json.encode(body) + b"\n\n"
