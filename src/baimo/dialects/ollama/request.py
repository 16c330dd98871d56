"""Neutral requests to this wire's bodies, in the form of /api/chat or of /api/generate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.aside import is_picture, set_aside
from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.errors import InputError, UnsupportedError
from baimo.types.chat import ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import ToolResult
from baimo.types.tools import FunctionTool, Tool, ToolChoice
from baimo.wire.http import HeaderFields, HttpRequest, header_fields, with_headers

from .context import Window, tell, window_of
from .messages import MessageEncoder
from .options import EVERY, encode_options
from .quirks import Quirks
from .words import FORM, NAME, address

_HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", b"application/json"))
_STREAM_HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", b"application/x-ndjson"))

_TOP_LOGPROBS = Interval("[0, 20]")
_ORDER = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

DEFAULTS = Quirks()


def encode_request(request: ChatRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Ollama")
    foreign = foreign_fields(request)
    form = foreign.pop(FORM, quirks.form)
    body: dict[str, Any] = {"model": request.model, "stream": request.stream}
    if form == "generate":
        _prompt(request, body, complaints)
    else:
        _conversation(request, body, complaints)
    _settings(request, quirks, body, complaints)
    options = encode_options(request)
    if options:
        body["options"] = options
    lay_over(body, foreign)
    lay_over(body, request.extra)
    _context(request, quirks, body, complaints)
    for name in body:
        if name in EVERY:
            complaints.note(
                "misplaced",
                f"{name!r} has no effect beside 'options'; write extra={{\"options\": {{{name!r}: …}}}}",
            )
    headers = _STREAM_HEAD if request.stream else _HEAD
    if request.headers:
        headers = with_headers(headers, header_fields(dict(request.headers)))
    origin, target = address(site, f"/api/{form}")
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=headers,
        body=to_json(body, request.messages),
        notes=tuple(complaints.notes),
    )


def window(request: ChatRequest, site: Site) -> Window:
    """The window that a request was sent with."""
    return window_of(request, site.quirks or DEFAULTS, _num_ctx(request))


def foreign_fields(request: ChatRequest) -> dict[str, Any]:
    """Fields of a caller's own request of this wire that have no neutral name."""
    if request.foreign is None or request.foreign.dialect != NAME:
        return {}
    fields: dict[str, Any] = msgspec.json.decode(request.foreign.json)
    return fields


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


def _conversation(request: ChatRequest, body: dict[str, Any], complaints: Complaints) -> None:
    """The form of /api/chat."""
    if not request.messages:
        _must_load(request)
    messages = set_aside(request.messages, is_picture, complaints)
    body["messages"] = MessageEncoder(complaints).encode(messages)
    tools = request.tools
    if request.tool_choice is not None:
        tools = _chosen(request.tool_choice, tools, complaints)
    offered = [entry for tool in tools if (entry := _tool(tool, complaints)) is not None]
    if offered:
        body["tools"] = offered
    if request.parallel_tool_calls is False:
        complaints.cannot("to call one tool at a time")


def _prompt(request: ChatRequest, body: dict[str, Any], complaints: Complaints) -> None:
    """The form of /api/generate: a system's text, and one turn of the user."""
    system: list[str] = []
    turns: list[Message] = []
    for message in request.messages:
        if message.role in (Role.SYSTEM, Role.DEVELOPER) and not turns:
            system.append(message.text)
        else:
            turns.append(message)
    if len(turns) > 1 or any(not _is_question(message) for message in turns):
        raise UnsupportedError(
            "/api/generate takes one question and no history",
            hint='Use /api/chat for a conversation: leave out the quirk form = "generate".',
        )
    if not turns:
        _must_load(request)
    if request.tools:
        complaints.cannot("tools by /api/generate", "use /api/chat")
    wire = MessageEncoder(complaints).encode(tuple(turns))
    body["prompt"] = wire[0]["content"] if wire else ""
    if wire and "images" in wire[0]:
        body["images"] = wire[0]["images"]
    if system:
        body["system"] = "\n\n".join(system)


def _is_question(message: Message) -> bool:
    return message.role is Role.USER and not any(isinstance(part, ToolResult) for part in message.content)


def _must_load(request: ChatRequest) -> None:
    """A request that asks nothing loads or unloads a model, if somebody says for how long."""
    if "keep_alive" not in {**foreign_fields(request), **request.extra}:
        raise InputError(
            "messages is empty; a request needs at least one",
            hint='To load or unload a model, say so: extra={"keep_alive": "10m"} or extra={"keep_alive": 0}.',
        )


def _chosen(choice: ToolChoice, tools: tuple[Tool, ...], complaints: Complaints) -> tuple[Tool, ...]:
    """The tools to offer: the wire cannot say which of them to use."""
    named = {tool.name: tool for tool in tools if isinstance(tool, FunctionTool)}
    for name in choice.allowed:
        if name not in named:
            raise InputError(f"tool_choice names {name!r}, which is not among the tools")
    if choice.mode == "none":
        if tools:
            complaints.emulated("tool_choice 'none': no tools were offered")
        return ()
    if choice.mode == "required":
        complaints.cannot("that a tool must be called", "its models choose")
    if choice.allowed:
        complaints.emulated("tool_choice: only the allowed tools were offered")
        return tuple([named[name] for name in choice.allowed])
    return tools


def _tool(tool: Tool, complaints: Complaints) -> dict[str, Any] | None:
    if not isinstance(tool, FunctionTool):
        complaints.cannot("a tool that is no function")
        return None
    if tool.cache is not None:
        complaints.cannot("what to cache", "it does so by itself")
    if tool.strict:
        complaints.cannot(f"to hold to the schema of {tool.name!r} strictly")
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    return {"type": "function", "function": function}


def _settings(request: ChatRequest, quirks: Quirks, body: dict[str, Any], complaints: Complaints) -> None:
    """What both forms have beside the options."""
    if request.response_format is not None:
        _format(request.response_format, body, complaints)
    if request.reasoning is not None:
        _think(request.reasoning, quirks, body, complaints)
    if request.logprobs or request.top_logprobs is not None:
        body["logprobs"] = True
    if request.top_logprobs is not None:
        top = _TOP_LOGPROBS.clamp(request.top_logprobs)
        if top != request.top_logprobs:
            complaints.clamped("top_logprobs", request.top_logprobs, _TOP_LOGPROBS.text, top)
        body["top_logprobs"] = int(top)
    if request.n is not None and request.n != 1:
        complaints.cannot("to give several answers (n)", "call it several times")
    if request.modalities not in ((), ("text",)):
        complaints.cannot("modalities")
    for name in _UNKNOWN:
        if getattr(request, name):
            complaints.cannot(name)
    if request.search is not None:
        complaints.cannot("search")


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


def _format(form: ResponseFormat, body: dict[str, Any], complaints: Complaints) -> None:
    """The answer's form. Its name is no more than a label, and the server always holds to a schema."""
    if form.description is not None:
        complaints.cannot("what the answer's form is for", "say it in a message")
    if form.type == "json_schema" and form.schema is not None:
        body["format"] = form.schema
    elif form.type != "text":
        body["format"] = "json"


def _think(reasoning: Reasoning, quirks: Quirks, body: dict[str, Any], complaints: Complaints) -> None:
    if reasoning.budget is not None:
        complaints.cannot("a budget for thinking in tokens")
    effort, known = reasoning.effort, quirks.efforts
    if reasoning.enabled is False or effort == "none":
        if quirks.thinking_always:
            complaints.cannot(
                "to stop thinking", f"the model always thinks; {known[0]!r} is its least effort"
            )
        body["think"] = known[0] if quirks.thinking_always else False
    elif effort is not None:
        nearest: str = effort
        if effort not in known:
            place = _ORDER.index(effort)
            nearest = min(known, key=lambda word: abs(_ORDER.index(word) - place))
            complaints.cannot(
                f"the effort {effort!r}", f"it knows {', '.join(known)}; {nearest!r} is nearest"
            )
        body["think"] = nearest
    elif reasoning.enabled and not quirks.thinking_always:
        body["think"] = True


def _num_ctx(request: ChatRequest) -> Any:
    """The context that the caller gave, in whichever way."""
    for fields in (request.extra, foreign_fields(request)):
        options = fields.get("options")
        if isinstance(options, Mapping) and options.get("num_ctx") is not None:
            return options["num_ctx"]
    return None


def _context(request: ChatRequest, quirks: Quirks, body: dict[str, Any], complaints: Complaints) -> None:
    """Ask for more context where the prompt needs it and nobody said how much."""
    given = _num_ctx(request)
    found = window_of(request, quirks, given)
    if given is None and found.num_ctx is not None:
        lay_over(body, {"options": {"num_ctx": found.num_ctx}})
    tell(found, given, quirks, complaints)
