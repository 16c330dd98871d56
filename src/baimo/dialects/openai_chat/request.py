"""Neutral requests to this wire's bodies. What a provider cannot be told is refused, or dropped with a
note."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw

from baimo.dialect.aside import set_aside
from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import File, Video
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, Tool, ToolChoice
from baimo.wire.http import HeaderFields, HttpRequest, header_fields, with_headers

from .address import address, address_beside
from .finish import NAME
from .messages import TTLS, MessageEncoder, fields_of
from .plainrequest import HEAD, plain_request
from .quirks import Quirks

_STREAM_HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", b"text/event-stream"))

_PENALTY = Interval("[-2, 2]")

_DEFAULTS = Quirks()


def encode_request(request: ChatRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or _DEFAULTS
    if request.prompt_cache is not None and quirks.cache_marks != "none":
        from baimo.dialect.marks import SAID, marked

        way = quirks.cache_marks
        request = marked(request, ttls=TTLS[way], tools=way != "breakpoint", kinds=SAID)
    plain = plain_request(request, site, quirks)
    if plain is not None:
        return plain
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "this provider")
    made = _Body(request, quirks, complaints)
    body = made.build()
    path = quirks.paths.prefix if made.mark or made.strict else ""
    if quirks.paths.fill:
        from . import fill

        if fill.is_asked(request):
            path, body = quirks.paths.fill, fill.completion(request, body, complaints)
    stream = request.stream or quirks.stream_only
    if request.foreign is not None and request.foreign.dialect == NAME:
        body.update(fields_of(request.foreign))
    if request.extra:
        lay_over(body, request.extra)
    headers = _STREAM_HEAD if stream else HEAD
    if request.headers:
        headers = with_headers(headers, header_fields(dict(request.headers)))
    if path:
        origin, target = address_beside(site, path, request.model)
    else:
        origin, target = address(site, quirks.paths.chat, request.model)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=headers,
        body=to_json(body, request),
        notes=tuple(complaints.notes),
    )


def lay_over(body: dict[str, Any], extra: Mapping[str, Any]) -> None:
    """Merge `extra` into a body: the last word, mappings merged one level deep."""
    for name, value in extra.items():
        below = body.get(name)
        if isinstance(below, Raw):
            below = msgspec.json.decode(below)
        body[name] = {**below, **value} if isinstance(below, dict) and isinstance(value, Mapping) else value


def to_json(body: dict[str, Any], request: ChatRequest | None = None) -> bytes:
    """Compact UTF-8. Raises InputError for half surrogates, naming the message that holds one."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        where = "the request"
        for index, message in enumerate(request.messages if request is not None else ()):
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
        self._body: dict[str, Any] = {"model": request.model}
        asked = request.reasoning
        self._thinks = asked is None or not (asked.enabled is False or asked.effort == "none")
        self._encoder = MessageEncoder(quirks, complaints, thinks=self._thinks)
        self.mark = mark_of(request, quirks)
        """What marks the last message as an answer to be continued."""
        self.strict = False

    def build(self) -> dict[str, Any]:
        request, body = self._request, self._body
        messages = set_aside(request.messages, self._takes, self._complaints)
        body["messages"] = self._encoder.encode(messages, mark=self.mark)
        if request.tools:
            self._tools(request.tools, request.tool_choice)
        elif request.tool_choice is not None and request.tool_choice.mode == "required":
            self._complaints.cannot("tool_choice 'required'", "no tools are offered")
        if request.search is not None:
            self._search(request.search)
        if self._quirks.search == "builtin_function":
            from . import search

            search.echo(body["messages"])
        if request.max_tokens is not None and self._may("max_tokens"):
            body[self._quirks.max_tokens_field] = request.max_tokens
        self._sampling()
        self._tell_moot()
        if request.response_format is not None:
            self._format(request.response_format)
        if request.reasoning is not None:
            self._reasoning(request.reasoning)
        if "reasoning_parsed" in self._quirks.extras and self._thinks:
            body["reasoning_format"] = "parsed"
        self._rare()
        self._stream()
        if self._quirks.renamed:
            self._body = {self._quirks.renamed.get(name, name): value for name, value in body.items()}
        return self._body

    def _may(self, name: str, field: str | None = None) -> bool:
        """Whether the provider takes that; complains where it does not."""
        if name in self._quirks.refused:
            self._complaints.cannot(field or name)
            return False
        return True

    def _takes(self, part: Any) -> bool:
        """Whether a message of the user can hold a part that a tool's result cannot."""
        quirks = self._quirks
        if quirks.string_content:
            return False
        if isinstance(part, Video):
            return "video" in quirks.extras
        if isinstance(part, File) and "document_url" in quirks.extras:
            return True
        return type(part).__name__.lower() not in quirks.refused

    def _sampling(self) -> None:
        request, body = self._request, self._body
        if request.temperature is not None and self._may("temperature"):
            body["temperature"] = self._within("temperature", request.temperature, self._quirks.temperature)
        if request.top_p is not None and self._may("top_p"):
            body["top_p"] = self._within("top_p", request.top_p, self._quirks.top_p)
        if request.frequency_penalty and self._may("frequency_penalty"):
            body["frequency_penalty"] = self._within("frequency_penalty", request.frequency_penalty, _PENALTY)
        if request.presence_penalty and self._may("presence_penalty"):
            body["presence_penalty"] = self._within("presence_penalty", request.presence_penalty, _PENALTY)
        if request.seed is not None and self._may("seed"):
            body["seed"] = request.seed
        if request.stop and self._may("stop"):
            body["stop"] = request.stop
        for name, neutral in (("top_k", None), ("min_p", 0.0), ("repetition_penalty", 1.0)):
            value = getattr(request, name)
            if value is not None and value != neutral:
                if name in self._quirks.extras:
                    body[name] = value
                else:
                    self._complaints.cannot(name)

    def _tell_moot(self) -> None:
        """Note what is sent without any effect, while the model thinks or because it does not."""
        moot, body = self._quirks.moot, self._body
        names, when = moot.plain, "unless the model thinks"
        if self._thinks:
            names, when = moot.thinking, "while the model thinks; switch thinking off to have it"
            if "top_p" in body and "top_p" not in names and body["top_p"] not in moot.top_p:
                self._complaints.moot(f"top_p outside {moot.top_p.text}", "while the model thinks")
        for name in names:
            if name in body:
                self._complaints.moot(name, when)

    def _within(self, name: str, value: float, limits: Interval) -> float:
        if value in limits:
            return value
        nearest = limits.clamp(value)
        self._complaints.clamped(name, value, limits.text, nearest)
        return nearest

    def _tools(self, tools: tuple[Tool, ...], choice: ToolChoice | None) -> None:
        if not self._may("tools"):
            return
        wire_choice: Any = None
        if choice is not None:
            wire_choice, tools = self._choice(choice, tools)
        offered = [entry for entry in map(self._tool, tools) if entry is not None]
        if not offered:
            return
        self._body["tools"] = offered
        if "tool_calls_switch" in self._quirks.extras:
            self._body["tool_calls_switch"] = True
        self.strict = any(isinstance(tool, FunctionTool) and tool.strict for tool in tools)
        if wire_choice is not None:
            self._body["tool_choice"] = wire_choice
        parallel = self._request.parallel_tool_calls
        if parallel is not None and self._may("parallel_tool_calls"):
            self._body["parallel_tool_calls"] = parallel

    def _search(self, asked: Search) -> None:
        """The provider's own search, in its words."""
        from . import search

        fields, tools = search.say(self._quirks.search, asked, self._complaints)
        self._body.update(fields)
        if tools:
            self._body["tools"] = [*self._body.get("tools", ()), *tools]

    def _tool(self, tool: Tool) -> dict[str, Any] | None:
        if isinstance(tool, FunctionTool):
            function: dict[str, Any] = {"name": tool.name}
            if tool.description is not None:
                function["description"] = tool.description
            if tool.parameters is not None:
                function["parameters"] = tool.parameters
            if tool.strict is not None:
                function["strict"] = tool.strict
            entry: dict[str, Any] = {"type": "function", "function": function}
            if tool.cache is not None:
                if self._quirks.cache_marks in ("cache_control", "ephemeral"):
                    self._encoder.mark(entry, tool.cache)
                else:
                    self._complaints.cannot(f"a cache mark on the tool {tool.name!r}")
            return entry
        if isinstance(tool, CustomTool):
            return _custom(tool) if self._may("custom_tools", f"the custom tool {tool.name!r}") else None
        return self._server_tool(tool)

    def _server_tool(self, tool: ServerTool) -> dict[str, Any] | None:
        if tool.replay.dialect != NAME:
            self._complaints.cannot("a server tool", f"it is one of the dialect {tool.replay.dialect!r}")
            return None
        entry: dict[str, Any] = msgspec.json.decode(tool.replay.json)
        return entry

    def _choice(self, choice: ToolChoice, tools: tuple[Tool, ...]) -> tuple[Any, tuple[Tool, ...]]:
        """The wire's tool_choice and the tools to offer with it."""
        named = {tool.name: tool for tool in tools if not isinstance(tool, ServerTool)}
        for name in choice.allowed:
            if name not in named:
                raise InputError(f"tool_choice names {name!r}, which is not among the tools")
        refused = self._quirks.refused
        if choice.mode == "none" and "tool_choice.none" in refused:
            self._complaints.emulated("tool_choice 'none': no tools were offered")
            return None, ()
        if choice.mode == "required" and len(choice.allowed) == 1 and "tool_choice.named" not in refused:
            kind = "custom" if isinstance(named[choice.allowed[0]], CustomTool) else "function"
            return {"type": kind, kind: {"name": choice.allowed[0]}}, tools
        if choice.allowed:
            if "allowed_tools" in self._quirks.extras and len(choice.allowed) > 1:
                return _allowed_tools(choice, named), tools
            tools = tuple([named[name] for name in choice.allowed])
            self._complaints.emulated("tool_choice: only the allowed tools were offered")
        if choice.mode == "auto" or not self._may(
            f"tool_choice.{choice.mode}", f"tool_choice {choice.mode!r}"
        ):
            return ("auto" if choice.mode == "auto" else None), tools
        return choice.mode, tools

    def _format(self, form: ResponseFormat) -> None:
        if form.type == "text" or not self._may(form.type, f"response_format {form.type!r}"):
            return
        if form.type == "json_object":
            self._body["response_format"] = {"type": "json_object"}
            if "json_word" in self._quirks.extras and not _says_json(self._request):
                self._complaints.note(
                    "advice", 'the messages should hold the word "json" where a JSON object is due'
                )
            return
        schema: dict[str, Any] = {"name": form.name or "answer"}
        if form.description is not None:
            schema["description"] = form.description
        if form.schema is not None:
            schema["schema"] = form.schema
        if form.strict is not None:
            schema["strict"] = form.strict
        self._body["response_format"] = {"type": "json_schema", "json_schema": schema}

    def _reasoning(self, reasoning: Reasoning) -> None:
        """How much to think, in the words of this provider."""
        way = self._quirks.thinking_switch
        off = reasoning.enabled is False or reasoning.effort == "none"
        on = False if off else reasoning.enabled
        effort = None if off else self._effort(reasoning.effort)
        efforts = self._quirks.efforts
        if off and (self._quirks.thinking_always or (way == "effort" and "none" not in efforts)):
            self._complaints.cannot("to stop thinking", "its models always think; the least was asked for")
            on, effort = None, next((word for word in efforts if word != "none"), None)
        if way == "none":
            self._complaints.cannot("how much to think")
            return
        budget = reasoning.budget
        if budget is not None and way not in ("enable_thinking", "reasoning_object"):
            self._complaints.cannot("a budget for thinking in tokens")
            budget = None
        if way == "effort" and on and effort is None and efforts:
            effort = efforts[len(efforts) // 2]
        _SWITCHES[way](self._body, on, effort, budget)

    def _effort(self, effort: str | None) -> str | None:
        """The effort itself, or the nearest the models know."""
        known = self._quirks.efforts
        if effort is None or effort in known:
            return effort
        if not known:
            self._complaints.cannot(f"the effort {effort!r}", "only on and off can be said")
            return None
        every = _DEFAULTS.efforts
        place = every.index(effort)
        nearest = min(known, key=lambda word: abs(every.index(word) - place))
        self._complaints.cannot(
            f"the effort {effort!r}", f"it knows {', '.join(known)}; {nearest!r} is nearest"
        )
        return nearest

    def _rare(self) -> None:
        request, body = self._request, self._body
        if request.n is not None and request.n != 1 and self._may("n"):
            body["n"] = request.n if 1 <= request.n <= self._quirks.n_max else self._few(request.n)
        if (request.logprobs or request.top_logprobs is not None) and self._may("logprobs"):
            self._logprobs()
        if request.logit_bias and self._may("logit_bias"):
            body["logit_bias"] = request.logit_bias
        if request.audio is not None and self._may("audio"):
            body["audio"] = {"voice": request.audio.voice, "format": request.audio.format}
        if request.prediction is not None and self._may("prediction"):
            body["prediction"] = {"type": "content", "content": request.prediction}
        if request.modalities and request.modalities != ("text",) and self._may("modalities"):
            body["modalities"] = request.modalities
        for name in _PLAIN:
            value = getattr(request, name)
            if value is not None and self._may(name):
                body[name] = value

    def _few(self, n: int) -> int:
        limits = f"[1, {self._quirks.n_max}]"
        nearest = max(1, min(n, self._quirks.n_max))
        self._complaints.clamped("n", n, limits, nearest)
        return nearest

    def _logprobs(self) -> None:
        if "logprobs_number" in self._quirks.extras:
            self._body["logprobs"] = max(1, self._request.top_logprobs or 0)
            return
        self._body["logprobs"] = True
        top = self._request.top_logprobs
        if top is not None:
            self._body["top_logprobs"] = int(self._within("top_logprobs", top, _TOP_LOGPROBS))

    def _stream(self) -> None:
        request = self._request
        if not request.stream and not self._quirks.stream_only:
            return
        self._body["stream"] = True
        if "tool_stream" in self._quirks.extras and "tools" in self._body:
            self._body["tool_stream"] = True
        if request.include_usage and self._quirks.stream_usage == "none":
            self._complaints.cannot("to report usage in a stream")
        elif request.include_usage is not False and self._quirks.stream_usage == "option":
            self._body["stream_options"] = {"include_usage": True}


_PLAIN = ("verbosity", "service_tier", "store", "metadata", "user", "prompt_cache_key")
"""Fields that go out as they are."""

_TOP_LOGPROBS = Interval("[0, 20]")


def continues(request: ChatRequest, site: Site) -> bool:
    """Whether the reply to a request that ends with the beginning of an answer is its rest alone."""
    quirks: Quirks = site.quirks or _DEFAULTS
    mark = mark_of(request, quirks)
    return mark == "partial" or (mark == "prefix" and bool(quirks.paths.prefix))


def mark_of(request: ChatRequest, quirks: Quirks) -> str:
    """The field that marks the last message as the beginning of an answer; empty where there is none."""
    if not is_prefix(request.messages):
        return ""
    if quirks.paths.prefix or "prefix" in quirks.extras:
        return "prefix"
    form = request.response_format
    is_json = form is not None and form.type == "json_object"
    return "partial" if "partial" in quirks.extras and not is_json else ""


def is_prefix(messages: tuple[Message, ...]) -> bool:
    """Whether the last message is the beginning of an answer."""
    last = messages[-1] if messages else None
    return last is not None and last.role is Role.ASSISTANT and bool(last.text) and not last.tool_calls


def _says_json(request: ChatRequest) -> bool:
    return any("json" in message.text.lower() for message in request.messages)


def _custom(tool: CustomTool) -> dict[str, Any]:
    custom: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        custom["description"] = tool.description
    if tool.grammar is not None:
        grammar = {"definition": tool.grammar, "syntax": tool.syntax or "lark"}
        custom["format"] = {"type": "grammar", "grammar": grammar}
    return {"type": "custom", "custom": custom}


def _allowed_tools(choice: ToolChoice, named: Mapping[str, Tool]) -> dict[str, Any]:
    entries = []
    for name in choice.allowed:
        kind = "custom" if isinstance(named[name], CustomTool) else "function"
        entries.append({"type": kind, kind: {"name": name}})
    return {"type": "allowed_tools", "allowed_tools": {"mode": choice.mode, "tools": entries}}


def _say_effort(body: dict[str, Any], on: bool | None, effort: str | None, budget: int | None) -> None:
    if on is False:
        body["reasoning_effort"] = "none"
    elif effort is not None:
        body["reasoning_effort"] = effort


def _say_default(body: dict[str, Any], on: bool | None, effort: str | None, budget: int | None) -> None:
    if on is not None:
        body["reasoning_effort"] = "default" if on else "none"


def _say_type(body: dict[str, Any], on: bool | None, effort: str | None, budget: int | None) -> None:
    if on is not None:
        body["thinking"] = {"type": "enabled" if on else "disabled"}
    if effort is not None:
        body["reasoning_effort"] = effort


def _say_adaptive(body: dict[str, Any], on: bool | None, effort: str | None, budget: int | None) -> None:
    if on is not None:
        body["thinking"] = {"type": "disabled" if on is False else "adaptive"}


def _say_enabled(body: dict[str, Any], on: bool | None, effort: str | None, budget: int | None) -> None:
    if on is not None:
        body["thinking"] = {"enabled": on}


def _say_boolean(body: dict[str, Any], on: bool | None, effort: str | None, budget: int | None) -> None:
    if on is not None:
        body["enable_thinking"] = on
    if budget is not None:
        body["thinking_budget"] = budget
    if effort is not None:
        body["reasoning_effort"] = effort


def _say_object(body: dict[str, Any], on: bool | None, effort: str | None, budget: int | None) -> None:
    said: dict[str, Any] = {}
    if effort is not None:
        said["effort"] = effort
    if budget is not None:
        said["max_tokens"] = budget
    if on is False or (on and not said):
        said["enabled"] = on
    if said:
        body["reasoning"] = said


def _say_reasoning(body: dict[str, Any], on: bool | None, effort: str | None, budget: int | None) -> None:
    if on is not None:
        body["reasoning"] = {"enabled": on}
    if effort is not None:
        body["reasoning_effort"] = effort


def _say_template(name: str) -> _Say:
    def say(body: dict[str, Any], on: bool | None, effort: str | None, budget: int | None) -> None:
        if on is not None:
            body["chat_template_kwargs"] = {name: on}
        if effort is not None:
            body["reasoning_effort"] = effort

    return say


_Say: TypeAlias = Callable[[dict[str, Any], bool | None, str | None, int | None], None]

_SWITCHES: Mapping[str, _Say] = {
    "effort": _say_effort,
    "effort_default": _say_default,
    "thinking_type": _say_type,
    "thinking_adaptive": _say_adaptive,
    "thinking_enabled": _say_enabled,
    "enable_thinking": _say_boolean,
    "reasoning_object": _say_object,
    "reasoning_enabled": _say_reasoning,
    "template_thinking": _say_template("thinking"),
    "template_enable_thinking": _say_template("enable_thinking"),
}
