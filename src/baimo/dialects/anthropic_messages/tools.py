"""Tools, which of them may be used, and the provider's own search of the web."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.errors import InputError
from baimo.types.chat import ChatRequest
from baimo.types.tools import FunctionTool, Search, ServerTool, Tool, ToolChoice

from .messages import MessageEncoder
from .quirks import Quirks
from .words import NAME, SEARCH, TOOLS

_MODES = {"none": "none", "auto": "auto", "required": "any"}
_NO_ARGUMENTS: dict[str, Any] = {"type": "object", "properties": {}}


class ToolEncoder:
    """Encodes the tools of one request. `own` is what a caller of this wire said besides."""

    def __init__(
        self, quirks: Quirks, complaints: Complaints, messages: MessageEncoder, own: dict[str, Any]
    ) -> None:
        self._quirks = quirks
        self._complaints = complaints
        self._messages = messages
        self._fields: dict[str, Any] = own.get(TOOLS, {})
        self._search: dict[str, Any] | None = own.get(SEARCH)

    def encode(self, request: ChatRequest, body: dict[str, Any]) -> None:
        """Lay `tools` and `tool_choice` into the body."""
        tools, choice = request.tools, request.tool_choice
        if tools and "tools" in self._quirks.refused:
            self._complaints.cannot("tools")
            tools, choice = (), None
        if choice is not None:
            tools = self._allowed(choice, tools)
        offered = [entry for entry in map(self._tool, tools) if entry is not None]
        if request.search is not None:
            self._add_search(request.search, offered)
        if not offered:
            if choice is not None and choice.mode == "required":
                self._complaints.cannot("tool_choice 'required'", "no tools are offered")
            return
        body["tools"] = offered
        wire = self._choice(choice, request.parallel_tool_calls)
        if wire is not None:
            body["tool_choice"] = wire

    def _allowed(self, choice: ToolChoice, tools: tuple[Tool, ...]) -> tuple[Tool, ...]:
        """The tools to offer: the wire can name one of them, or allow all."""
        if not choice.allowed or (len(choice.allowed) == 1 and choice.mode == "required"):
            return tools
        named = {tool.name: tool for tool in tools if isinstance(tool, FunctionTool)}
        for name in choice.allowed:
            if name not in named:
                raise InputError(f"tool_choice names {name!r}, which is not among the tools")
        self._complaints.emulated("tool_choice: only the allowed tools were offered")
        return tuple([named[name] for name in choice.allowed])

    def _choice(self, choice: ToolChoice | None, parallel: bool | None) -> dict[str, Any] | None:
        wire: dict[str, Any] | None = None
        if choice is not None:
            if choice.mode == "required" and "forced_tool" in self._quirks.refused:
                self._complaints.cannot("that a tool must be called", "its models decide")
            elif choice.mode == "required" and len(choice.allowed) == 1:
                wire = {"type": "tool", "name": choice.allowed[0]}
            else:
                wire = {"type": _MODES[choice.mode]}
        if parallel is False and "parallel_tool_calls" in self._quirks.refused:
            self._complaints.cannot("to call one tool at a time")
        elif parallel is not None and (wire is not None or not parallel):
            wire = wire or {"type": "auto"}
            if wire["type"] != "none":
                wire["disable_parallel_tool_use"] = not parallel
        return wire

    def _tool(self, tool: Tool) -> dict[str, Any] | None:
        if isinstance(tool, ServerTool):
            if tool.replay.dialect == NAME:
                own: dict[str, Any] = msgspec.json.decode(tool.replay.json)
                return own
            self._complaints.cannot("a tool of another provider's own")
            return None
        if not isinstance(tool, FunctionTool):
            self._complaints.cannot("a tool that is no function")
            return None
        wire: dict[str, Any] = {"name": tool.name}
        if tool.description is not None:
            wire["description"] = tool.description
        wire["input_schema"] = _NO_ARGUMENTS if tool.parameters is None else tool.parameters
        if tool.strict is not None:
            if "strict" not in self._quirks.refused:
                wire["strict"] = tool.strict
            elif tool.strict:
                self._complaints.cannot(f"to hold to the schema of {tool.name!r} strictly")
        wire.update(self._fields.get(tool.name, {}))
        if tool.cache is not None:
            self._messages.mark(wire, tool.cache)
        return wire

    def _add_search(self, search: Search, offered: list[dict[str, Any]]) -> None:
        """The provider's own search: as the caller of this wire wrote it, or made of our words."""
        if self._search is not None:
            offered.insert(self._search["at"], self._search["tool"])
            return
        if "search" in self._quirks.refused:
            self._complaints.cannot("search")
            return
        tool: dict[str, Any] = {"type": self._quirks.search_tool, "name": "web_search"}
        if search.max_uses is not None:
            tool["max_uses"] = search.max_uses
        if search.allowed_domains:
            tool["allowed_domains"] = search.allowed_domains
            if search.blocked_domains:
                self._complaints.cannot("search.blocked_domains", "it takes these or allowed_domains")
        elif search.blocked_domains:
            tool["blocked_domains"] = search.blocked_domains
        if search.country is not None:
            tool["user_location"] = {"type": "approximate", "country": search.country}
        if search.required:
            self._complaints.cannot("search.required", "its models decide whether they search")
        for name in ("max_results", "context_size"):
            if getattr(search, name) is not None:
                self._complaints.cannot(f"search.{name}")
        offered.append(tool)
