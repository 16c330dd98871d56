"""Being the provider: this wire's request bodies to neutral requests.

What has no neutral word (documents, options of citations, the mode of safety) is kept and sent on to
providers of this wire only.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Reasoning, ResponseFormat
from baimo.types.content import Replay
from baimo.types.tools import FunctionTool, ServerTool, Tool, ToolChoice
from baimo.wire.http import HttpRequest

from .request import NO_PARAMETERS
from .served_fields import body_of, decoded, kept, named
from .served_message import decode_message
from .words import NAME

_OPERATIONS = {
    ("POST", "/v2/chat"): "chat",
    ("POST", "/v2/embed"): "embed",
    ("POST", "/v2/rerank"): "rerank",
    ("POST", "/v1/rerank"): "rerank",
    ("POST", "/v2/audio/transcriptions"): "transcribe",
    ("POST", "/v1/tokenize"): "count",
    ("GET", "/v1/models"): "models",
}


def operation(method: str, target: bytes) -> str | None:
    """The operation at an address, or None."""
    path = target.partition(b"?")[0].decode("latin-1").rstrip("/")
    if method == "GET" and path.startswith("/v1/models/"):
        return "describe"
    return _OPERATIONS.get((method, path))


class _Format(msgspec.Struct):
    type: Literal["text", "json_object"] = "text"
    json_schema: dict[str, Any] | None = None


class _Thinking(msgspec.Struct):
    type: Literal["enabled", "disabled"] = "enabled"
    token_budget: int | None = None


class _Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class _Body(msgspec.Struct):
    """The fields that are understood."""

    model: str
    messages: list[dict[str, Raw]]
    stream: bool | None = None
    tools: list[dict[str, Any]] | None = None
    strict_tools: bool | None = None
    tool_choice: Literal["REQUIRED", "NONE"] | None = None
    max_tokens: int | None = None
    stop_sequences: list[str] | None = None
    temperature: float | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    k: int | None = None
    p: float | None = None
    logprobs: bool | None = None
    response_format: _Format | None = None
    thinking: _Thinking | None = None


_KNOWN = frozenset(_Body.__struct_fields__)
_body = msgspec.json.Decoder(_Body)


def decode_request(wire: HttpRequest) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field, and the message where it is one's."""
    body, unknown = decoded(body_of(wire), _body, _KNOWN)
    if not body.messages:
        raise InputError("messages: must hold at least one message")
    strict = True if body.strict_tools else None
    return ChatRequest(
        model=body.model,
        messages=tuple([decode_message(fields, index) for index, fields in enumerate(body.messages)]),
        tools=tuple([_tool(tool, index, strict) for index, tool in enumerate(body.tools or ())]),
        tool_choice=_choice(body.tool_choice),
        temperature=body.temperature,
        top_p=body.p,
        top_k=body.k,
        frequency_penalty=body.frequency_penalty,
        presence_penalty=body.presence_penalty,
        seed=body.seed,
        stop=tuple(body.stop_sequences or ()),
        max_tokens=body.max_tokens,
        logprobs=body.logprobs or None,
        response_format=_format(body.response_format),
        reasoning=_reasoning(body.thinking),
        stream=bool(body.stream),
        include_usage=True if body.stream else None,
        foreign=kept(unknown),
    )


def _choice(word: str | None) -> ToolChoice | None:
    if word is None:
        return None
    return ToolChoice(mode="required" if word == "REQUIRED" else "none")


def _tool(tool: dict[str, Any], index: int, strict: bool | None) -> Tool:
    if tool.get("type", "function") != "function":
        return ServerTool(replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(tool))))
    try:
        function = msgspec.convert(tool.get("function"), _Function)
    except msgspec.ValidationError as error:
        raise InputError(named(str(error), f"tools[{index}].function")) from None
    schema = function.parameters
    return FunctionTool(
        name=function.name,
        description=function.description,
        parameters=None if schema == NO_PARAMETERS else schema,
        strict=strict,
    )


def _format(form: _Format | None) -> ResponseFormat | None:
    if form is None:
        return None
    if form.json_schema is not None:
        return ResponseFormat(type="json_schema", schema=form.json_schema)
    return ResponseFormat(type=form.type)


def _reasoning(thinking: _Thinking | None) -> Reasoning | None:
    if thinking is None:
        return None
    return Reasoning(enabled=thinking.type == "enabled", budget=thinking.token_budget)
