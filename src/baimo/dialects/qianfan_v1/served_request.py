"""Being the provider: this wire's request bodies to neutral requests.

What has no neutral word is kept and sent on to providers of this wire only. The wire has no ids of calls:
they are numbered as they come.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Message, ResponseFormat, Role
from baimo.types.content import Part, Replay, Text, Thinking, ToolCall, ToolResult
from baimo.types.tools import FunctionTool, Search, ServerTool, Tool, ToolChoice
from baimo.wire.http import HttpRequest

from .address import model_of
from .words import NAME, kept


class _Call(msgspec.Struct):
    name: str
    arguments: str = ""
    thoughts: str | None = None


class _Message(msgspec.Struct):
    role: Literal["user", "assistant", "function"]
    content: str | None = None
    name: str | None = None
    function_call: _Call | None = None


class _Named(msgspec.Struct):
    name: str


class _Choice(msgspec.Struct):
    function: _Named
    type: Literal["function"] = "function"


class _Body(msgspec.Struct):
    """The fields that are understood."""

    messages: list[dict[str, Raw]]
    system: str | None = None
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    penalty_score: float | None = None
    max_output_tokens: int | None = None
    stop: list[str] | None = None
    user_id: str | None = None
    functions: list[dict[str, Any]] | None = None
    tool_choice: _Choice | None = None
    response_format: Literal["text", "json_object"] | None = None
    disable_search: bool | None = None
    enable_citation: bool | None = None


_KNOWN = frozenset(_Body.__struct_fields__)
_KNOWN_OF_MESSAGE = frozenset(_Message.__struct_fields__)
_OF_FUNCTION = frozenset(("name", "description", "parameters"))
_body = msgspec.json.Decoder(_Body)
_message = msgspec.json.Decoder(_Message)
_fields = msgspec.json.Decoder(dict[str, Raw])


def decode_request(wire: HttpRequest) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field, and the message where it is one's."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        body = _body.decode(raw)
        foreign: dict[str, Any] = {k: v for k, v in _fields.decode(raw).items() if k not in _KNOWN}
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    for name, value, low, high in (
        ("temperature", body.temperature, 0.0, 1.0),
        ("top_p", body.top_p, 0.0, 1.0),
        ("penalty_score", body.penalty_score, 1.0, 2.0),
    ):
        if value is not None and not low <= value <= high:
            raise InputError(f"{name}: must be from {low:g} to {high:g}")
    search = Search() if body.enable_citation and body.disable_search is False else None
    if search is None:
        told = {"disable_search": body.disable_search, "enable_citation": body.enable_citation}
        foreign |= {name: value for name, value in told.items() if value is not None}
    choice = body.tool_choice
    return ChatRequest(
        model=model_of(wire.target),
        messages=_messages(body),
        tools=tuple([_tool(tool, index) for index, tool in enumerate(body.functions or ())]),
        tool_choice=ToolChoice(mode="required", allowed=(choice.function.name,)) if choice else None,
        temperature=body.temperature,
        top_p=body.top_p,
        repetition_penalty=body.penalty_score,
        max_tokens=body.max_output_tokens,
        stop=tuple(body.stop or ()),
        user=body.user_id,
        response_format=ResponseFormat(type=body.response_format) if body.response_format else None,
        search=search,
        stream=bool(body.stream),
        include_usage=True if body.stream else None,
        foreign=kept(foreign),
    )


def _messages(body: _Body) -> tuple[Message, ...]:
    found = [Message(role=Role.SYSTEM, content=(Text(text=body.system),))] if body.system else []
    open_calls: list[tuple[str, str]] = []
    for index, fields in enumerate(body.messages):
        try:
            known = {name: value for name, value in fields.items() if name in _KNOWN_OF_MESSAGE}
            told = _message.decode(msgspec.json.encode(known))
        except msgspec.ValidationError as error:
            raise InputError(named(str(error), f"messages[{index}]")) from None
        unknown = {name: value for name, value in fields.items() if name not in _KNOWN_OF_MESSAGE}
        found.append(_decoded(told, index, open_calls, kept(unknown)))
    return tuple(found)


def _decoded(told: _Message, index: int, open_calls: list[tuple[str, str]], replay: Replay | None) -> Message:
    words = Text(text=told.content or "")
    if told.role == "function":
        if not told.name:
            raise InputError(f"messages[{index}].name: is required")
        ident = next((call for call, name in open_calls if name == told.name), "")
        if not ident:
            raise InputError(f"messages[{index}].name: {told.name!r} was not called before")
        open_calls[:] = [one for one in open_calls if one[0] != ident]
        result = ToolResult(call_id=ident, content=(words,), name=told.name)
        return Message(role=Role.TOOL, content=(result,), replay=replay)
    parts: list[Part] = [words] if words.text or told.function_call is None else []
    call = told.function_call
    if call is not None:
        ident = f"call_{index}"
        open_calls.append((ident, call.name))
        if call.thoughts:
            parts.insert(0, Thinking(text=call.thoughts))
        parts.append(ToolCall(id=ident, name=call.name, arguments=call.arguments))
    return Message(role=Role(told.role), content=tuple(parts), replay=replay)


class _Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


def _tool(tool: dict[str, Any], index: int) -> Tool:
    try:
        function = msgspec.convert(tool, _Function)
    except msgspec.ValidationError as error:
        raise InputError(named(str(error), f"functions[{index}]")) from None
    if tool.keys() - _OF_FUNCTION:
        # Examples and a schema of what comes back: only this wire's own models read them.
        return ServerTool(replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(tool))))
    return FunctionTool(name=function.name, description=function.description, parameters=function.parameters)


def named(message: str, prefix: str = "") -> str:
    """A validation message with the path of the field in front."""
    text, _, path = message.partition(" - at ")
    found = re.search(r"`\$\.?(.*)`", path)
    name = found[1] if found else ""
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        name, text = (f"{name}.{missing[1]}" if name else missing[1]), "is required"
    return f"{'.'.join(filter(None, (prefix, name))) or 'the body'}: {text}"
