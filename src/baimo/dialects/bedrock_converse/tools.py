"""Tools, which of them may be used, and the search of the web, both ways."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.complaints import Complaints
from baimo.errors import InputError
from baimo.types.chat import ChatRequest
from baimo.types.content import Replay, ToolCall, ToolResult
from baimo.types.tools import FunctionTool, Search, ServerTool, Tool, ToolChoice

from .caching import cache_of, cache_point
from .quirks import Quirks
from .words import NAME

_NO_ARGUMENTS: dict[str, Any] = {"type": "object", "properties": {}}
_ANY_ARGUMENTS: dict[str, Any] = {"type": "object"}


def encode_tools(request: ChatRequest, quirks: Quirks, body: dict[str, Any], complaints: Complaints) -> None:
    """`toolConfig`. Raises InputError for a choice of what is not offered."""
    tools = request.tools
    choice: dict[str, Any] | None = None
    if request.tool_choice is not None:
        tools, choice = _chosen(request, request.tool_choice, complaints)
    entries: list[dict[str, Any]] = []
    for tool in tools:
        _tool(tool, entries, complaints)
    if request.search is not None:
        _search(request.search, quirks, entries, complaints)
    if not entries:
        entries = [_spec(name, _ANY_ARGUMENTS) for name in _called(request)]
        if entries:
            complaints.emulated(
                "the tools that were called before are offered once more, for a conversation with calls must "
                "offer tools here"
            )
    if request.parallel_tool_calls is False:
        complaints.cannot("to call one tool at a time")
    if entries:
        body["toolConfig"] = {"tools": entries} | ({"toolChoice": choice} if choice else {})


def _chosen(
    request: ChatRequest, choice: ToolChoice, complaints: Complaints
) -> tuple[tuple[Tool, ...], dict[str, Any] | None]:
    """The tools to offer, and the wire's word for how they may be used."""
    named = {tool.name: tool for tool in request.tools if isinstance(tool, FunctionTool)}
    for name in choice.allowed:
        if name not in named:
            raise InputError(f"tool_choice names {name!r}, which is not among the tools")
    if choice.mode == "none":
        if _called(request):
            complaints.cannot("to call no tool in a conversation that has calls", "it must offer their tools")
            return request.tools, None
        if request.tools:
            complaints.emulated("tool_choice 'none': no tools were offered")
        return (), None
    if not request.tools:
        raise InputError(f"tool_choice is {choice.mode!r}, but there are no tools")
    if choice.mode == "required" and len(choice.allowed) == 1:
        return request.tools, {"tool": {"name": choice.allowed[0]}}
    tools = request.tools
    if choice.allowed:
        complaints.emulated("tool_choice: only the allowed tools were offered")
        tools = tuple([named[name] for name in choice.allowed])
    return tools, {"any": {}} if choice.mode == "required" else {"auto": {}}


def _called(request: ChatRequest) -> list[str]:
    """The names of the tools that the conversation has calls or results of."""
    names: dict[str, None] = {}
    for message in request.messages:
        for part in message.content:
            if isinstance(part, (ToolCall, ToolResult)) and part.name:
                names[part.name] = None
    return list(names)


def _tool(tool: Tool, entries: list[dict[str, Any]], complaints: Complaints) -> None:
    if isinstance(tool, FunctionTool):
        spec = _spec(tool.name, _NO_ARGUMENTS if tool.parameters is None else tool.parameters)
        if tool.description:
            spec["toolSpec"]["description"] = tool.description
        if tool.strict is not None:
            spec["toolSpec"]["strict"] = tool.strict
        entries.append(spec)
        if tool.cache is not None:
            entries += cache_point(tool.cache, complaints)
    elif isinstance(tool, ServerTool) and tool.replay.dialect == NAME:
        entries.append(msgspec.json.decode(tool.replay.json))
    elif isinstance(tool, ServerTool):
        complaints.cannot(f"a tool in the words of {tool.replay.dialect}")
    else:
        complaints.cannot("a tool that is no function")


def _spec(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"toolSpec": {"name": name, "inputSchema": {"json": schema}}}


def _search(search: Search, quirks: Quirks, entries: list[dict[str, Any]], complaints: Complaints) -> None:
    """Search by the model's own system tool, which takes no settings."""
    if not quirks.search_tool:
        complaints.cannot("to search the web with this model")
        return
    for name in Search.__struct_fields__:
        if getattr(search, name):
            complaints.cannot(f"search.{name}")
    entries.append({"systemTool": {"name": quirks.search_tool}})


class _Schema(msgspec.Struct):
    json: dict[str, Any]


class _Spec(msgspec.Struct, rename="camel"):
    name: str
    input_schema: _Schema
    description: str | None = None
    strict: bool | None = None


def decode_tools(config: dict[str, Any]) -> dict[str, Any]:
    """Being the provider: the request's fields for `toolConfig`. Raises msgspec.ValidationError or
    InputError."""
    tools: list[Tool] = []
    for index, entry in enumerate(config.get("tools", ())):
        if "cachePoint" in entry and tools and isinstance(tools[-1], FunctionTool):
            cache = cache_of(entry["cachePoint"])
            if cache is not None and tools[-1].cache is None:
                tools[-1] = msgspec.structs.replace(tools[-1], cache=cache)
                continue
        if "toolSpec" in entry:
            spec = msgspec.convert(entry["toolSpec"], _Spec)
            tools.append(
                FunctionTool(
                    name=spec.name,
                    description=spec.description,
                    parameters=spec.input_schema.json,
                    strict=spec.strict,
                )
            )
        elif entry:
            tools.append(ServerTool(replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(entry)))))
        else:
            raise InputError(f"toolConfig.tools[{index}]: holds none of toolSpec, systemTool, cachePoint")
    return {"tools": tuple(tools), "tool_choice": _choice(config.get("toolChoice"))}


def _choice(given: Any) -> ToolChoice | None:
    if given is None:
        return None
    if isinstance(given, dict):
        if "auto" in given:
            return ToolChoice(mode="auto")
        if "any" in given:
            return ToolChoice(mode="required")
        tool = given.get("tool")
        if isinstance(tool, dict) and isinstance(tool.get("name"), str):
            return ToolChoice(mode="required", allowed=(tool["name"],))
    raise InputError("toolConfig.toolChoice: must hold auto, any, or tool with a name")
