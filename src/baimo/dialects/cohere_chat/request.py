"""Neutral requests to this wire's bodies. What it cannot be told is refused, or dropped with a note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.aside import is_picture, set_aside
from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Message, Reasoning, ResponseFormat
from baimo.types.tools import FunctionTool, ServerTool, Tool, ToolChoice
from baimo.wire.http import HttpRequest

from .messages import MessageEncoder
from .quirks import Quirks
from .words import HEAD, NAME, STREAM_HEAD, address, fields_of, head

DEFAULTS = Quirks()

NO_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {}}
"""The schema of a function without arguments: the wire wants one."""

_PENALTY = Interval("[0, 1]")
_TOP_P = Interval("[0.01, 0.99]")
_TOP_K = Interval("[0, 500]")

_MOST_STOPS = 5


def encode_request(request: ChatRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Cohere")
    body = _Body(request, site.quirks or DEFAULTS, complaints).build()
    body.update(fields_of(request.foreign))
    lay_over(body, request.extra)
    origin, target = address(site, "/v2/chat")
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=head(STREAM_HEAD if request.stream else HEAD, request.headers),
        body=to_json(body, request.messages),
        notes=tuple(complaints.notes),
    )


def lay_over(body: dict[str, Any], extra: Mapping[str, Any]) -> None:
    """Merge `extra` into a body: the last word, mappings merged one level deep."""
    for name, value in extra.items():
        below = body.get(name)
        body[name] = {**below, **value} if isinstance(below, dict) and isinstance(value, Mapping) else value


def to_json(body: dict[str, Any], messages: tuple[Message, ...] = ()) -> bytes:
    """Compact UTF-8. Raises InputError for half surrogates, naming the message that holds one."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        where = "the request"
        for index, message in enumerate(messages):
            try:
                msgspec.json.encode(message)
            except UnicodeEncodeError:
                where = f"messages[{index}]"
                break
        raise InputError(f"{where} holds half a surrogate pair, which is no valid Unicode text") from None
    except TypeError as error:
        raise InputError(f"the request holds a value that is no JSON: {error}") from None


class _Body:
    """Builds one body, field by field."""

    def __init__(self, request: ChatRequest, quirks: Quirks, complaints: Complaints) -> None:
        self._request = request
        self._quirks = quirks
        self._complaints = complaints
        self._body: dict[str, Any] = {"model": request.model, "stream": request.stream}

    def build(self) -> dict[str, Any]:
        request, body = self._request, self._body
        messages = set_aside(request.messages, is_picture, self._complaints)
        body["messages"] = MessageEncoder(self._quirks, self._complaints).encode(messages)
        self._tools()
        self._sampling()
        if request.response_format is not None:
            self._format(request.response_format)
        if request.reasoning is not None:
            self._think(request.reasoning)
        self._rare()
        return body

    def _tools(self) -> None:
        request, body = self._request, self._body
        tools, choice = request.tools, request.tool_choice
        if choice is not None:
            tools = self._chosen(choice, tools)
        offered = [entry for tool in tools if (entry := self._tool(tool)) is not None]
        if offered:
            body["tools"] = offered
            self._strict([tool.strict for tool in tools if isinstance(tool, FunctionTool)])
        word = {"required": "REQUIRED", "none": "NONE"}.get(choice.mode) if choice is not None else None
        if word is not None and (offered or word == "REQUIRED"):
            if "tool_choice" in self._quirks.refused:
                self._complaints.cannot(f"tool_choice {word.lower()!r}", "the model chooses")
            elif not offered:
                self._complaints.cannot("tool_choice 'required'", "no tools are offered")
            else:
                body["tool_choice"] = word
        if request.parallel_tool_calls is False:
            self._complaints.cannot("to call one tool at a time")

    def _chosen(self, choice: ToolChoice, tools: tuple[Tool, ...]) -> tuple[Tool, ...]:
        """The tools to offer: the wire knows no names of those that may be used."""
        named = {tool.name: tool for tool in tools if not isinstance(tool, ServerTool)}
        for name in choice.allowed:
            if name not in named:
                raise InputError(f"tool_choice names {name!r}, which is not among the tools")
        if not choice.allowed:
            return tools
        self._complaints.emulated("tool_choice: only the allowed tools were offered")
        return tuple([named[name] for name in choice.allowed])

    def _tool(self, tool: Tool) -> dict[str, Any] | None:
        if not isinstance(tool, FunctionTool):
            if isinstance(tool, ServerTool) and tool.replay.dialect == NAME:
                entry: dict[str, Any] = msgspec.json.decode(tool.replay.json)
                return entry
            self._complaints.cannot("a tool that is no function")
            return None
        if tool.cache is not None:
            self._complaints.cannot("what to cache", "it does so by itself")
        function: dict[str, Any] = {"name": tool.name}
        if tool.description is not None:
            function["description"] = tool.description
        function["parameters"] = NO_PARAMETERS if tool.parameters is None else tool.parameters
        return {"type": "function", "function": function}

    def _strict(self, wanted: list[bool | None]) -> None:
        """Whether calls hold to their schemas strictly: one word for all tools."""
        if True in wanted:
            self._body["strict_tools"] = True
            if not all(wanted):
                self._complaints.emulated("strict: all tools are held to their schemas, not only some")

    def _sampling(self) -> None:
        request, body = self._request, self._body
        if request.max_tokens is not None:
            body["max_tokens"] = request.max_tokens
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.top_p is not None:
            body["p"] = self._complaints.within("top_p", request.top_p, _TOP_P)
        if request.top_k is not None:
            body["k"] = int(self._complaints.within("top_k", request.top_k, _TOP_K))
        for name in ("frequency_penalty", "presence_penalty"):
            value = getattr(request, name)
            if value and (near := self._complaints.within(name, value, _PENALTY)):
                body[name] = near
        if request.seed is not None:
            body["seed"] = request.seed
        if request.stop:
            if len(request.stop) > _MOST_STOPS:
                self._complaints.cannot(f"{len(request.stop)} stops", f"it takes {_MOST_STOPS} at most")
            body["stop_sequences"] = request.stop[:_MOST_STOPS]

    def _format(self, form: ResponseFormat) -> None:
        """The answer's form. Its name is no more than a label, and a schema is always held to."""
        if form.description is not None:
            self._complaints.cannot("what the answer's form is for", "say it in a message")
        if form.type == "text":
            return
        wire: dict[str, Any] = {"type": "json_object"}
        if form.type == "json_schema" and form.schema is not None:
            wire["json_schema"] = form.schema
        self._body["response_format"] = wire

    def _think(self, reasoning: Reasoning) -> None:
        if "thinking" in self._quirks.refused:
            if reasoning.enabled is not False and reasoning.effort != "none":
                self._complaints.cannot("to think", "the model does not")
            return
        if reasoning.enabled is False or reasoning.effort == "none":
            self._body["thinking"] = {"type": "disabled"}
            return
        if reasoning.effort is not None:
            self._complaints.cannot(
                f"the effort {reasoning.effort!r}", "it knows on, off and a budget in tokens"
            )
        thinking: dict[str, Any] = {"type": "enabled"}
        if reasoning.budget is not None:
            thinking["token_budget"] = max(1, reasoning.budget)
            if reasoning.budget < 1:
                self._complaints.clamped("the budget for thinking", reasoning.budget, "1 and more", 1)
        self._body["thinking"] = thinking

    def _rare(self) -> None:
        request = self._request
        if request.logprobs or request.top_logprobs is not None:
            self._body["logprobs"] = True
        if request.top_logprobs:
            self._complaints.cannot("top_logprobs", "it tells the tokens that were taken, no others")
        if request.n is not None and request.n != 1:
            self._complaints.cannot("to give several answers (n)", "call it several times")
        if request.min_p:
            self._complaints.cannot("min_p")
        if request.repetition_penalty not in (None, 1.0):
            self._complaints.cannot("repetition_penalty")
        if request.modalities not in ((), ("text",)):
            self._complaints.cannot("modalities")
        if request.search is not None:
            self._complaints.cannot(
                "to search the web", 'give it what was found: extra={"documents": [{"data": {…}}]}'
            )
        for name in _UNKNOWN:
            if getattr(request, name):
                self._complaints.cannot(name)


_UNKNOWN = (
    "logit_bias",
    "verbosity",
    "audio",
    "prediction",
    "service_tier",
    "store",
    "metadata",
    "user",
    "prompt_cache_key",
)
"""What this wire has no word for."""
