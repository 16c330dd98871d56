"""Neutral requests to this wire's bodies. What Pangu cannot be told is refused, or dropped with a note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Message, Reasoning, Role
from baimo.types.content import Refusal, Replay, Text, Thinking, ToolCall, ToolResult
from baimo.wire.http import HeaderFields, HttpRequest, header_fields, with_headers

from .address import address
from .quirks import NAME, Quirks

_DEFAULTS = Quirks()

_HEAD: HeaderFields = ((b"Content-Type", b"application/json"), (b"Accept", b"application/json"))
_STREAM_HEAD: HeaderFields = (
    (b"Content-Type", b"application/json"),
    (b"Accept", b"text/event-stream"),
    (b"Cache-Control", b"no-store"),
)

TEMPERATURE = Interval("(0, 1]")
TOP_P = Interval("(0, 1]")
PENALTY = Interval("[-2, 2]")
N_MAX = 2
USER_MAX = 64

_UNSAYABLE: tuple[tuple[str, Any], ...] = (
    ("top_k", None),
    ("min_p", 0.0),
    ("repetition_penalty", 1.0),
    ("seed", None),
    ("stop", ()),
    ("logprobs", False),
    ("top_logprobs", None),
    ("logit_bias", {}),
    ("reasoning", Reasoning()),
    ("verbosity", None),
    ("audio", None),
    ("modalities", ("text",)),
    ("prediction", None),
    ("service_tier", None),
    ("store", False),
    ("metadata", {}),
    ("prompt_cache_key", None),
    ("search", None),
)
"""What this wire has no word for, each with the value that asks for nothing."""


def encode_request(request: ChatRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or _DEFAULTS
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Pangu")
    body: dict[str, Any] = {"messages": _messages(request.messages, complaints)}
    _fields(request, body, complaints)
    _refuse(request, complaints)
    if request.foreign is not None and request.foreign.dialect == NAME:
        body.update(fields_of(request.foreign))
    _lay_over(body, request.extra)
    headers = _STREAM_HEAD if request.stream else _HEAD
    if site.project:
        headers = (*headers, (b"X-Project-Id", site.project.encode("utf-8")))
    if request.headers:
        headers = with_headers(headers, header_fields(dict(request.headers)))
    origin, target = address(site, quirks, request.model)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=headers,
        body=_to_json(body, request),
        notes=tuple(complaints.notes),
    )


def _fields(request: ChatRequest, body: dict[str, Any], complaints: Complaints) -> None:
    """The parameters that this wire has."""
    if request.user is not None:
        if 1 <= len(request.user) <= USER_MAX:
            body["user"] = request.user
        else:
            complaints.cannot("user", f"it takes 1 to {USER_MAX} characters")
    if request.stream:
        body["stream"] = True
    for name, limits in (("temperature", TEMPERATURE), ("top_p", TOP_P)):
        value = getattr(request, name)
        if value is not None:
            body[name] = _within(name, value, limits, complaints)
    if request.max_tokens is not None:
        if request.max_tokens < 1:
            complaints.clamped("max_tokens", request.max_tokens, "1 and more", 1)
        body["max_tokens"] = max(1, request.max_tokens)
    if request.n is not None and request.n != 1:
        most = 1 if request.stream else N_MAX
        n = max(1, min(request.n, most))
        if n != request.n:
            when = " in a stream" if request.stream else ""
            complaints.clamped(f"n{when}", request.n, f"[1, {most}]", n)
        if n != 1:
            body["n"] = n
    for name in ("presence_penalty", "frequency_penalty"):
        value = getattr(request, name)
        if value:
            body[name] = _within(name, value, PENALTY, complaints)


def _within(name: str, value: float, limits: Interval, complaints: Complaints) -> float:
    if value in limits:
        return value
    nearest = limits.clamp(value)
    complaints.clamped(name, value, limits.text, nearest)
    return nearest


def _refuse(request: ChatRequest, complaints: Complaints) -> None:
    """Complain of everything that was asked for and cannot be said."""
    if request.tools:
        complaints.cannot("tools")
    elif request.tool_choice is not None and request.tool_choice.mode == "required":
        complaints.cannot("tool_choice 'required'", "no tools are offered")
    form = request.response_format
    if form is not None and form.type != "text":
        complaints.cannot(f"response_format {form.type!r}")
    for name, nothing in _UNSAYABLE:
        value = getattr(request, name)
        if value is not None and value not in (nothing, ()):
            complaints.cannot(name)


def _messages(messages: tuple[Message, ...], complaints: Complaints) -> list[dict[str, Any]]:
    if not messages:
        raise InputError("messages is empty; a request needs at least one")
    wire = []
    for index, message in enumerate(messages):
        if message.role is Role.TOOL:
            complaints.cannot("a tool's message")
            continue
        role = "system" if message.role is Role.DEVELOPER else message.role.value
        said: dict[str, Any] = {"role": role, "content": _content(message, index, complaints)}
        if message.name is not None:
            complaints.cannot("the name of a message's author")
        if message.replay is not None and message.replay.dialect == NAME:
            said.update(fields_of(message.replay))
        wire.append(said)
    if not wire:
        raise InputError("messages holds nothing that Pangu can be told")
    return wire


def _content(message: Message, index: int, complaints: Complaints) -> str:
    """The words of a message. An earlier answer's reasoning is not sent back."""
    texts = []
    for number, part in enumerate(message.content):
        if isinstance(part, (Thinking, Refusal, ToolCall)) and message.role is not Role.ASSISTANT:
            kind = type(part).__name__
            raise InputError(
                f"messages[{index}].content[{number}] is a {kind}, which only an assistant's message may hold"
            )
        if isinstance(part, (Text, Refusal)):
            texts.append(part.text)
            if part.cache is not None:
                complaints.cannot("what to cache")
        elif isinstance(part, ToolCall):
            complaints.cannot("a call of a tool")
        elif isinstance(part, ToolResult):
            complaints.cannot("a tool's result")
        elif not isinstance(part, Thinking):
            complaints.cannot(f"{type(part).__name__.lower()} content", "it takes nothing but text")
    return "\n\n".join(texts)


def fields_of(replay: Replay) -> dict[str, Any]:
    """The fields of what is sent back, their values byte for byte as they came."""
    return dict(_raw_fields.decode(replay.json))


_raw_fields = msgspec.json.Decoder(dict[str, Raw])


def _lay_over(body: dict[str, Any], extra: Mapping[str, Any]) -> None:
    """Merge `extra` into a body: the last word, mappings merged one level deep."""
    for name, value in extra.items():
        below = body.get(name)
        if isinstance(below, Raw):
            below = msgspec.json.decode(below)
        body[name] = {**below, **value} if isinstance(below, dict) and isinstance(value, Mapping) else value


def _to_json(body: dict[str, Any], request: ChatRequest) -> bytes:
    """Compact UTF-8. Raises InputError for what is no JSON, naming the message with half a character."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        where = "the request"
        for index, message in enumerate(request.messages):
            try:
                msgspec.json.encode(message)
            except UnicodeEncodeError:
                where = f"messages[{index}]"
                break
        raise InputError(f"{where} holds half a surrogate pair, which is no valid Unicode text") from None
    except TypeError as error:
        raise InputError(f"the request holds a value that is no JSON: {error}") from None
