"""Being the provider: events to this wire's replies, whole or as a stream."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import msgspec
from msgspec.structs import replace

from baimo.dialect.dataurl import encode_data_url
from baimo.errors import Error
from baimo.types.chat import ChatRequest, Choice, TokenLogprob
from baimo.types.content import (
    Audio,
    Citation,
    Image,
    Opaque,
    Part,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
)
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

from .finish import IN_PART, NAME, encode_finish
from .manner import OPENAI, Manner, data_line, dressed, failure
from .usage import encode_usage

_WHOLE_HEAD = WireHead(200, ((b"content-type", b"application/json"),))
_STREAM_HEAD = WireHead(
    200, ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))
)

_NO_ID = "chatcmpl-0"
"""The id of a reply whose maker gave none: this wire requires one."""


class WholeEncoder:
    """Folds the events and writes one object at the end."""

    def __init__(self, request: ChatRequest, manner: Manner = OPENAI) -> None:
        self._request = request
        self._manner = manner
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
        return [_json(dressed(body, self._manner, self._request))]

    def error(self, error: Error) -> list[bytes]:
        """A body of nothing but the error; the status may have gone out already."""
        ident = self._folder.response().id or _NO_ID
        return [_json(failure(error, self._manner, ident))]


def _choice(choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    calls: list[dict[str, Any]] = []
    for part in choice.message.content:
        if isinstance(part, ToolCall):
            calls.append(_call(part, part.arguments))
        else:
            _add_part(message, part)
    if calls:
        message["tool_calls"] = calls
    logprobs = None
    if choice.logprobs is not None:
        logprobs = {"content": [_token(token) for token in choice.logprobs], "refusal": None}
    return {
        "index": choice.index,
        "message": message,
        "logprobs": logprobs,
        "finish_reason": encode_finish(choice.finish_reason, choice.finish_raw),
    }


def _add_part(message: dict[str, Any], part: Part) -> None:
    """Lay a finished part into a message."""
    if isinstance(part, Text):
        message["content"] = (message["content"] or "") + part.text
        if part.citations:
            message.setdefault("annotations", []).extend(map(_annotation, part.citations))
    elif isinstance(part, Thinking):
        if part.text:
            message["reasoning_content"] = message.get("reasoning_content", "") + part.text
        message.update(_replayed(part.replay))
    elif isinstance(part, Refusal):
        message["refusal"] = (message["refusal"] or "") + part.text
    elif isinstance(part, Audio):
        message["audio"] = {
            "id": part.id or "",
            "data": b64encode(part.data or b"").decode(),
            "expires_at": part.expires_at or 0,
            "transcript": part.transcript or "",
        }
    elif isinstance(part, Image):
        message.setdefault("images", []).append(_image(part))


def _replayed(replay: Replay | None) -> dict[str, Any]:
    """Fields that a provider of this wire wants back, for the caller to keep."""
    if replay is None or replay.dialect != NAME:
        return {}
    fields: dict[str, Any] = msgspec.json.decode(replay.json)
    fields.pop(IN_PART, None)
    return fields


def _call(part: ToolCall, arguments: str) -> dict[str, Any]:
    body = {"name": part.name, "input" if part.kind == "custom" else "arguments": arguments}
    return {"id": part.id, "type": part.kind, part.kind: body, **_replayed(part.replay)}


def _image(part: Image) -> dict[str, Any]:
    url = part.url if part.data is None else encode_data_url(part.data, part.media_type or "image/png")
    return {"type": "image_url", "image_url": {"url": url or ""}}


def _annotation(citation: Citation) -> dict[str, Any]:
    note: dict[str, Any] = {
        "start_index": citation.start or 0,
        "end_index": citation.end or 0,
        "title": citation.title or "",
        "url": citation.url or "",
    }
    if citation.quote:
        note["content"] = citation.quote
    return {"type": "url_citation", "url_citation": note}


def _token(token: TokenLogprob) -> dict[str, Any]:
    entry: dict[str, Any] = {"token": token.token, "logprob": token.logprob, "bytes": token.bytes}
    entry["top_logprobs"] = [
        {"token": top.token, "logprob": top.logprob, "bytes": top.bytes} for top in token.top
    ]
    return entry


class StreamEncoder:
    """Writes one SSE event for each event of ours that this wire shows."""

    def __init__(self, request: ChatRequest, manner: Manner = OPENAI) -> None:
        self._request = request
        self._manner = manner
        self._include_usage = bool(request.include_usage) and manner.usage == "asked"
        self._usage: Usage | None = None
        self._last: dict[str, Any] | None = None  # the chunk that ends a choice, while usage may join it
        self._frame: dict[str, Any] = {
            "id": _NO_ID,
            "object": "chat.completion.chunk",
            "created": 0,
            "model": request.model,
        }
        self._begun: set[int] = set()
        self._parts: dict[tuple[int, int], Part] = {}
        self._calls: dict[tuple[int, int], int] = {}
        self._base64: dict[tuple[int, int], bytes] = {}
        self._pictures: dict[tuple[int, int], bytes] = {}

    def head(self) -> WireHead:
        """Status and header fields."""
        return _STREAM_HEAD

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The SSE events for one event of ours."""
        if isinstance(event, PartDelta):
            delta = self._delta(event)
            return [self._chunk(event.choice, delta)] if delta else []
        if isinstance(event, PartStarted):
            delta = self._started(event)
            return [self._chunk(event.choice, delta)] if delta else []
        if isinstance(event, PartEnded):
            delta = self._ended(event)
            return [self._chunk(event.choice, delta)] if delta else []
        if isinstance(event, Started):
            self._frame["id"] = event.id or _NO_ID
            self._frame["created"] = event.created or 0
            self._frame["model"] = event.model or self._frame["model"]
        elif isinstance(event, UsageReported):
            self._usage = event.usage
        elif isinstance(event, LogprobsReported):
            tokens = {"content": [_token(token) for token in event.tokens], "refusal": None}
            return [self._chunk(event.choice, {}, logprobs=tokens)]
        elif isinstance(event, Finished):
            return self._finished(event)
        return []

    def end(self) -> list[bytes]:
        """Usage, where it was asked for, and the end mark."""
        usage = encode_usage(self._usage if self._usage is not None else Usage())
        items = []
        if self._last is not None:
            items.append(self._event(self._last if self._usage is None else {**self._last, "usage": usage}))
        if self._include_usage and self._usage is not None:
            items.append(self._event({**self._frame, "choices": [], "usage": usage}))
        return [*items, data_line(b"[DONE]", self._manner)]

    def error(self, error: Error) -> list[bytes]:
        """An error inside the stream; no end mark follows."""
        return [data_line(_json(failure(error, self._manner, self._frame["id"])), self._manner)]

    def _finished(self, event: Finished) -> list[bytes]:
        chunk = self._content(event.choice, {}, finish=encode_finish(event.reason, event.raw))
        if self._manner.usage != "finish":
            return [self._event(chunk)]
        before, self._last = self._last, chunk
        return [] if before is None else [self._event(before)]

    def _event(self, chunk: dict[str, Any]) -> bytes:
        return data_line(_json(dressed(chunk, self._manner, self._request)), self._manner)

    def _chunk(self, index: int, delta: dict[str, Any], *, logprobs: Any = None) -> bytes:
        return self._event(self._content(index, delta, logprobs=logprobs))

    def _content(
        self, index: int, delta: dict[str, Any], *, finish: str | None = None, logprobs: Any = None
    ) -> dict[str, Any]:
        if index not in self._begun:
            self._begun.add(index)
            delta = {"role": "assistant", "content": None if delta.get("tool_calls") else "", **delta}
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        chunk = {**self._frame, "choices": [choice]}
        if self._include_usage:
            chunk["usage"] = None
        elif self._manner.usage == "every":
            chunk["usage"] = encode_usage(self._usage if self._usage is not None else Usage())
        return chunk

    def _started(self, event: PartStarted) -> dict[str, Any]:
        part, key = event.part, (event.choice, event.index)
        self._parts[key] = part
        if isinstance(part, ToolCall):
            number = sum(1 for choice, _ in self._calls if choice == event.choice)
            self._calls[key] = number
            return {"tool_calls": [{"index": number, **_call(part, part.arguments)}]}
        if isinstance(part, Audio):
            known = {"id": part.id or "", "transcript": part.transcript, "expires_at": part.expires_at}
            sound = {name: value for name, value in known.items() if value is not None}
            return {"audio": {**sound, **self._sound(key, part.data or b"", last=False)}}
        if isinstance(part, (Opaque, Image)):
            return {}
        delta: dict[str, Any] = {"content": None, "refusal": None}
        _add_part(delta, part)
        return {name: value for name, value in delta.items() if value}

    def _delta(self, event: PartDelta) -> dict[str, Any]:
        key = (event.choice, event.index)
        part = self._parts[key]
        if isinstance(part, Text):
            return {"content": event.text}
        if isinstance(part, Thinking):
            return {"reasoning_content": event.text}
        if isinstance(part, Refusal):
            return {"refusal": event.text}
        if isinstance(part, ToolCall):
            field = "input" if part.kind == "custom" else "arguments"
            return {"tool_calls": [{"index": self._calls[key], part.kind: {field: event.text}}]}
        if isinstance(part, Audio):
            words = {"transcript": event.text} if event.text else {}
            return {"audio": {**words, **self._sound(key, event.data, last=False)}}
        if isinstance(part, Image):
            self._pictures[key] = self._pictures.get(key, b"") + event.data
        return {}

    def _ended(self, event: PartEnded) -> dict[str, Any]:
        key = (event.choice, event.index)
        part = self._parts[key]
        if isinstance(part, ToolCall):
            extras = _replayed(event.replay)
            return {"tool_calls": [{"index": self._calls[key], **extras}]} if extras else {}
        delta = _replayed(event.replay)
        if isinstance(part, Image):
            return {**delta, **self._picture(part, key)}
        if event.citations:
            delta["annotations"] = [_annotation(citation) for citation in event.citations]
        if isinstance(part, Audio):
            sound = self._sound(key, b"", last=True)
            if event.expires_at is not None:
                sound["expires_at"] = event.expires_at
            if sound:
                delta["audio"] = sound
        return delta

    def _picture(self, part: Image, key: tuple[int, int]) -> dict[str, Any]:
        """A picture, which this wire shows in one piece, once its bytes are all there."""
        data = (part.data or b"") + self._pictures.pop(key, b"")
        return {"images": [_image(replace(part, data=data or None))]} if data or part.url else {}

    def _sound(self, key: tuple[int, int], data: bytes, *, last: bool) -> dict[str, Any]:
        """Base64 of bytes that came in any lengths: thirds are held until they are whole."""
        data = self._base64.pop(key, b"") + data
        whole = len(data) if last else len(data) - len(data) % 3
        if data[whole:]:
            self._base64[key] = data[whole:]
        return {"data": b64encode(data[:whole]).decode()} if whole else {}


def _json(body: dict[str, Any]) -> bytes:
    return msgspec.json.encode(body)
