"""Being the provider: `tools` and `toolConfig` to neutral tools; what has no neutral name is kept apart."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.content import Replay
from baimo.types.tools import FunctionTool, Search, ServerTool, Tool, ToolChoice

from .schemas import decode_schema
from .words import FUNCTIONS, NAME, camel

_MODES: dict[str, Any] = {"AUTO": "auto", "ANY": "required", "NONE": "none", "VALIDATED": "auto"}
_DECLARED = ("name", "description", "parameters", "parametersJsonSchema")


def decode_tools(tools: Any, config: Any, foreign: dict[str, Any]) -> dict[str, Any]:
    """Neutral fields of a request. Raises InputError naming a field of the wrong type."""
    if tools is not None and not isinstance(tools, (list, dict)):
        raise InputError("tools: must be a list")
    found: list[Tool] = []
    fields: dict[str, Any] = {}
    functions: dict[str, Any] = {}
    for index, tool in enumerate([tools] if isinstance(tools, dict) else tools or ()):
        if not isinstance(tool, dict):
            raise InputError(f"tools[{index}]: must be an object")
        for name, value in camel(tool).items():
            if name == "functionDeclarations":
                found += _declared(value, f"tools[{index}].functionDeclarations", functions)
            elif name == "googleSearch" and (search := _search(value)) is not None:
                fields["search"] = search
            else:
                json = Raw(msgspec.json.encode({name: value}))
                found.append(ServerTool(replay=Replay(dialect=NAME, json=json)))
    if functions:
        foreign[FUNCTIONS] = functions
    choice = _choice(config, foreign)
    if choice is not None:
        fields["tool_choice"] = choice
    return {"tools": tuple(found), **fields}


def _declared(value: Any, where: str, functions: dict[str, Any]) -> list[Tool]:
    entries = [value] if isinstance(value, dict) else value
    if not isinstance(entries, list):
        raise InputError(f"{where}: must be a list")
    found: list[Tool] = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise InputError(f"{where}[{number}].name: is required")
        wire = camel(entry)
        schema = wire.get("parametersJsonSchema")
        if schema is None and wire.get("parameters") is not None:
            schema = decode_schema(wire["parameters"])
        if schema is not None and not isinstance(schema, dict):
            raise InputError(f"{where}[{number}].parameters: must be an object")
        said = wire.get("description")
        found.append(
            FunctionTool(
                name=wire["name"], description=said if isinstance(said, str) else None, parameters=schema
            )
        )
        rest = {name: given for name, given in wire.items() if name not in _DECLARED}
        if rest:
            functions[wire["name"]] = rest
    return found


def _search(value: Any) -> Search | None:
    """The search that this asks for; None where it says what has no neutral name."""
    wire = camel(value) if isinstance(value, dict) else {"": value}
    if not wire:
        return Search()
    sites = wire.get("excludeDomains")
    if set(wire) == {"excludeDomains"} and isinstance(sites, list) and all(isinstance(s, str) for s in sites):
        return Search(blocked_domains=tuple(sites))
    return None


def _choice(config: Any, foreign: dict[str, Any]) -> ToolChoice | None:
    if config is None:
        return None
    if not isinstance(config, dict):
        raise InputError("toolConfig: must be an object")
    wire = camel(config)
    calling = wire.pop("functionCallingConfig", None)
    choice = None
    if isinstance(calling, dict):
        told = camel(calling)
        mode, allowed = told.get("mode"), told.pop("allowedFunctionNames", None)
        names = (
            tuple([name for name in allowed if isinstance(name, str)]) if isinstance(allowed, list) else ()
        )
        if mode in _MODES:
            choice = ToolChoice(mode=_MODES[mode], allowed=names)
            if mode != "VALIDATED" or names:
                del told["mode"]
        if told:
            wire["functionCallingConfig"] = told
    if wire:
        foreign["toolConfig"] = wire
    return choice
