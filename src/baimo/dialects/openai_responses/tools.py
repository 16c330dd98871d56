"""Neutral tools, the choice among them, and searching to this wire's flat forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.errors import InputError
from baimo.types.chat import ChatRequest
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, Tool, ToolChoice

from .quirks import Quirks
from .words import NAME


class ToolEncoder:
    """Encodes the tools of one request. `own`: it came by this wire, whose silence keeps its meaning."""

    def __init__(
        self, quirks: Quirks, complaints: Complaints, fields: Mapping[str, dict[str, Any]], *, own: bool
    ) -> None:
        self._quirks = quirks
        self._complaints = complaints
        self._fields = fields
        self._own = own

    def encode(self, request: ChatRequest, body: dict[str, Any]) -> None:
        """Lay tools and choice into a body."""
        tools, choice = request.tools, request.tool_choice
        if choice is not None and choice.mode == "required" and not tools:
            self._complaints.cannot("tool_choice 'required'", "no tools are offered")
            choice = None
        wire_choice = None if choice is None else self._choice(choice, tools)
        offered = [entry for tool in tools if (entry := self._tool(tool)) is not None]
        if request.search is not None:
            found = self._search(request.search, body)
            if found is not None:
                offered.append(found)
                if request.search.required and wire_choice is None:
                    wire_choice = {"type": found["type"]}
        if not offered:
            return
        body["tools"] = offered
        if wire_choice is not None:
            body["tool_choice"] = wire_choice
        if request.parallel_tool_calls is not None:
            if "parallel_tool_calls" in self._quirks.refused:
                self._complaints.cannot("parallel_tool_calls")
            else:
                body["parallel_tool_calls"] = request.parallel_tool_calls

    def _tool(self, tool: Tool) -> dict[str, Any] | None:
        if isinstance(tool, FunctionTool):
            return self._function(tool)
        if isinstance(tool, CustomTool):
            if "custom_tools" in self._quirks.refused:
                self._complaints.cannot(f"the custom tool {tool.name!r}")
                return None
            return {**_custom(tool), **self._fields.get(tool.name, {})}
        if tool.replay.dialect != NAME:
            self._complaints.cannot("a server tool", f"it is one of the dialect {tool.replay.dialect!r}")
            return None
        entry: dict[str, Any] = msgspec.json.decode(tool.replay.json)
        return entry

    def _function(self, tool: FunctionTool) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "function", "name": tool.name}
        if tool.description is not None:
            entry["description"] = tool.description
        if tool.parameters is not None or not self._own:
            entry["parameters"] = tool.parameters
        if tool.strict is not None or not self._own:
            # This wire holds a tool to its schema unless it is told not to; neutrally, silence means no.
            entry["strict"] = bool(tool.strict)
        if tool.cache is not None:
            self._complaints.cannot(f"a cache mark on the tool {tool.name!r}")
        entry.update(self._fields.get(tool.name, {}))
        return entry

    def _choice(self, choice: ToolChoice, tools: tuple[Tool, ...]) -> Any:
        named = {tool.name: tool for tool in tools if not isinstance(tool, ServerTool)}
        for name in choice.allowed:
            if name not in named:
                raise InputError(f"tool_choice names {name!r}, which is not among the tools")
        if not choice.allowed:
            return choice.mode
        entries = [{"type": _kind(named[name]), "name": name} for name in choice.allowed]
        if choice.mode == "required" and len(entries) == 1:
            return entries[0]
        if choice.mode == "none":
            return "none"
        return {"type": "allowed_tools", "mode": choice.mode, "tools": entries}

    def _search(self, search: Search, body: dict[str, Any]) -> dict[str, Any] | None:
        """The tool by which the provider searches the web."""
        if not self._quirks.search_tool:
            self._complaints.cannot("search")
            return None
        entry: dict[str, Any] = {"type": self._quirks.search_tool}
        filters: dict[str, Any] = {}
        if search.allowed_domains:
            filters["allowed_domains"] = search.allowed_domains
        if search.blocked_domains:
            if self._quirks.blocked_sites:
                filters[self._quirks.blocked_sites] = search.blocked_domains
            else:
                self._complaints.cannot("which sites not to search")
        if filters:
            entry["filters"] = filters
        if search.context_size is not None:
            entry["search_context_size"] = search.context_size
        if search.country is not None:
            entry["user_location"] = {"type": "approximate", "country": search.country}
        if search.max_uses is not None:
            body["max_tool_calls"] = search.max_uses
        if search.max_results is not None:
            self._complaints.cannot("how many pages a search gives")
        return entry


def _kind(tool: FunctionTool | CustomTool) -> str:
    return "custom" if isinstance(tool, CustomTool) else "function"


def _custom(tool: CustomTool) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "custom", "name": tool.name}
    if tool.description is not None:
        entry["description"] = tool.description
    if tool.grammar is not None:
        entry["format"] = {"type": "grammar", "syntax": tool.syntax or "lark", "definition": tool.grammar}
    return entry
