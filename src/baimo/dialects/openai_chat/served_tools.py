"""Being the provider: a caller's tools, and which of them may be used."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.content import Replay
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, Tool, ToolChoice

from .finish import NAME
from .served_fields import Json, cache_of, mapping, named, string


class _Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


def decode_tool(tool: Json, index: int) -> Tool:
    """One tool of a body. Raises InputError naming it and the field."""
    where, kind = f"tools[{index}]", tool.get("type", "function" if "function" in tool else None)
    if kind == "function":
        try:
            function = msgspec.convert(tool.get("function"), _Function)
        except msgspec.ValidationError as error:
            raise InputError(named(str(error), f"{where}.function")) from None
        return FunctionTool(
            name=function.name,
            description=function.description,
            parameters=function.parameters,
            strict=function.strict,
            cache=cache_of(tool),
        )
    if kind == "custom":
        custom = mapping(tool.get("custom"), f"{where}.custom")
        form = custom.get("format")
        grammar = form.get("grammar") if isinstance(form, dict) else None
        grammar = grammar if isinstance(grammar, dict) else {}
        return CustomTool(
            name=string(custom, "name", f"{where}.custom"),
            description=custom.get("description"),
            grammar=grammar.get("definition"),
            syntax=grammar.get("syntax"),
        )
    if not isinstance(kind, str):
        raise InputError(f"{where}.type: is required")
    return ServerTool(replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(tool))))


def decode_choice(choice: Any) -> ToolChoice | None:
    """Which tools may be used. Raises InputError naming the field."""
    if choice is None:
        return None
    if choice in ("none", "auto", "required"):
        return ToolChoice(mode=choice)
    if choice == "any":
        return ToolChoice(mode="required")
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind == "allowed_tools":
        allowed = mapping(choice.get(kind), "tool_choice.allowed_tools")
        entries = [mapping(entry, "tool_choice.allowed_tools.tools") for entry in allowed.get("tools") or ()]
        names = tuple([_named_tool(entry) for entry in entries])
        return ToolChoice(mode="required" if allowed.get("mode") == "required" else "auto", allowed=names)
    if kind in ("function", "custom"):
        return ToolChoice(mode="required", allowed=(_named_tool(choice),))
    raise InputError("tool_choice: must be none, auto, required or name a tool")


def _named_tool(entry: Json) -> str:
    kind = str(entry.get("type"))
    return string(mapping(entry.get(kind), f"tool_choice.{kind}"), "name", f"tool_choice.{kind}")
