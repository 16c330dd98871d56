"""Neutral requests to this wire's bodies. What cannot be said is refused, or dropped with a note."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.aside import is_picture, set_aside
from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Reasoning
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, Tool, ToolChoice
from baimo.wire.http import HttpRequest

from .address import CHAT, address, head
from .messages import MessageEncoder
from .words import NAME, fields_of

_TOP_P = Interval("[0, 1]")
_TEMPERATURE = Interval("[0, 2]")
_SEED = Interval("[1, 10000]")

_THINKS_BY_SWITCH = "hunyuan-a13b*"
"""The models whose thinking can be switched, as documented."""

_NO_PARAMETERS = '{"type":"object","properties":{}}'
"""The schema of a function without parameters: the wire requires one."""

_NEUTRAL: Mapping[str, Any] = {
    "top_k": None,
    "min_p": 0.0,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "repetition_penalty": 1.0,
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
    "user": None,
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
    origin, target = address(site)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=head(site, CHAT, dict(request.headers)),
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


def lay_over(body: dict[str, Any], extra: Mapping[str, Any]) -> None:
    """Merge `extra` into a body: the last word, mappings merged one level deep."""
    for name, value in extra.items():
        below = body.get(name)
        if isinstance(below, Raw):
            below = msgspec.json.decode(below)
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
        self._body: dict[str, Any] = {"Model": request.model}

    def build(self) -> dict[str, Any]:
        request, body = self._request, self._body
        messages = set_aside(request.messages, is_picture, self._complaints)
        body["Messages"] = MessageEncoder(self._complaints).encode(messages)
        if request.stream or request.max_tokens is not None:
            body["Stream"] = True
        if request.max_tokens is not None:
            self._complaints.emulated(
                f"max_tokens: the wire has no field for it; the answer is streamed and ended here once the "
                f"provider has counted {request.max_tokens} tokens"
            )
        self._sampling()
        if request.tools:
            self._tools(request.tools, request.tool_choice)
        elif request.tool_choice is not None and request.tool_choice.mode == "required":
            self._complaints.cannot("tool_choice 'required'", "no tools are offered")
        if request.reasoning is not None:
            self._reasoning(request.reasoning)
        if request.search is not None:
            self._search(request.search)
        self._unknown()
        return body

    def _sampling(self) -> None:
        request, body, within = self._request, self._body, self._complaints.within
        if request.top_p is not None:
            body["TopP"] = within("top_p", request.top_p, _TOP_P)
        if request.temperature is not None:
            body["Temperature"] = within("temperature", request.temperature, _TEMPERATURE)
        if request.seed is not None:
            body["Seed"] = int(within("seed", request.seed, _SEED))
        if request.stop:
            body["Stop"] = request.stop
            self._complaints.emulated("stop: an answer that met a stop text ends behind it, not before it")

    def _unknown(self) -> None:
        """What cannot be said at all."""
        request = self._request
        for name, neutral in _NEUTRAL.items():
            value = getattr(request, name)
            if value and value != neutral:
                self._complaints.cannot(name)
        if request.parallel_tool_calls is False:
            self._complaints.cannot("parallel_tool_calls", "it may call several tools at once")
        form = request.response_format
        if form is not None and form.type != "text":
            self._complaints.cannot(f"response_format {form.type!r}")

    def _tools(self, tools: tuple[Tool, ...], choice: ToolChoice | None) -> None:
        by_name = {tool.name: tool for tool in tools if not isinstance(tool, ServerTool)}
        for name in choice.allowed if choice is not None else ():
            if name not in by_name:
                raise InputError(f"tool_choice names {name!r}, which is not among the tools")
        if choice is not None and choice.allowed and (choice.mode != "required" or len(choice.allowed) > 1):
            tools = tuple([by_name[name] for name in choice.allowed])
            self._complaints.emulated("tool_choice: only the allowed tools were offered")
        offered = [entry for entry in map(self._tool, tools) if entry is not None]
        if not offered:
            return
        self._body["Tools"] = offered
        if choice is not None:
            self._choose(choice, offered)

    def _choose(self, choice: ToolChoice, offered: list[dict[str, Any]]) -> None:
        if choice.mode != "required":
            self._body["ToolChoice"] = choice.mode
            return
        wanted = choice.allowed[0] if len(choice.allowed) == 1 else None
        forced = [tool for tool in offered if wanted in (None, tool.get("Function", {}).get("Name"))]
        if len(forced) == 1:
            self._body["ToolChoice"] = "custom"
            self._body["CustomTool"] = forced[0]
        else:
            self._complaints.cannot("tool_choice 'required'", "it can force one certain tool only")

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
        schema = _NO_PARAMETERS
        if tool.parameters is not None:
            schema = to_json(tool.parameters).decode()
        function = {"Name": tool.name, "Parameters": schema}
        if tool.description is not None:
            function["Description"] = tool.description
        return {"Type": "function", "Function": function}

    def _search(self, search: Search) -> None:
        """The service's own search, with its sources; that it must search is all that can be said of it."""
        for name in Search.__struct_fields__:
            if name != "required" and getattr(search, name):
                self._complaints.cannot(f"search.{name}")
        self._body.update(EnableEnhancement=True, SearchInfo=True, Citation=True)
        if search.required:
            self._body["ForceSearchEnhancement"] = True

    def _reasoning(self, reasoning: Reasoning) -> None:
        """Thinking is on or off; how much cannot be said."""
        off = reasoning.enabled is False or reasoning.effort == "none"
        if reasoning.budget is not None and not off:
            self._complaints.cannot("a budget for thinking in tokens")
        if reasoning.effort is not None and not off:
            self._complaints.cannot(f"the effort {reasoning.effort!r}", "only on and off can be said")
        if off or reasoning != Reasoning():
            self._body["EnableThinking"] = not off
            if not fnmatchcase(self._request.model, _THINKS_BY_SWITCH):
                self._complaints.moot("EnableThinking", f"on models other than {_THINKS_BY_SWITCH}")
