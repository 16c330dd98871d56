"""Neutral requests to this wire's bodies. What cannot be said is refused, or dropped with a note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, Tool, ToolChoice
from baimo.wire.http import HttpRequest

from .address import MULTIMODAL, TEXT, address, head
from .messages import MessageEncoder, is_multimodal
from .quirks import Quirks
from .words import FORM, NAME, Form, fields_of, form_of

DEFAULTS = Quirks()

_TEMPERATURE = Interval("[0, 2)")
_TOP_P = Interval("(0, 1]")
_PENALTY = Interval("[-2, 2]")
_SEED = Interval("[0, 2147483647]")
_N = Interval("[1, 4]")
_TOP_LOGPROBS = Interval("[0, 5]")

_NEUTRAL: Mapping[str, Any] = {
    "min_p": 0.0,
    "frequency_penalty": 0.0,
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
    quirks: Quirks = site.quirks or DEFAULTS
    if request.prompt_cache is not None and quirks.cache_marks:
        from baimo.dialect.marks import SAID, marked

        request = marked(request, ttls=("5m",), tools=False, kinds=SAID)
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider)
    made = _Body(request, quirks, complaints)
    body = made.build()
    if request.foreign is not None and request.foreign.dialect == NAME:
        _put_back(body, fields_of(request.foreign))
    lay_over(body, request.extra)
    origin, target = address(site, MULTIMODAL if made.multimodal else TEXT)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=head(dict(request.headers), stream=made.stream),
        body=to_json(body),
        notes=tuple(complaints.notes),
    )


def lay_over(body: dict[str, Any], extra: Mapping[str, Any]) -> None:
    """Merge `extra` into a body: the last word, mappings merged one level deep."""
    for name, value in extra.items():
        below = body.get(name)
        body[name] = {**below, **value} if isinstance(below, dict) and isinstance(value, Mapping) else value


def _put_back(body: dict[str, Any], fields: dict[str, Raw]) -> None:
    """What a caller of this wire asked for that has no neutral word, where it stood."""
    for name, told in fields.items():
        below = body.get(name)
        if not isinstance(below, dict):
            if name != FORM:
                body[name] = told
            continue
        for inner, value in msgspec.json.decode(told, type=dict[str, Raw]).items():
            ours = below.get(inner)
            below[inner] = {**ours, **msgspec.json.decode(value)} if isinstance(ours, dict) else value


def to_json(body: dict[str, Any]) -> bytes:
    """Compact UTF-8. Raises InputError for what is no JSON."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        raise InputError("the request holds half a surrogate pair, which is no valid Unicode text") from None
    except TypeError as error:
        raise InputError(f"the request holds a value that is no JSON: {error}") from None


def output_of(request: ChatRequest, quirks: Quirks) -> str:
    """What the events of the reply's stream hold: as was asked for, else as the model is known to do."""
    given = request.extra.get("parameters")
    told: Any = form_of(request).incremental
    if isinstance(given, Mapping) and "incremental_output" in given:
        told = given["incremental_output"]
    if told is None:
        return "unknown"
    return quirks.output if told else "cumulative"


def continues(request: ChatRequest, site: Site) -> bool:
    """Whether the reply to a request that ends with the beginning of an answer is its rest alone."""
    quirks: Quirks = site.quirks or DEFAULTS
    form = request.response_format
    return quirks.partial and _is_prefix(request.messages) and (form is None or form.type != "json_object")


def _is_prefix(messages: tuple[Message, ...]) -> bool:
    last = messages[-1] if messages else None
    return last is not None and last.role is Role.ASSISTANT and bool(last.text) and not last.tool_calls


class _Body:
    """Builds one body, field by field."""

    def __init__(self, request: ChatRequest, quirks: Quirks, complaints: Complaints) -> None:
        self._request = request
        self._quirks = quirks
        self._complaints = complaints
        self._form: Form = form_of(request)
        self._parameters: dict[str, Any] = {}
        self.multimodal = self._form.multimodal or quirks.multimodal or is_multimodal(request.messages)
        self.stream = request.stream or quirks.stream_only

    def build(self) -> dict[str, Any]:
        request, parameters = self._request, self._parameters
        encoder = MessageEncoder(self._quirks, self._complaints, multimodal=self.multimodal)
        messages = encoder.encode(request.messages)
        if continues(request, Site(base_url="", quirks=self._quirks)):
            messages[-1]["partial"] = True
        told: dict[str, Any] = {"messages": messages}
        if self._form.prompt and len(messages) == 1:
            told = {"prompt": messages[0]["content"]}
        if self._form.result is not None and not self.multimodal:
            parameters["result_format"] = self._form.result
        if self.stream and self._form.incremental is not None and self._quirks.output == "incremental":
            parameters["incremental_output"] = self._form.incremental
        self._sampling()
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
        if encoder.is_sharp:
            parameters["vl_high_resolution_images"] = True
        for name, neutral in _NEUTRAL.items():
            value = getattr(request, name)
            if value and value != neutral:
                self._complaints.cannot(name)
        return {"model": request.model, "input": told, "parameters": parameters}

    def _sampling(self) -> None:
        request, told, within = self._request, self._parameters, self._complaints.within
        if request.max_tokens is not None:
            told["max_tokens"] = request.max_tokens
        if request.temperature is not None:
            told["temperature"] = within("temperature", request.temperature, _TEMPERATURE)
        if request.top_p is not None:
            told["top_p"] = within("top_p", request.top_p, _TOP_P)
        if request.top_k is not None:
            told["top_k"] = request.top_k
        if request.repetition_penalty not in (None, 1.0):
            told["repetition_penalty"] = request.repetition_penalty
        if request.presence_penalty:
            told["presence_penalty"] = within("presence_penalty", request.presence_penalty, _PENALTY)
        if request.seed is not None:
            told["seed"] = int(within("seed", request.seed, _SEED))
        if request.stop:
            told["stop"] = request.stop
        if request.n not in (None, 1):
            told["n"] = int(within("n", request.n or 0, _N))
        if request.logprobs or request.top_logprobs is not None:
            told["logprobs"] = True
            if request.top_logprobs is not None:
                told["top_logprobs"] = int(within("top_logprobs", request.top_logprobs, _TOP_LOGPROBS))

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
        self._parameters["tools"] = offered
        if choice is not None:
            self._choose(choice, offered)
        if self._request.parallel_tool_calls is not None:
            self._parameters["parallel_tool_calls"] = self._request.parallel_tool_calls

    def _choose(self, choice: ToolChoice, offered: list[dict[str, Any]]) -> None:
        if choice.mode != "required":
            self._parameters["tool_choice"] = choice.mode
            return
        names = [tool["function"]["name"] for tool in offered if tool.get("type") == "function"]
        wanted = choice.allowed if len(choice.allowed) == 1 else names
        if len(wanted) == 1:
            self._parameters["tool_choice"] = {"type": "function", "function": {"name": wanted[0]}}
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
            self._complaints.cannot(f"a cache mark on the tool {tool.name!r}", "mark a message behind it")
        function: dict[str, Any] = {"name": tool.name}
        if tool.description is not None:
            function["description"] = tool.description
        if tool.parameters is not None:
            function["parameters"] = tool.parameters
        return {"type": "function", "function": function}

    def _format(self, form: ResponseFormat) -> None:
        if form.type == "json_object":
            self._parameters["response_format"] = {"type": "json_object"}
            if not any("json" in message.text.lower() for message in self._request.messages):
                self._complaints.note(
                    "advice", 'the messages should hold the word "json" where a JSON object is due'
                )
        elif form.type == "json_schema":
            schema: dict[str, Any] = {"name": form.name or "answer"}
            if form.description is not None:
                schema["description"] = form.description
            if form.schema is not None:
                schema["schema"] = form.schema
            if form.strict is not None:
                schema["strict"] = form.strict
            self._parameters["response_format"] = {"type": "json_schema", "json_schema": schema}

    def _reasoning(self, reasoning: Reasoning) -> None:
        """Thinking is on or off, with a budget."""
        off = reasoning.enabled is False or reasoning.effort == "none"
        if off and self._quirks.thinking_always:
            self._complaints.cannot("to stop thinking", "the model always thinks")
            return
        if reasoning.effort is not None and not off:
            self._complaints.cannot(
                f"the effort {reasoning.effort!r}", "only on, off and a budget can be said"
            )
        if off or reasoning.enabled or reasoning.effort is not None or reasoning.budget is not None:
            self._parameters["enable_thinking"] = not off
        if reasoning.budget is not None and not off:
            self._parameters["thinking_budget"] = reasoning.budget

    def _search(self, search: Search) -> None:
        """Search with its sources told; the few things that can be said of how."""
        told: dict[str, Any] = {"enable_source": True}
        if search.required is not None:
            told["forced_search"] = search.required
        strategy: str | None = self._quirks.search_strategy
        if strategy is None and search.context_size is not None:
            strategy = "max" if search.context_size == "high" and not search.allowed_domains else "turbo"
            self._complaints.emulated(f"search.context_size was told as the strategy {strategy!r}")
        elif search.context_size is not None:
            self._complaints.cannot("search.context_size", "the model knows one way of searching only")
        if strategy is not None:
            told["search_strategy"] = strategy
        if search.allowed_domains:
            if strategy in (None, "turbo"):
                told["assigned_site_list"] = search.allowed_domains
            else:
                self._complaints.cannot("search.allowed_domains", f"not with the strategy {strategy!r}")
        for name in ("max_uses", "max_results", "blocked_domains", "country"):
            if getattr(search, name):
                self._complaints.cannot(f"search.{name}")
        self._parameters["enable_search"] = True
        self._parameters["search_options"] = told
