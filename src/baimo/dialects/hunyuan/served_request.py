"""Being the provider: this wire's request bodies to neutral requests.

What has no neutral word (search, citations, plugins of the service) is kept and sent on to providers of this
wire only.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Reasoning
from baimo.types.content import Replay
from baimo.types.tools import FunctionTool, ServerTool, Tool, ToolChoice
from baimo.wire.http import HttpRequest

from .served_message import Json, converted, decode_message, named
from .words import NAME

MOST_MESSAGES = 40


class _Function(msgspec.Struct, rename="pascal"):
    name: str
    parameters: str = ""
    description: str | None = None


class _Body(msgspec.Struct, rename="pascal"):
    """The fields that are understood."""

    model: str
    messages: list[dict[str, Raw]]
    stream: bool | None = None
    top_p: float | None = None
    temperature: float | None = None
    seed: int | None = None
    stop: list[str] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Literal["none", "auto", "custom"] | None = None
    custom_tool: dict[str, Any] | None = None
    enable_thinking: bool | None = None


_KNOWN = frozenset(field.encode_name for field in msgspec.structs.fields(_Body))
_body = msgspec.json.Decoder(_Body)
_schema = msgspec.json.Decoder(dict[str, Any])
_fields = msgspec.json.Decoder(dict[str, Raw])


def decode_request(wire: HttpRequest) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field, and the message where it is one's."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        body = _body.decode(raw)
        unknown = {name: value for name, value in _fields.decode(raw).items() if name not in _KNOWN}
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    if not 1 <= len(body.messages) <= MOST_MESSAGES:
        raise InputError(f"Messages: holds {len(body.messages)}, from 1 to {MOST_MESSAGES} are allowed")
    _require_within("TopP", body.top_p, 0, 1)
    _require_within("Temperature", body.temperature, 0, 2)
    _require_within("Seed", body.seed, 1, 10000)
    tools, choice = _tools(body)
    on = body.enable_thinking
    return ChatRequest(
        model=body.model,
        messages=tuple([decode_message(fields, index) for index, fields in enumerate(body.messages)]),
        tools=tools,
        tool_choice=choice,
        temperature=body.temperature,
        top_p=body.top_p,
        seed=body.seed,
        stop=tuple(body.stop or ()),
        reasoning=None if on is None else Reasoning(enabled=on),
        stream=bool(body.stream),
        include_usage=True if body.stream else None,
        foreign=Replay(dialect=NAME, json=Raw(msgspec.json.encode(unknown))) if unknown else None,
    )


def _require_within(name: str, value: float | None, low: float, high: float) -> None:
    """The words are those of the service."""
    if value is not None and value > high:
        raise InputError(f"{name} must be {high} or less")
    if value is not None and value < low:
        raise InputError(f"{name} must be {low} or greater")


def _tools(body: _Body) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    """The tools, and which of them may be used; a forced one is offered even where it stands alone."""
    tools = [_tool(tool, f"Tools[{index}]") for index, tool in enumerate(body.tools or ())]
    if body.tool_choice is None:
        return tuple(tools), None
    if body.tool_choice != "custom":
        return tuple(tools), ToolChoice(mode=body.tool_choice)
    if body.custom_tool is None:
        raise InputError("CustomTool: is required where ToolChoice is custom")
    forced = _tool(body.custom_tool, "CustomTool")
    if not isinstance(forced, FunctionTool):
        raise InputError("CustomTool.Type: must be function")
    if forced.name not in [tool.name for tool in tools if isinstance(tool, FunctionTool)]:
        tools.append(forced)
    return tuple(tools), ToolChoice(mode="required", allowed=(forced.name,))


def _tool(tool: Json, where: str) -> Tool:
    if tool.get("Type") != "function":
        if not isinstance(tool.get("Type"), str):
            raise InputError(f"{where}.Type: is required")
        return ServerTool(replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(tool))))
    function: _Function = converted(tool.get("Function"), _Function, f"{where}.Function")
    schema = None
    if function.parameters.strip():
        try:
            schema = _schema.decode(function.parameters)
        except msgspec.MsgspecError:
            raise InputError(f"{where}.Function.Parameters: must be a JSON object in a string") from None
    return FunctionTool(name=function.name, description=function.description, parameters=schema)
