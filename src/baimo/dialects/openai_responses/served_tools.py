"""Being the provider: a caller's tools, and which of them may be used."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.content import Replay
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, Tool, ToolChoice

from .served_fields import Json, mapping, named, string
from .words import NAME


class _Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


class _Grammar(msgspec.Struct):
    type: str
    definition: str | None = None
    syntax: Any = None


class _Custom(msgspec.Struct):
    name: str
    description: str | None = None
    format: _Grammar | None = None


_OWN = {
    "function": frozenset(("type", *_Function.__struct_fields__)),
    "custom": frozenset(("type", *_Custom.__struct_fields__)),
}


def decode_tool(tool: Any, index: int, fields: dict[str, Json]) -> Tool:
    """One tool of a body; what of it has no neutral name is laid into `fields`. Raises InputError naming it
    and the field."""
    where = f"tools[{index}]"
    kind = string(mapping(tool, where), "type", where)
    if kind not in _OWN:
        return ServerTool(replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(tool))))
    try:
        known = msgspec.convert(tool, _Function) if kind == "function" else msgspec.convert(tool, _Custom)
    except msgspec.ValidationError as error:
        raise InputError(named(str(error), where)) from None
    unknown = {name: value for name, value in tool.items() if name not in _OWN[kind]}
    if unknown:
        fields[known.name] = unknown
    if isinstance(known, _Function):
        return FunctionTool(
            name=known.name,
            description=known.description,
            parameters=known.parameters,
            strict=known.strict,
        )
    form = known.format or _Grammar(type="text")
    return CustomTool(
        name=known.name,
        description=known.description,
        grammar=form.definition,
        syntax=form.syntax if form.syntax in ("lark", "regex") else None,
    )


def decode_choice(choice: Any) -> ToolChoice | None:
    """Which tools may be used; None for a choice that has no neutral form. Raises InputError naming the
    field."""
    if choice in ("none", "auto", "required"):
        return ToolChoice(mode=choice)
    fields = mapping(choice, "tool_choice")
    kind = fields.get("type")
    if kind in ("function", "custom"):
        return ToolChoice(mode="required", allowed=(string(fields, "name", "tool_choice"),))
    if kind == "allowed_tools":
        entries = fields.get("tools")
        tools = [mapping(one, "tool_choice.tools") for one in entries] if isinstance(entries, list) else []
        if tools and all(one.get("type") in ("function", "custom") for one in tools):
            names = tuple([string(one, "name", "tool_choice.tools") for one in tools])
            return ToolChoice(mode="required" if fields.get("mode") == "required" else "auto", allowed=names)
    if not isinstance(kind, str):
        raise InputError("tool_choice: must be none, auto, required or name a tool")
    return None
