"""Being the provider: events to this wire's replies, whole or as a stream."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.errors import Error
from baimo.types.chat import ChatRequest, ChatResponse
from baimo.types.content import Image, Opaque, Part, Refusal, Replay, Text, Thinking, ToolCall
from baimo.types.events import (
    ChatEvent,
    LogprobsReported,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
)
from baimo.types.fold import Folder
from baimo.types.usage import Usage
from baimo.wire.http import WireHead

from . import request as requests
from .errors import error_object
from .items import fields_of
from .notes import encode_citation, encode_logprob
from .usage import encode_usage
from .words import NAME, encode_finish

_WHOLE_HEAD = WireHead(200, ((b"content-type", b"application/json"),))
_STREAM_HEAD = WireHead(
    200, ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))
)

_NO_ID = "resp_0"
"""The id of a reply whose maker gave none: this wire requires one."""

_ECHOED = (
    "instructions",
    "max_output_tokens",
    "metadata",
    "parallel_tool_calls",
    "previous_response_id",
    "reasoning",
    "service_tier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
)
"""Fields of the request that stand in its reply."""

_SETTLED: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What they are where the request says nothing."""

_MESSAGE, _REASONING, _CALL, _CUSTOM = "msg", "rs", "fc", "ctc"


_ENDS = ("completed", "incomplete", "cancelled")
"""States that an event of the same name ends a stream with."""


class _Frame:
    """The reply's object without its output."""

    def __init__(self, request: ChatRequest) -> None:
        body = requests.encode_body(request, requests.DEFAULTS, Complaints(drop=True, who=NAME))
        said = {name: body[name] for name in _ECHOED if name in body}
        if "text" in said:
            said["text"] = {**_SETTLED["text"], **said["text"]}
        self._settings = {**_SETTLED, **said}
        self._model = request.model

    def object(self, response: ChatResponse, output: list[dict[str, Any]], *, ended: bool) -> dict[str, Any]:
        """The object as it is now."""
        status, details = "in_progress", None
        if ended and response.choices:
            choice = response.choices[0]
            status, details = encode_finish(choice.finish_reason, choice.finish_raw)
        return {
            "id": response.id or _NO_ID,
            "object": "response",
            "created_at": response.created or 0,
            "status": status,
            "error": None,
            "incomplete_details": details,
            "model": response.model or self._model,
            "output": output,
            "usage": encode_usage(response.usage) if ended and response.usage != Usage() else None,
            **self._settings,
        }

    def failed(self, response: ChatResponse, output: list[dict[str, Any]], error: Error) -> dict[str, Any]:
        """The object of a reply that failed."""
        _, told = error_object(error)
        reply = self.object(response, output, ended=False)
        code = told["code"] or told["type"]
        return {**reply, "status": "failed", "error": {"code": code, "message": told["message"]}}


class WholeEncoder:
    """Folds the events and writes one object at the end."""

    def __init__(self, request: ChatRequest) -> None:
        self._frame = _Frame(request)
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
        return [msgspec.json.encode(self._frame.object(response, _output(response), ended=True))]

    def error(self, error: Error) -> list[bytes]:
        """A reply that failed; the status may have gone out already."""
        response = self._folder.response()
        return [msgspec.json.encode(self._frame.failed(response, _output(response), error))]


def _output(response: ChatResponse) -> list[dict[str, Any]]:
    logprobs = response.choices[0].logprobs if response.choices else None
    output: list[dict[str, Any]] = []
    for number, part in enumerate(response.message.content):
        item = item_of(part, number)
        if item is None:
            continue
        last = output[-1] if output else {}
        if item["type"] == "message" and last.get("type") == "message" and last["id"] == item["id"]:
            last["content"] += item["content"]
        else:
            output.append(item)
        if logprobs and isinstance(part, Text):
            output[-1]["content"][-1]["logprobs"] = list(map(encode_logprob, logprobs))
            logprobs = None
    return output


def item_of(part: Part, number: int) -> dict[str, Any] | None:
    """The output item of a part; None for what this wire has no item for. Ids are made up where none came."""
    if isinstance(part, (Text, Refusal)):
        fields = _fields(part.replay, _MESSAGE, number)
        annotations = fields.pop("annotations", None)
        content = _spoken(part, part.text, annotations)
        return {"type": "message", "role": "assistant", "status": "completed", **fields, "content": [content]}
    if isinstance(part, Thinking):
        fields = _fields(part.replay, _REASONING, number)
        if "summary" in fields:
            return fields
        summary = [{"type": "summary_text", "text": part.text}] if part.text else []
        return {"type": "reasoning", **fields, "summary": summary}
    if isinstance(part, ToolCall):
        return {**_call(part, number), _field(part): part.arguments}
    if isinstance(part, Image) and part.data is not None:
        fields = _fields(part.replay, "ig", number)
        made = {"type": "image_generation_call", "status": "completed", **fields}
        return {**made, "result": b64encode(part.data).decode()}
    if isinstance(part, Opaque) and part.dialect == NAME:
        item: dict[str, Any] = msgspec.json.decode(part.json)
        return item
    return None


def _fields(replay: Replay | None, kind: str, number: int) -> dict[str, Any]:
    """What the provider of this wire gave with a part, and an id."""
    return {"id": f"{kind}_{number}", **fields_of(replay)}


def _spoken(part: Part, text: str, annotations: Any) -> dict[str, Any]:
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": text}
    notes = annotations or [encode_citation(one) for one in part.citations]
    return {"type": "output_text", "text": text, "annotations": notes, "logprobs": []}


def _field(part: ToolCall) -> str:
    return "input" if part.kind == "custom" else "arguments"


def _call(part: ToolCall, number: int) -> dict[str, Any]:
    kind = "custom_tool_call" if part.kind == "custom" else "function_call"
    fields = _fields(part.replay, _CUSTOM if part.kind == "custom" else _CALL, number)
    return {"type": kind, "status": "completed", **fields, "call_id": part.id, "name": part.name}


class StreamEncoder:
    """Writes events as they come: an item for each part, and the whole object at the end."""

    def __init__(self, request: ChatRequest) -> None:
        self._frame = _Frame(request)
        self._folder = Folder()
        self._number = 0
        self._places: dict[int, int] = {}
        self._parts: dict[int, Part] = {}
        self._texts: dict[int, list[str]] = {}
        self._output: list[dict[str, Any]] = []

    def head(self) -> WireHead:
        """Status and header fields."""
        return _STREAM_HEAD

    def feed(self, event: ChatEvent) -> list[bytes]:
        """The events on the wire."""
        self._folder.add([event])
        match event:
            case Started():
                response = self._folder.response()
                reply = self._frame.object(response, [], ended=False)
                return [
                    self._event(f"response.{word}", response=reply) for word in ("created", "in_progress")
                ]
            case PartStarted():
                return self._part_started(event)
            case PartDelta():
                return self._delta(event.index, event.text)
            case PartEnded():
                return self._part_ended(event)
            case LogprobsReported():
                return self._probable(event)
            case _:
                return []

    def end(self) -> list[bytes]:
        """The whole object; this wire has no other end mark."""
        reply = self._frame.object(self._folder.response(), self._output, ended=True)
        kind = reply["status"] if reply["status"] in _ENDS else "completed"
        return [self._event(f"response.{kind}", response=reply)]

    def error(self, error: Error) -> list[bytes]:
        """A failure in the middle ends the stream."""
        reply = self._frame.failed(self._folder.response(), self._output, error)
        return [self._event("response.failed", response=reply)]

    def _event(self, kind: str, **fields: Any) -> bytes:
        event = {"type": kind, "sequence_number": self._number, **fields}
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode(event))

    def _part_started(self, event: PartStarted) -> list[bytes]:
        part, index = event.part, event.index
        place = len(self._output)
        item = item_of(part, index)
        if item is None:
            return []
        self._places[index], self._parts[index] = place, part
        self._output.append(item)
        whole = _text(part)
        begun = _begun(item)
        sent = [self._event("response.output_item.added", output_index=place, item=begun)]
        if isinstance(part, (Text, Refusal)):
            sent.append(self._piece("response.content_part.added", index, part=_spoken(part, "", [])))
        elif isinstance(part, Thinking):
            sent.append(
                self._piece(
                    "response.reasoning_summary_part.added", index, part={"type": "summary_text", "text": ""}
                )
            )
        self._texts[index] = []
        return sent + (self._delta(index, whole) if whole else [])

    def _piece(self, kind: str, index: int, **fields: Any) -> bytes:
        """An event of a piece of an item."""
        place, part = self._places[index], self._parts[index]
        where: dict[str, Any] = {"item_id": self._output[place].get("id", ""), "output_index": place}
        if isinstance(part, (Text, Refusal)):
            where["content_index"] = 0
        elif isinstance(part, Thinking):
            where["summary_index"] = 0
        return self._event(kind, **where, **fields)

    def _delta(self, index: int, text: str) -> list[bytes]:
        part = self._parts.get(index)
        kinds = _KINDS.get(_kind(part)) if part is not None else None
        if kinds is None or not text:
            return []
        self._texts[index].append(text)
        more: dict[str, Any] = {"logprobs": []} if isinstance(part, Text) else {}
        return [self._piece(f"{kinds[0]}.delta", index, delta=text, **more)]

    def _probable(self, event: LogprobsReported) -> list[bytes]:
        """Probabilities stand beside a text: beside the last one, where there is one."""
        texts = [index for index, part in self._parts.items() if isinstance(part, Text)]
        if not texts:
            return []
        tokens = list(map(encode_logprob, event.tokens))
        return [self._piece("response.output_text.delta", texts[-1], delta="", logprobs=tokens)]

    def _part_ended(self, event: PartEnded) -> list[bytes]:
        part = self._parts.get(event.index)
        if part is None:
            return []
        place, index = self._places[event.index], event.index
        text = "".join(self._texts[index])
        item = self._output[place] = self._whole(part, event, text)
        kinds = _KINDS.get(_kind(part))
        sent = self._annotations(item, index) if isinstance(part, Text) else []
        if kinds is not None:
            more: dict[str, Any] = {"logprobs": []} if isinstance(part, Text) else {}
            sent.append(self._piece(f"{kinds[0]}.done", index, **{kinds[1]: text}, **more))
        if isinstance(part, (Text, Refusal)):
            sent.append(self._piece("response.content_part.done", index, part=item["content"][0]))
        elif isinstance(part, Thinking):
            piece = {"type": "summary_text", "text": text}
            sent.append(self._piece("response.reasoning_summary_part.done", index, part=piece))
        sent.append(self._event("response.output_item.done", output_index=place, item=item))
        return sent

    def _annotations(self, item: dict[str, Any], index: int) -> list[bytes]:
        return [
            self._piece(
                "response.output_text.annotation.added", index, annotation_index=number, annotation=note
            )
            for number, note in enumerate(item["content"][0]["annotations"])
        ]

    def _whole(self, part: Part, event: PartEnded, text: str) -> dict[str, Any]:
        """The item with all that came of it."""
        changes: dict[str, Any] = {}
        if isinstance(part, ToolCall):
            changes["arguments"] = text
        elif isinstance(part, (Text, Refusal, Thinking)):
            changes["text"] = text
        if event.replay is not None:
            changes["replay"] = event.replay
        if event.citations:
            changes["citations"] = part.citations + event.citations
        made = msgspec.structs.replace(part, **changes) if changes else part
        item = item_of(made, event.index)
        assert item is not None  # as it was when the part began
        return {**item, "id": self._output[self._places[event.index]].get("id", item.get("id"))}


_KINDS: dict[str, tuple[str, str]] = {
    "Text": ("response.output_text", "text"),
    "Refusal": ("response.refusal", "refusal"),
    "Thinking": ("response.reasoning_summary_text", "text"),
    "function": ("response.function_call_arguments", "arguments"),
    "custom": ("response.custom_tool_call_input", "input"),
}
"""For each kind of part the beginning of its events' names, and the field that holds the whole text."""


def _kind(part: Part) -> str:
    return part.kind if isinstance(part, ToolCall) else type(part).__name__


def _text(part: Part) -> str:
    if isinstance(part, ToolCall):
        return part.arguments
    return part.text if isinstance(part, (Text, Refusal, Thinking)) else ""


def _begun(item: dict[str, Any]) -> dict[str, Any]:
    """An item as it looks before anything came of it."""
    begun = dict(item)
    if "status" in begun:
        begun["status"] = "in_progress"
    for name, nothing in (("content", []), ("summary", []), ("arguments", ""), ("input", "")):
        if name in begun and begun["type"] in ("message", "reasoning", "function_call", "custom_tool_call"):
            begun[name] = nothing
    if begun["type"] == "reasoning":
        begun.pop("encrypted_content", None)
    return begun
