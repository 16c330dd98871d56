"""Neutral requests to this wire's bodies. What cannot be said is refused, or dropped with a note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Reasoning, ResponseFormat
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, Tool, ToolChoice
from baimo.wire.http import HttpRequest

from .address import CHAT, address, head
from .messages import MessageEncoder
from .words import NAME, fields_of

_TEMPERATURE = Interval("(0, 1]")
_TOP_P = Interval("[0, 1]")
_PENALTY = Interval("[1, 2]")

_NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}}
"""The schema of a function without parameters: the wire requires one."""

_NEUTRAL: Mapping[str, Any] = {
    "top_k": None,
    "min_p": 0.0,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "seed": None,
    "n": 1,
    "logprobs": False,
    "top_logprobs": None,
    "logit_bias": None,
    "modalities": ("text",),
    "verbosity": None,
    "audio": None,
    "prediction": None,
    "service_tier": None,
    "store": None,
    "metadata": None,
    "prompt_cache_key": None,
}
"""What this wire has no word for, and the value of each that asks for nothing."""


def encode_request(request: ChatRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider)
    body = _Body(request, complaints).build()
    if request.foreign is not None and request.foreign.dialect == NAME:
        body.update(fields_of(request.foreign))
    lay_over(body, request.extra)
    origin, target = address(site, CHAT, request.model)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=head(dict(request.headers)),
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


def lay_over(body: dict[str, Any], extra: Mapping[str, Any]) -> None:
    """Merge `extra` into a body: the last word, mappings merged one level deep."""
    for name, value in extra.items():
        below = body.get(name)
        body[name] = {**below, **value} if isinstance(below, dict) and isinstance(value, Mapping) else value


def to_json(body: dict[str, Any]) -> bytes:
    """Compact UTF-8. Raises InputError for what is no JSON."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        raise InputError("the request holds half a surrogate pair, which is no valid Unicode text") from None
    except TypeError as error:
        raise InputError(f"the request holds a value that is no JSON: {error}") from None


class _Body:
    """Builds one body, field by field."""

    def __init__(self, request: ChatRequest, complaints: Complaints) -> None:
        self._request = request
        self._complaints = complaints
        self._body: dict[str, Any] = {}

    def build(self) -> dict[str, Any]:
        request, body, within = self._request, self._body, self._complaints.within
        encoder = MessageEncoder(self._complaints)
        body["messages"] = encoder.encode(request.messages)
        if encoder.system is not None:
            body["system"] = encoder.system
        if request.stream:
            body["stream"] = True
        if request.temperature is not None:
            body["temperature"] = within("temperature", request.temperature, _TEMPERATURE)
        if request.top_p is not None:
            body["top_p"] = within("top_p", request.top_p, _TOP_P)
        if request.repetition_penalty not in (None, 1.0):
            penalty = within("repetition_penalty", request.repetition_penalty or 0.0, _PENALTY)
            body["penalty_score"] = penalty
        if request.max_tokens is not None:
            body["max_output_tokens"] = request.max_tokens
        if request.stop:
            body["stop"] = request.stop
        if request.user is not None:
            body["user_id"] = request.user
        if request.tools:
            self._tools(request.tools, request.tool_choice)
        elif request.tool_choice is not None and request.tool_choice.mode == "required":
            self._complaints.cannot("tool_choice 'required'", "no tools are offered")
        if request.response_format is not None:
            self._format(request.response_format)
        if request.reasoning is not None:
            self._reasoning(request.reasoning)
        if request.search is not None:
            self._search(request.search)
        for name, neutral in _NEUTRAL.items():
            value = getattr(request, name)
            if value is not None and value != neutral and value not in ({}, ()):
                self._complaints.cannot(name)
        return body

    def _tools(self, tools: tuple[Tool, ...], choice: ToolChoice | None) -> None:
        by_name = {tool.name: tool for tool in tools if not isinstance(tool, ServerTool)}
        for name in choice.allowed if choice is not None else ():
            if name not in by_name:
                raise InputError(f"tool_choice names {name!r}, which is not among the tools")
        if choice is not None and choice.mode == "none":
            self._complaints.emulated("tool_choice 'none': the tools were not offered")
            return
        if choice is not None and choice.allowed and (choice.mode == "auto" or len(choice.allowed) > 1):
            tools = tuple([by_name[name] for name in choice.allowed])
            self._complaints.emulated("tool_choice: only the allowed tools were offered")
        offered = [entry for entry in map(self._tool, tools) if entry is not None]
        if not offered:
            return
        self._body["functions"] = offered
        if choice is not None and choice.mode == "required":
            named = choice.allowed if len(choice.allowed) == 1 else [entry["name"] for entry in offered]
            if len(named) == 1:
                self._body["tool_choice"] = {"type": "function", "function": {"name": named[0]}}
            else:
                self._complaints.cannot("tool_choice 'required'", "it can force one certain tool only")
        if self._request.parallel_tool_calls:
            self._complaints.cannot("parallel_tool_calls", "it calls one tool at a time")

    def _tool(self, tool: Tool) -> dict[str, Any] | None:
        if isinstance(tool, ServerTool):
            if tool.replay.dialect == NAME:
                entry: dict[str, Any] = msgspec.json.decode(tool.replay.json)
                return entry
            self._complaints.cannot("a server tool", f"it is one of the dialect {tool.replay.dialect!r}")
            return None
        if isinstance(tool, CustomTool):
            self._complaints.cannot(f"the custom tool {tool.name!r}")
            return None
        return self._function(tool)

    def _function(self, tool: FunctionTool) -> dict[str, Any]:
        if tool.strict:
            self._complaints.cannot(f"to keep strictly to the schema of {tool.name!r}")
        if tool.cache is not None:
            self._complaints.cannot(f"a cache mark on the tool {tool.name!r}")
        schema = tool.parameters if tool.parameters is not None else _NO_PARAMETERS
        return {"name": tool.name, "description": tool.description or tool.name, "parameters": schema}

    def _format(self, form: ResponseFormat) -> None:
        if form.type == "json_object":
            self._body["response_format"] = "json_object"
        elif form.type == "json_schema":
            self._complaints.cannot("response_format 'json_schema'", "only that the answer is JSON")

    def _reasoning(self, reasoning: Reasoning) -> None:
        """Its models do not think: nothing need be said to have it so."""
        off = reasoning.enabled is False or reasoning.effort == "none"
        if not off and reasoning != Reasoning():
            self._complaints.cannot("to think")

    def _search(self, search: Search) -> None:
        """The model decides whether it searches; its sources are asked for."""
        self._body["disable_search"] = False
        self._body["enable_citation"] = True
        wishes = ("required", "max_uses", "max_results", "context_size", "allowed_domains")
        for name in (*wishes, "blocked_domains", "country"):
            if getattr(search, name):
                self._complaints.cannot(f"search.{name}")
