"""Being the provider: events to this wire's replies, whole or as a stream.

The id of a call is made of the request itself: there is no chance here, and the same request has the same id.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from baimo.errors import Error
from baimo.types.chat import ChatRequest, Choice
from baimo.types.content import Citation, Opaque, Part, Refusal, Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    Finished,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
    Withdrawn,
)
from baimo.types.fold import Folder
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from .errors import encode_error, error_in_stream
from .usage import encode_usage
from .words import BESIDE, NAME, SENSITIVE, encode_finish

NOTE = "以上内容为AI生成，请勿删除或修改本标记"
"""The remark that stands on every reply, in words like the service's own."""


def call_id(request: ChatRequest) -> str:
    """An id in the form of the service's: five groups of hexadecimal digits."""
    digits = sha256(msgspec.json.encode([request.model, request.messages])).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


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
        reply: dict[str, Any] = {
            "RequestId": self._id,
            "Note": NOTE,
            "Choices": [_choice(choice) for choice in response.choices],
            "Created": response.created or 0,
            "Id": response.id or self._id,
            "Usage": encode_usage(response.usage),
        }
        for choice in response.choices:
            for part in choice.message.content:
                reply.update(_told(part))
                reply = {**_search(part.citations), **reply}
        return [msgspec.json.encode({"Response": reply})]

    def error(self, error: Error) -> list[bytes]:
        """A body of nothing but the error."""
        return [encode_error(error)[1]]


def _choice(choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {"Role": "assistant", "Content": ""}
    calls: list[dict[str, Any]] = []
    for part in choice.message.content:
        if isinstance(part, ToolCall):
            calls.append(_call(part, len(calls), part.name, part.arguments))
        elif isinstance(part, (Text, Refusal)):
            message["Content"] += part.text
        elif isinstance(part, Thinking):
            message["ReasoningContent"] = message.get("ReasoningContent", "") + part.text
    if calls:
        message["ToolCalls"] = calls
    finish = SENSITIVE if choice.withdrawn else encode_finish(choice.finish_reason, choice.finish_raw)
    return {"Index": choice.index, "Message": message, "FinishReason": finish}


def _call(part: ToolCall, number: int, name: str, arguments: str) -> dict[str, Any]:
    function = {"Name": name, "Arguments": arguments}
    return {"Id": part.id, "Type": "function", "Function": function, "Index": number}


def _told(part: Part) -> dict[str, Any]:
    """What only this provider tells, to stand beside the choices."""
    if not isinstance(part, Opaque) or part.dialect != NAME:
        return {}
    told: dict[str, Any] = msgspec.json.decode(part.json)
    return {name: value for name, value in told.items() if name in (*BESIDE, "Processes")}


def _search(citations: tuple[Citation, ...]) -> dict[str, Any]:
    if not citations:
        return {}
    results = [
        {
            "Index": _number(citation.source, number),
            "Title": citation.title or "",
            "Url": citation.url or "",
            "Text": "",
            "Icon": "",
        }
        for number, citation in enumerate(citations, 1)
    ]
    return {"SearchInfo": {"SearchResults": results}}


def _number(source: str | None, place: int) -> int:
    """The source's own number, else its place in the list."""
    return int(source) if source and source.isascii() and source.isdigit() else place


class StreamEncoder:
    """Writes one SSE event for each event of ours that this wire shows; the finish reasons come last.

    Every chunk counts what was made so far; until the usage is reported, each piece counts as one token.
    """

    def __init__(self, request: ChatRequest) -> None:
        self._id = call_id(request)
        self._reply_id = self._id
        self._created = 0
        self._made = 0
        self._usage: Usage | None = None
        self._parts: dict[tuple[int, int], Part] = {}
        self._numbers: dict[tuple[int, int], int] = {}
        self._finish: dict[int, str] = {}
        self._beside: dict[str, Any] = {}

    def head(self) -> WireHead:
        """Status and header fields; a stream tells the call's id here alone."""
        fields = (
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-cache"),
            (b"x-tc-requestid", self._id.encode()),
        )
        return WireHead(200, fields)

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The SSE events for one event of ours."""
        if isinstance(event, PartDelta):
            self._made += 1
            delta = self._delta(self._parts[event.choice, event.index], event)
            return [self._chunk(event.choice, delta)] if delta else []
        if isinstance(event, PartStarted):
            return self._started(event)
        if isinstance(event, PartEnded):
            self._beside = {**_search(event.citations), **self._beside}
        elif isinstance(event, Started):
            self._reply_id = event.id or self._id
            self._created = event.created or 0
        elif isinstance(event, UsageReported):
            self._usage = event.usage
        elif isinstance(event, Withdrawn):
            self._finish[event.choice] = SENSITIVE
        elif isinstance(event, Finished):
            self._finish.setdefault(event.choice, encode_finish(event.reason, event.raw))
        return []

    def end(self) -> list[bytes]:
        """The last chunk of each choice, with its finish reason: there is no other end mark."""
        if self._usage is None:
            self._usage = Usage()
        return [self._chunk(choice, {}, finish=word) for choice, word in self._finish.items()]

    def error(self, error: Error) -> list[bytes]:
        """An error inside the stream; nothing follows."""
        frame = {"Id": self._reply_id, "Created": self._created, "Note": NOTE, "Choices": []}
        return [_event({**frame, "ErrorMsg": error_in_stream(error)})]

    def _started(self, event: PartStarted) -> list[bytes]:
        part, key = event.part, (event.choice, event.index)
        self._parts[key] = part
        if isinstance(part, ToolCall):
            number = self._numbers[key] = sum(1 for choice, _ in self._numbers if choice == event.choice)
            call = _call(part, number, part.name, part.arguments)
            return [self._chunk(event.choice, {"ToolCalls": [call]})]
        if isinstance(part, Opaque):
            self._beside.update(_told(part))
            progress = self._beside.pop("Processes", None)
            return [self._chunk(event.choice, {}, Processes=progress)] if progress else []
        self._beside = {**_search(part.citations), **self._beside}
        if isinstance(part, (Text, Refusal, Thinking)) and part.text:
            field = "ReasoningContent" if isinstance(part, Thinking) else "Content"
            return [self._chunk(event.choice, {field: part.text})]
        return []

    def _delta(self, part: Part, event: PartDelta) -> dict[str, Any]:
        if isinstance(part, (Text, Refusal)):
            return {"Content": event.text}
        if isinstance(part, Thinking):
            return {"ReasoningContent": event.text}
        if isinstance(part, ToolCall):
            number = self._numbers[event.choice, event.index]
            return {"ToolCalls": [_call(part, number, "", event.text)]}
        return {}

    def _chunk(self, index: int, delta: dict[str, Any], *, finish: str = "", **beside: Any) -> bytes:
        usage = self._usage if self._usage is not None else Usage(output_visible=self._made)
        choice = {
            "Index": index,
            "Delta": {"Role": "assistant", "Content": "", **delta},
            "FinishReason": finish,
        }
        chunk = {
            "Note": NOTE,
            "Choices": [choice],
            "Created": self._created,
            "Id": self._reply_id,
            "Usage": encode_usage(usage),
            **beside,
        }
        return _event({**chunk, **self._beside} if finish else chunk)


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"
