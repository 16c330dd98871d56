"""Tools: what a request offers, which of them may be called, and the provider's own search."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.errors import InputError
from baimo.types.chat import ChatRequest
from baimo.types.tools import FunctionTool, Search, ServerTool, ToolChoice

from .parts import laid_over
from .quirks import Quirks
from .schemas import Narrowing
from .words import NAME

_fields = msgspec.json.Decoder(dict[str, Any])


def encode_tools(
    request: ChatRequest, functions: dict[str, Any], quirks: Quirks, complaints: Complaints
) -> dict[str, Any]:
    """`tools` and `toolConfig` of a body. `functions` holds a caller's own fields of declarations by name."""
    declared: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for tool in request.tools:
        if isinstance(tool, FunctionTool):
            declared.append(laid_over(declaration(tool, quirks, complaints), functions.get(tool.name, {})))
        elif isinstance(tool, ServerTool) and tool.replay.dialect == NAME:
            others.append(_fields.decode(tool.replay.json))
        else:
            what = f"a tool of {tool.replay.dialect}" if isinstance(tool, ServerTool) else "a custom tool"
            complaints.cannot(what)
    tools: list[dict[str, Any]] = [{"functionDeclarations": declared}] if declared else []
    tools += others
    if request.search is not None:
        tools.append({"googleSearch": _search(request.search, quirks, complaints)})
    body: dict[str, Any] = {"tools": tools} if tools else {}
    calling = _calling(request, complaints)
    if calling:
        body["toolConfig"] = {"functionCallingConfig": calling}
    if request.parallel_tool_calls is False:
        complaints.cannot("to call one tool at a time")
    return body


def declaration(tool: FunctionTool, quirks: Quirks, complaints: Complaints) -> dict[str, Any]:
    """One function."""
    if tool.cache is not None:
        complaints.cannot("what to cache", "it does so by itself")
    wire: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        wire["description"] = tool.description
    if tool.parameters is None:
        return wire
    if quirks.schemas == "json_schema":
        wire["parametersJsonSchema"] = tool.parameters
    elif tool.parameters.get("properties"):
        wire["parameters"] = narrowed(tool.parameters, f"the schema of {tool.name!r}", complaints)
    return wire


def narrowed(schema: dict[str, Any], what: str, complaints: Complaints) -> dict[str, Any]:
    """A schema in the subset, with a note of what had no place in it."""
    narrowing = Narrowing(schema)
    found = narrowing.narrowed()
    if narrowing.lost:
        complaints.note(
            "narrowed", f"{what} was sent without {', '.join(narrowing.lost)}, which have no place"
        )
    return found


def _calling(request: ChatRequest, complaints: Complaints) -> dict[str, Any]:
    """How functions may be called. VALIDATED is AUTO that holds to schemas, or to some of the functions."""
    choice: ToolChoice | None = request.tool_choice
    offered = [tool for tool in request.tools if isinstance(tool, FunctionTool)]
    is_strict = any(tool.strict for tool in offered)
    if choice is None:
        return {"mode": "VALIDATED"} if is_strict else {}
    names = {tool.name for tool in offered}
    for name in choice.allowed:
        if name not in names:
            raise InputError(f"tool_choice names {name!r}, which is not among the tools")
    if choice.mode == "none":
        return {"mode": "NONE"}
    free = "VALIDATED" if is_strict or choice.allowed else "AUTO"
    mode = "ANY" if choice.mode == "required" else free
    return {"mode": mode, **({"allowedFunctionNames": list(choice.allowed)} if choice.allowed else {})}


def _search(search: Search, quirks: Quirks, complaints: Complaints) -> dict[str, Any]:
    wire: dict[str, Any] = {}
    if search.blocked_domains:
        if quirks.exclude_domains:
            wire["excludeDomains"] = list(search.blocked_domains)
        else:
            complaints.cannot("which sites to leave out of a search")
    for asked, what in (
        (search.required, "that it must search: its models choose"),
        (search.max_uses, "how often to search"),
        (search.max_results, "how many pages to find"),
        (search.context_size, "how much of what was found to read"),
        (search.allowed_domains, "which sites to search"),
        (search.country, "where its user is"),
    ):
        if asked:
            complaints.cannot(what)
    return wire
