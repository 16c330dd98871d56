"""Neutral requests to this wire's bodies. What cannot be said is refused, or dropped with a note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Raw

from baimo.dialect.aside import is_picture, set_aside
from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Reasoning, ResponseFormat
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, Tool, ToolChoice
from baimo.wire.http import HttpRequest, header_fields, split_url, with_headers

from .messages import MessageEncoder
from .quirks import Quirks
from .words import NAME, fields_of

CHAT, EMBED = "/text/chatcompletion_v2", "/embeddings"

_TOP_P = Interval("(0, 1]")

_NEUTRAL: Mapping[str, Any] = {
    "top_k": None,
    "min_p": 0.0,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "repetition_penalty": 1.0,
    "seed": None,
    "stop": (),
    "n": 1,
    "logprobs": False,
    "top_logprobs": None,
    "logit_bias": None,
    "modalities": ("text",),
    "verbosity": None,
    "audio": None,
    "prediction": None,
    "store": None,
    "metadata": None,
    "user": None,
    "prompt_cache_key": None,
}
"""What this wire has no word for, and the value of each that asks for nothing."""


def encode_request(request: ChatRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider)
    body = _Body(request, site.quirks or Quirks(), complaints).build()
    if request.foreign is not None and request.foreign.dialect == NAME:
        body.update(fields_of(request.foreign))
    return wire_request(site, CHAT, body, request.extra, request.headers, complaints)


def wire_request(
    site: Site,
    path: str,
    body: dict[str, Any],
    extra: Mapping[str, Any],
    headers: Mapping[str, str],
    complaints: Complaints,
) -> HttpRequest:
    """The request of an operation: `extra` is merged into its body last, mappings one level deep."""
    for name, value in extra.items():
        below = body.get(name)
        if isinstance(below, Raw):
            below = msgspec.json.decode(below)
        body[name] = {**below, **value} if isinstance(below, dict) and isinstance(value, Mapping) else value
    quirks: Quirks = site.quirks or Quirks()
    origin, base = split_url(site.base_url)
    group = f"?GroupId={quote(quirks.group_id, safe='')}" if quirks.group_id else ""
    accepted = b"text/event-stream" if body.get("stream") else b"application/json"
    fields = ((b"content-type", b"application/json"), (b"accept", accepted))
    return HttpRequest(
        method="POST",
        origin=origin,
        target=f"{base}{path}{group}".encode(),
        headers=with_headers(fields, header_fields(dict(headers))),
        body=_to_json(body),
        notes=tuple(complaints.notes),
    )


def _to_json(body: dict[str, Any]) -> bytes:
    """Compact UTF-8. Raises InputError for what is no JSON."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        raise InputError("the request holds half a surrogate pair, which is no valid Unicode text") from None
    except TypeError as error:
        raise InputError(f"the request holds a value that is no JSON: {error}") from None


class _Body:
    """Builds one body, field by field."""

    def __init__(self, request: ChatRequest, quirks: Quirks, complaints: Complaints) -> None:
        self._request = request
        self._quirks = quirks
        self._complaints = complaints
        self._body: dict[str, Any] = {"model": request.model}

    def build(self) -> dict[str, Any]:
        request, body, within = self._request, self._body, self._complaints.within
        messages = set_aside(request.messages, is_picture, self._complaints)
        body["messages"] = MessageEncoder(self._complaints).encode(messages)
        if request.max_tokens is not None:
            body["max_completion_tokens"] = request.max_tokens
        if request.temperature is not None:
            body["temperature"] = within("temperature", request.temperature, self._quirks.temperature)
        if request.top_p is not None:
            body["top_p"] = within("top_p", request.top_p, _TOP_P)
        self._tools(request.tools, request.tool_choice)
        if request.response_format is not None:
            self._format(request.response_format)
        if request.reasoning is not None:
            self._reasoning(request.reasoning)
        if request.service_tier is not None:
            body["service_tier"] = request.service_tier
        if request.stream:
            body["stream"] = True
            if request.include_usage is not False:
                body["stream_options"] = {"include_usage": True}
        for name, neutral in _NEUTRAL.items():
            value = getattr(request, name)
            if value and value != neutral:
                self._complaints.cannot(name)
        return body

    def _tools(self, tools: tuple[Tool, ...], choice: ToolChoice | None) -> None:
        by_name = {tool.name: tool for tool in tools if not isinstance(tool, ServerTool)}
        for name in choice.allowed if choice is not None else ():
            if name not in by_name:
                raise InputError(f"tool_choice names {name!r}, which is not among the tools")
        if choice is not None and choice.allowed:
            tools = tuple([by_name[name] for name in choice.allowed])
            self._complaints.emulated("tool_choice: only the allowed tools were offered")
        offered = [entry for entry in map(self._tool, tools) if entry is not None]
        if self._request.search is not None:
            offered += self._search(self._request.search)
        if offered:
            self._body["tools"] = offered
        if choice is not None and choice.mode == "required":
            self._complaints.cannot("tool_choice 'required'", "it knows none and auto")
        elif choice is not None and offered:
            self._body["tool_choice"] = choice.mode
        if self._request.parallel_tool_calls is False:
            self._complaints.cannot("parallel_tool_calls", "it may call several tools at once")

    def _tool(self, tool: Tool) -> dict[str, Any] | None:
        if isinstance(tool, FunctionTool):
            if tool.strict:
                self._complaints.cannot(f"to keep strictly to the schema of {tool.name!r}")
            if tool.cache is not None:
                self._complaints.cannot(f"a cache mark on the tool {tool.name!r}")
            function = {
                "name": tool.name,
                "description": tool.description or "",
                "parameters": tool.parameters or {"type": "object", "properties": {}},
            }
            return {"type": "function", "function": function}
        if isinstance(tool, CustomTool):
            self._complaints.cannot(f"the custom tool {tool.name!r}")
            return None
        if tool.replay.dialect != NAME:
            self._complaints.cannot("a server tool", f"it is one of the dialect {tool.replay.dialect!r}")
            return None
        entry: dict[str, Any] = msgspec.json.decode(tool.replay.json)
        return entry

    def _search(self, search: Search) -> list[dict[str, Any]]:
        """The provider's own search: a tool without any settings."""
        if not self._quirks.search:
            self._complaints.cannot("search", "the model knows functions only")
            return []
        for name in Search.__struct_fields__:
            if getattr(search, name):
                self._complaints.cannot(f"search.{name}")
        return [{"type": "web_search"}]

    def _format(self, form: ResponseFormat) -> None:
        if form.type == "text":
            return
        if form.type == "json_object" or not self._quirks.formats:
            self._complaints.cannot(f"response_format {form.type!r}")
            return
        schema: dict[str, Any] = {"name": form.name or "answer", "schema": form.schema or {"type": "object"}}
        if form.description is not None:
            schema["description"] = form.description
        if form.strict:
            self._complaints.cannot("to keep strictly to a schema")
        self._body["response_format"] = {"type": "json_schema", "json_schema": schema}

    def _reasoning(self, reasoning: Reasoning) -> None:
        """Thinking is on or off, where that can be said; how much cannot."""
        way = self._quirks.thinking
        off = reasoning.enabled is False or reasoning.effort == "none"
        if way == "none":
            self._complaints.cannot("how much to think")
            return
        if off and way == "always":
            self._complaints.cannot("to stop thinking", "the model always thinks")
            return
        if reasoning.budget is not None and not off:
            self._complaints.cannot("a budget for thinking in tokens")
        if reasoning.effort is not None and not off:
            self._complaints.cannot(f"the effort {reasoning.effort!r}", "only on and off can be said")
        if way == "adaptive" and (off or reasoning != Reasoning()):
            self._body["thinking"] = {"type": "disabled" if off else "adaptive"}
