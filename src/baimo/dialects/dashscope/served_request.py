"""Being the provider: this wire's request bodies to neutral requests.

Parameters without a neutral word are kept and sent on to providers of this wire only.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import Image, Replay, Text
from baimo.types.tools import FunctionTool, Search, ServerTool, Tool, ToolChoice
from baimo.wire.http import HttpRequest

from .address import is_multimodal, wants_stream
from .served_message import Json, converted, decode_message, named
from .words import FORM, NAME, OURS, Form, kept

_Size = Literal["low", "medium", "high"]


class _Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: Any = None


class _Schema(msgspec.Struct):
    name: str | None = None
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class _Format(msgspec.Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: _Schema | None = None


class _Parameters(msgspec.Struct):
    """The parameters that are understood."""

    result_format: str | None = None
    incremental_output: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    max_tokens: int | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[Json] | None = None
    tool_choice: str | Json | None = None
    parallel_tool_calls: bool | None = None
    response_format: _Format | None = None
    enable_thinking: bool | None = None
    thinking_budget: int | None = None
    enable_search: bool | None = None
    vl_high_resolution_images: bool | None = None


class _Input(msgspec.Struct):
    messages: list[dict[str, Raw]] | None = None
    prompt: str | None = None


class _Body(msgspec.Struct):
    model: str
    input: Raw
    parameters: dict[str, Raw] | None = None


_KNOWN = frozenset(_Parameters.__struct_fields__)
_body = msgspec.json.Decoder(_Body)
_fields = msgspec.json.Decoder(dict[str, Raw])


def decode_request(wire: HttpRequest) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field, and the message where it is one's."""
    raw = wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())
    try:
        body = _body.decode(raw)
        told = body.parameters or {}
        known = {name: msgspec.json.decode(value) for name, value in told.items() if name in _KNOWN}
        foreign: dict[str, Any] = {
            name: value
            for name, value in _fields.decode(raw).items()
            if name not in ("model", "input", "parameters")
        }
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    parameters: _Parameters = converted(known, _Parameters, "parameters")
    rest: dict[str, Any] = {name: value for name, value in told.items() if name not in _KNOWN}
    stream = wants_stream(wire.headers)
    messages = _messages(body, foreign, sharp=parameters.vl_high_resolution_images is True)
    if parameters.vl_high_resolution_images is not None and not _is_sharp(messages):
        rest["vl_high_resolution_images"] = parameters.vl_high_resolution_images
    search = _search(parameters, rest)
    form = _form(wire, body, parameters, stream=stream)
    if rest:
        foreign["parameters"] = rest
    if form != OURS:
        foreign[FORM] = form
    return _request(body.model, messages, parameters, search, stream=stream, foreign=kept(foreign))


def _request(
    model: str,
    messages: tuple[Message, ...],
    told: _Parameters,
    search: Search | None,
    *,
    stream: bool,
    foreign: Replay | None,
) -> ChatRequest:
    tools = tuple([_tool(tool, f"parameters.tools[{n}]") for n, tool in enumerate(told.tools or ())])
    stop = (told.stop,) if isinstance(told.stop, str) else tuple(told.stop or ())
    thinks, budget = told.enable_thinking, told.thinking_budget
    return ChatRequest(
        model=model,
        messages=messages,
        tools=tools,
        tool_choice=_choice(told.tool_choice),
        parallel_tool_calls=told.parallel_tool_calls,
        temperature=told.temperature,
        top_p=told.top_p,
        top_k=told.top_k,
        repetition_penalty=told.repetition_penalty,
        presence_penalty=told.presence_penalty,
        seed=told.seed,
        stop=stop,
        max_tokens=told.max_tokens,
        n=told.n,
        logprobs=told.logprobs or None,
        top_logprobs=told.top_logprobs,
        response_format=_format(told.response_format),
        reasoning=None if thinks is None and budget is None else Reasoning(enabled=thinks, budget=budget),
        search=search,
        stream=stream,
        include_usage=True if stream else None,
        foreign=foreign,
    )


def _messages(body: _Body, foreign: dict[str, Any], *, sharp: bool) -> tuple[Message, ...]:
    """The messages, or the prompt as one of the user; what else stands in `input` is kept."""
    try:
        told = msgspec.json.decode(body.input, type=_Input)  # views of the body: pictures are not copied
    except msgspec.ValidationError as error:
        raise InputError(named(str(error), "input")) from None
    fields = _fields.decode(body.input)
    more = {name: value for name, value in fields.items() if name not in _Input.__struct_fields__}
    if more:
        foreign["input"] = more
    if told.messages:
        open_calls: list[str] = []
        return tuple(
            [
                decode_message(fields, index, open_calls, sharp=sharp)
                for index, fields in enumerate(told.messages)
            ]
        )
    if not told.prompt:
        raise InputError('input: Either "prompt" or "messages" must exist and cannot both be none')
    return (Message(role=Role.USER, content=(Text(text=told.prompt),)),)


def _is_sharp(messages: tuple[Message, ...]) -> bool:
    return any(
        isinstance(part, Image) and part.detail == "high" for message in messages for part in message.content
    )


def _form(wire: HttpRequest, body: _Body, told: _Parameters, *, stream: bool) -> Form:
    """How it is worded."""
    multimodal = is_multimodal(wire.target)
    return Form(
        multimodal=multimodal,
        prompt="messages" not in _fields.decode(body.input),
        result="message" if multimodal else told.result_format,
        incremental=told.incremental_output if stream else True,
    )


def _tool(tool: Json, where: str) -> Tool:
    if tool.get("type", "function") != "function":
        return ServerTool(replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(tool))))
    function: _Function = converted(tool.get("function"), _Function, f"{where}.function")
    if function.parameters is not None and not isinstance(function.parameters, dict):
        # A list of parameters, as an older form has it: only this wire's own models read it.
        return ServerTool(replay=Replay(dialect=NAME, json=Raw(msgspec.json.encode(tool))))
    return FunctionTool(name=function.name, description=function.description, parameters=function.parameters)


def _choice(told: str | Json | None) -> ToolChoice | None:
    if told is None:
        return None
    if isinstance(told, str):
        if told not in ("auto", "none"):
            raise InputError("parameters.tool_choice: must be auto, none or the name of a function")
        return ToolChoice(mode="auto" if told == "auto" else "none")
    function: _Function = converted(told.get("function"), _Function, "parameters.tool_choice.function")
    return ToolChoice(mode="required", allowed=(function.name,))


def _format(told: _Format | None) -> ResponseFormat | None:
    if told is None:
        return None
    schema = told.json_schema or _Schema()
    if told.type != "json_schema":
        return ResponseFormat(type=told.type)
    return ResponseFormat(
        type="json_schema",
        name=schema.name,
        schema=schema.schema,
        strict=schema.strict,
        description=schema.description,
    )


_STRATEGIES: dict[str, _Size] = {"turbo": "low", "max": "high"}


def _search(told: _Parameters, rest: dict[str, Any]) -> Search | None:
    """Whether the web is searched, and how; options without a neutral word stay in `rest`."""
    options = msgspec.json.decode(rest.get("search_options", b"null"))
    if not told.enable_search:
        if told.enable_search is False:
            rest["enable_search"] = False
        return None
    options = dict(converted(options or {}, Json, "parameters.search_options"))
    rest.pop("search_options", None)
    required, strategy = options.pop("forced_search", None), options.get("search_strategy")
    sites = options.pop("assigned_site_list", None) or []
    size = _STRATEGIES.get(strategy) if isinstance(strategy, str) else None
    if size is not None:
        del options["search_strategy"]
    if options.get("enable_source") is True:
        del options["enable_source"]
    else:
        options.setdefault("enable_source", False)
    if options:
        rest["search_options"] = options
    return Search(
        required=converted(required, bool | None, "parameters.search_options.forced_search"),
        context_size=size,
        allowed_domains=tuple(converted(sites, list[str], "parameters.search_options.assigned_site_list")),
    )
