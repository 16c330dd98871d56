"""Being the provider: events to this wire's replies, whole or as a stream, in the form that was asked for.

The id of a call is made of the request itself: there is no chance here, and the same request has the same id.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from baimo.errors import Error
from baimo.types.chat import ChatRequest, Choice, TokenLogprob
from baimo.types.content import Citation, Image, Opaque, Part, Refusal, Text, Thinking, ToolCall
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

from .errors import encode_error, error_in_stream
from .usage import encode_usage
from .words import NAME, Form, encode_finish, form_of


def call_id(request: ChatRequest) -> str:
    """An id in the form of the service's: five groups of hexadecimal digits."""
    digits = sha256(msgspec.json.encode([request.model, request.messages])).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def _form(request: ChatRequest) -> Form:
    """The form of the reply: calls of tools come as messages only."""
    form = form_of(request)
    return msgspec.structs.replace(form, result="message") if request.tools else form


class WholeEncoder:
    """Folds the events and writes one object at the end."""

    def __init__(self, request: ChatRequest) -> None:
        self._id = call_id(request)
        self._form = _form(request)
        self._folder = Folder()

    def head(self) -> WireHead:
        """Status and header fields."""
        return WireHead(200, ((b"content-type", b"application/json"), (b"x-request-id", self._id.encode())))

    def feed(self, event: ChatEvent) -> list[bytes]:
        """Nothing yet: the object is written at the end."""
        self._folder.add([event])
        return []

    def end(self) -> list[bytes]:
        """The whole body."""
        response = self._folder.response()
        if self._form.result == "message":
            output: dict[str, Any] = {"choices": [self._choice(choice) for choice in response.choices]}
        else:
            choice = self._choice(response.choices[0])
            output = _as_text(choice["message"], choice["finish_reason"])
        sources = [c for one in response.choices for part in one.message.content for c in part.citations]
        if sources:
            output["search_info"] = _search(tuple(sources))
        reply = {"output": output, "usage": encode_usage(response.usage), "request_id": self._id}
        return [msgspec.json.encode(reply)]

    def error(self, error: Error) -> list[bytes]:
        """A body of nothing but the error."""
        return [encode_error(error)[1]]

    def _choice(self, choice: Choice) -> dict[str, Any]:
        text = ""
        calls: list[dict[str, Any]] = []
        parts: list[dict[str, Any]] = []
        message: dict[str, Any] = {"role": "assistant"}
        for part in choice.message.content:
            if isinstance(part, ToolCall):
                calls.append(_call(part, len(calls), part.name, part.arguments))
            elif isinstance(part, (Text, Refusal)):
                text += part.text
            elif isinstance(part, Thinking):
                message["reasoning_content"] = message.get("reasoning_content", "") + part.text
            else:
                parts += _beside(part)
        message["content"] = text
        if self._form.multimodal or parts:
            message["content"] = [*([{"text": text}] if text else []), *parts]
        if calls:
            message["tool_calls"] = calls
        finish = encode_finish(choice.finish_reason, choice.finish_raw)
        told = {"index": choice.index, "message": message, "finish_reason": finish}
        return told if choice.logprobs is None else {**told, "logprobs": _logprobs(choice.logprobs)}


def _as_text(message: dict[str, Any], finish: str) -> dict[str, Any]:
    """The older form, without messages."""
    content = message["content"]
    text = content if isinstance(content, str) else "".join([part.get("text", "") for part in content])
    told = {"text": text, "finish_reason": finish}
    thinking = message.get("reasoning_content")
    return {**told, "reasoning_content": thinking} if thinking else told


def _call(part: ToolCall, number: int, name: str | None, arguments: str) -> dict[str, Any]:
    """A call; a fragment after the first has neither id nor name."""
    function = {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
    ident = "" if name is None else part.id
    return {"index": number, "id": ident, "type": "function", "function": function}


def _beside(part: Part) -> list[dict[str, Any]]:
    """A part of a content list that is no text, as far as this wire has one."""
    if isinstance(part, Image) and part.url is not None:
        return [{"image": part.url}]
    if isinstance(part, Opaque) and part.dialect == NAME:
        return [msgspec.json.decode(part.json)]
    return []


def _search(citations: tuple[Citation, ...]) -> dict[str, Any]:
    results = [
        {
            "index": int(source) if (source := citation.source or "").isdecimal() else number,
            "title": citation.title or "",
            "url": citation.url or "",
            "site_name": "",
            "icon": "",
        }
        for number, citation in enumerate(citations, 1)
    ]
    return {"search_results": results}


def _logprobs(tokens: tuple[TokenLogprob, ...]) -> dict[str, Any]:
    return {"content": [_token(token) for token in tokens]}


def _token(token: TokenLogprob) -> dict[str, Any]:
    return {
        "token": token.token,
        "logprob": token.logprob,
        "bytes": token.bytes,
        "top_logprobs": [_token(top) for top in token.top],
    }


class _Said:
    """What was said of one choice so far, for streams that repeat it; and how much."""

    def __init__(self) -> None:
        self.text = ""
        self.thinking = ""
        self.parts: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.logprobs: list[dict[str, Any]] = []
        self.made = 0
        self.finish = "stop"


class StreamEncoder:
    """Writes one SSE event for each event of ours that this wire shows; the finish reasons come last.

    Every event counts what was made so far of its choice; until the usage is reported, each piece counts as
    one token.
    """

    def __init__(self, request: ChatRequest) -> None:
        self._id = call_id(request)
        self._form = _form(request)
        self._number = 0
        self._usage: Usage | None = None
        self._parts: dict[tuple[int, int], Part] = {}
        self._numbers: dict[tuple[int, int], int] = {}
        self._choices: dict[int, _Said] = {}
        self._sources: tuple[Citation, ...] = ()

    def head(self) -> WireHead:
        """Status and header fields."""
        fields = ((b"content-type", b"text/event-stream;charset=UTF-8"), (b"x-request-id", self._id.encode()))
        return WireHead(200, fields)

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The SSE events for one event of ours."""
        if isinstance(event, PartDelta):
            said = self._said(event.choice)
            said.made += 1
            return self._piece(event, self._parts[event.choice, event.index], event.text)
        if isinstance(event, PartStarted):
            return self._started(event)
        if isinstance(event, PartEnded):
            self._sources += event.citations
        elif isinstance(event, LogprobsReported):
            told = [_token(token) for token in event.tokens]
            self._said(event.choice).logprobs += told
            return [self._event(event.choice, {"content": ""}, logprobs=told)]
        elif isinstance(event, UsageReported):
            self._usage = event.usage
        elif isinstance(event, Finished):
            self._said(event.choice).finish = encode_finish(event.reason, event.raw)
        elif isinstance(event, Started) and event.id:
            self._id = event.id
        return []

    def end(self) -> list[bytes]:
        """The last event of each choice, with its finish reason: there is no other end mark."""
        if self._usage is None:
            self._usage = Usage()
        last = [
            self._event(index, {"content": ""}, finish=said.finish) for index, said in self._choices.items()
        ]
        return last or [self._event(0, {"content": ""}, finish="stop")]

    def error(self, error: Error) -> list[bytes]:
        """An error inside the stream; nothing follows."""
        number, data = error_in_stream(error)
        self._number += 1
        return [b"id:%d\nevent:error\n:HTTP_STATUS/%d\ndata:%s\n\n" % (self._number, number, data)]

    def _said(self, choice: int) -> _Said:
        found = self._choices.get(choice)
        if found is None:
            found = self._choices[choice] = _Said()
        return found

    def _started(self, event: PartStarted) -> list[bytes]:
        part, key = event.part, (event.choice, event.index)
        self._parts[key] = part
        said = self._said(event.choice)
        if isinstance(part, ToolCall):
            self._numbers[key] = len(said.calls)
            call = _call(part, len(said.calls), part.name, part.arguments)
            said.calls.append(msgspec.json.decode(msgspec.json.encode(call)))
            return [self._event(event.choice, {"content": "", "tool_calls": [call]})]
        self._sources += part.citations
        if isinstance(part, (Text, Refusal, Thinking)):
            return self._piece(event, part, part.text) if part.text else []
        beside = _beside(part)
        said.parts += beside
        return [self._event(event.choice, {"content": beside})] if beside else []

    def _piece(self, event: PartDelta | PartStarted, part: Part, text: str) -> list[bytes]:
        """More words, thoughts or arguments."""
        said = self._said(event.choice)
        if isinstance(part, (Text, Refusal)):
            said.text += text
            return [self._event(event.choice, {"content": text})]
        if isinstance(part, Thinking):
            said.thinking += text
            return [self._event(event.choice, {"content": "", "reasoning_content": text})]
        if isinstance(part, ToolCall):
            number = self._numbers[event.choice, event.index]
            said.calls[number]["function"]["arguments"] += text
            return [
                self._event(event.choice, {"content": "", "tool_calls": [_call(part, number, None, text)]})
            ]
        return []

    def _event(
        self, index: int, message: dict[str, Any], *, finish: str = "null", logprobs: Any = None
    ) -> bytes:
        """One event: a piece, or all that was said so far, as was asked for."""
        said = self._said(index)
        if not self._form.incremental:
            message = _repeated(said)
            logprobs = said.logprobs or None
        if self._form.multimodal and isinstance(message.get("content"), str):
            text = message["content"]
            message["content"] = [{"text": text}] if text else []
        message["role"] = "assistant"
        if self._form.result == "message":
            choice: dict[str, Any] = {"message": message, "index": index, "finish_reason": finish}
            if logprobs:
                choice["logprobs"] = {"content": logprobs}
            output: dict[str, Any] = {"choices": [choice]}
        else:
            output = _as_text(message, finish)
        if finish != "null" and self._sources:
            output["search_info"] = _search(self._sources)
        body = {"output": output, "usage": self._counts(index, said), "request_id": self._id}
        self._number += 1
        data = msgspec.json.encode(body)
        return b"id:%d\nevent:result\n:HTTP_STATUS/200\ndata:%s\n\n" % (self._number, data)

    def _counts(self, index: int, said: _Said) -> dict[str, Any]:
        """What was made so far of one choice. Once all is reported, it counts for the first."""
        if self._usage is None:
            return encode_usage(Usage(output_visible=said.made))
        if index != min(self._choices):
            return encode_usage(Usage(input_uncached=self._usage.input, output_visible=0))
        return encode_usage(self._usage)


def _repeated(said: _Said) -> dict[str, Any]:
    message: dict[str, Any] = {"content": said.text}
    if said.parts:
        message["content"] = [*([{"text": said.text}] if said.text else []), *said.parts]
    if said.thinking:
        message["reasoning_content"] = said.thinking
    if said.calls:
        message["tool_calls"] = said.calls
    return message
