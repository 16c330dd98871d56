"""Being the provider: this wire's request bodies to neutral requests.

Fields without a neutral word (masking, settings of roles) are kept and sent on to this wire only.
"""

from __future__ import annotations

import re
from binascii import Error as BadBase64
from binascii import a2b_base64
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Raw

from baimo.dialect.think import ThinkSplitter
from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import Image, Opaque, Part, Replay, Text, Thinking, ToolCall, ToolResult
from baimo.types.tools import FunctionTool, Search, ServerTool, Tool, ToolChoice
from baimo.wire.http import HttpRequest

from .words import IN_CONTENT, NAME

Json: TypeAlias = dict[str, Any]

_ROLES = {
    "system": Role.SYSTEM,
    "user_system": Role.SYSTEM,
    "group": Role.SYSTEM,
    "user": Role.USER,
    "sample_message_user": Role.USER,
    "assistant": Role.ASSISTANT,
    "sample_message_ai": Role.ASSISTANT,
    "tool": Role.TOOL,
}
"""The roles; those of models that play parts beside the usual ones."""


class _Function(msgspec.Struct):
    name: str
    parameters: Json | str | None = None
    description: str | None = None


class _Call(msgspec.Struct):
    id: str
    function: _Named


class _Named(msgspec.Struct):
    name: str
    arguments: str = ""


class _Message(msgspec.Struct):
    """The fields of a message that are understood."""

    role: str
    content: str | list[Json] | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[_Call] | None = None
    reasoning_content: str | None = None


class _Schema(msgspec.Struct):
    name: str
    schema: Json | None = None
    description: str | None = None


class _Format(msgspec.Struct):
    type: Literal["json_schema"]
    json_schema: _Schema


class _Thinking(msgspec.Struct):
    type: Literal["adaptive", "disabled"]


class _StreamOptions(msgspec.Struct):
    include_usage: bool = False


class _Body(msgspec.Struct):
    """The fields that are understood."""

    model: str
    messages: list[dict[str, Raw]]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    tools: list[Json] | None = None
    tool_choice: Literal["none", "auto"] | None = None
    response_format: _Format | None = None
    thinking: _Thinking | None = None
    service_tier: str | None = None


_KNOWN = frozenset(_Body.__struct_fields__)
_KNOWN_OF_MESSAGE = frozenset(_Message.__struct_fields__)
_body = msgspec.json.Decoder(_Body)
_fields = msgspec.json.Decoder(dict[str, Raw])


def decode_request(wire: HttpRequest) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field, and the message where it is one's."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        body = _body.decode(raw)
        unknown = {name: value for name, value in _fields.decode(raw).items() if name not in _KNOWN}
    except msgspec.ValidationError as error:
        raise InputError(_told(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    if not body.messages:
        raise InputError("messages: is empty")
    _require_above_zero("temperature", body.temperature, 2)
    _require_above_zero("top_p", body.top_p, 1)
    entries = [_tool(tool, f"tools[{index}]") for index, tool in enumerate(body.tools or ())]
    tools = tuple([tool for tool in entries if tool is not None])
    limit, thinking = body.max_completion_tokens, body.thinking
    return ChatRequest(
        model=body.model,
        messages=tuple([_message(fields, index) for index, fields in enumerate(body.messages)]),
        tools=tools,
        tool_choice=None if body.tool_choice is None else ToolChoice(mode=body.tool_choice),
        search=Search() if len(tools) < len(entries) else None,
        temperature=body.temperature,
        top_p=body.top_p,
        max_tokens=body.max_tokens if limit is None else limit,
        response_format=_format(body.response_format),
        reasoning=None if thinking is None else Reasoning(enabled=thinking.type == "adaptive"),
        service_tier=body.service_tier,
        stream=bool(body.stream),
        include_usage=bool(body.stream_options and body.stream_options.include_usage)
        if body.stream
        else None,
        foreign=Replay(dialect=NAME, json=Raw(msgspec.json.encode(unknown))) if unknown else None,
    )


def _require_above_zero(name: str, value: float | None, most: float) -> None:
    if value is not None and not 0 < value <= most:
        raise InputError(f"{name}: must be above 0 and at most {most}")


def _format(form: _Format | None) -> ResponseFormat | None:
    if form is None:
        return None
    schema = form.json_schema
    return ResponseFormat(
        type="json_schema", name=schema.name, schema=schema.schema, description=schema.description
    )


def _tool(tool: Json, where: str) -> Tool | None:
    """One tool of a body; None for the search, which is no tool of ours."""
    kind = tool.get("type")
    if kind == "web_search" and tool.keys() == {"type"}:
        return None
    if kind != "function":
        if not isinstance(kind, str):
            raise InputError(f"{where}.type: is required")
        return ServerTool(replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(tool))))
    function: _Function = _converted(tool.get("function"), _Function, f"{where}.function")
    schema = function.parameters
    if isinstance(schema, str):
        try:
            schema = msgspec.json.decode(schema, type=Json) if schema.strip() else None
        except msgspec.MsgspecError:
            raise InputError(f"{where}.function.parameters: must be a JSON object") from None
    return FunctionTool(name=function.name, description=function.description, parameters=schema)


def _message(fields: dict[str, Raw], index: int) -> Message:
    where = f"messages[{index}]"
    known = {name: msgspec.json.decode(v) for name, v in fields.items() if name in _KNOWN_OF_MESSAGE}
    wire: _Message = _converted(known, _Message, where)
    role = _ROLES.get(wire.role)
    if role is None:
        raise InputError(f"{where}.role: must be one of {', '.join(_ROLES)}")
    kept: dict[str, Any] = {name: v for name, v in fields.items() if name not in _KNOWN_OF_MESSAGE}
    if wire.role != role.value:
        kept["role"] = wire.role
    if role is Role.TOOL:
        if not wire.tool_call_id:
            raise InputError(f"{where}.tool_call_id: is required")
        texts = [part for part in _content(wire.content, where) if isinstance(part, Text)]
        parts: list[Part] = [ToolResult(call_id=wire.tool_call_id, content=tuple(texts), name=wire.name)]
    else:
        parts = _answer(wire, where) if role is Role.ASSISTANT else _content(wire.content, where)
    return Message(
        role=role,
        content=tuple(parts),
        name=wire.name if role is not Role.TOOL else None,
        replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(kept))) if kept else None,
    )


def _answer(wire: _Message, where: str) -> list[Part]:
    """An earlier answer, its reasoning in a field of its own or between tags."""
    parts: list[Part] = []
    content = wire.content
    if wire.reasoning_content:
        parts.append(Thinking(text=wire.reasoning_content))
    if isinstance(content, str) and content.startswith("<think>"):
        splitter = ThinkSplitter()
        pieces = splitter.feed(content) + splitter.end()
        tagged = Replay(dialect=NAME, json=Raw(msgspec.json.encode({IN_CONTENT: True})))
        parts.append(Thinking(text="".join([text for thinks, text in pieces if thinks]), replay=tagged))
        content = "".join([text for thinks, text in pieces if not thinks])
    if content or not (wire.tool_calls or parts):
        parts += _content(content, where)
    for call in wire.tool_calls or ():
        parts.append(ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments))
    return parts


def _content(content: str | list[Json] | None, where: str) -> list[Part]:
    if isinstance(content, list):
        return [_part(part, f"{where}.content[{number}]") for number, part in enumerate(content)]
    return [Text(text=content or "")]


def _part(entry: Json, where: str) -> Part:
    kind = entry.get("type")
    if kind == "text":
        return Text(text=_converted(entry.get("text"), str, f"{where}.text"))
    if kind == "image_url":
        image = entry.get("image_url")
        url = _converted(image.get("url") if isinstance(image, dict) else image, str, f"{where}.image_url")
        if not url.startswith("data:"):
            return Image(url=url)
        head, _, data = url.partition(",")
        try:
            content = a2b_base64(data, strict_mode=True)
        except (BadBase64, ValueError):
            raise InputError(f"{where}.image_url: is no valid base64") from None
        return Image(data=content, media_type=head.removeprefix("data:").partition(";")[0] or None)
    if not isinstance(kind, str):
        raise InputError(f"{where}.type: is required")
    return Opaque(dialect=NAME, json=Raw(msgspec.json.encode(entry)))


def _converted(value: Any, kind: Any, where: str) -> Any:
    """A value of that type. Raises InputError naming the field."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InputError(_told(str(error), where)) from None


def _told(message: str, prefix: str = "") -> str:
    """A validation message with the path of the field in front."""
    text, _, path = message.partition(" - at ")
    found = re.search(r"`\$\.?(.*)`", path)
    name = found[1] if found else ""
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        name = f"{name}.{missing[1]}" if name else missing[1]
        text = "is required"
    where = f"{prefix}.{name}" if prefix and name else prefix or name or "the body"
    return f"{where}: {text}"
