"""Neutral requests to this wire's bodies. What a provider cannot be told is refused, or dropped with a
note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Message, ResponseFormat, Role
from baimo.wire.http import HeaderFields, HttpRequest, header_fields, with_headers

from .messages import MessageEncoder
from .quirks import Quirks
from .thinking import bound, encode_reasoning, room
from .tools import ToolEncoder
from .words import BETAS, NAME, SEARCH, TOOLS, address

DEFAULTS = Quirks()

_FILES = "files-api-2025-04-14"
"""The feature that a reference to an uploaded file asks for."""

_NO_SAMPLING = "2026-10-21"
"""From this version on there are no sampling parameters."""

_UNKNOWN = (
    "frequency_penalty",
    "presence_penalty",
    "min_p",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "verbosity",
    "audio",
    "prediction",
    "store",
    "prompt_cache_key",
)
"""What this wire has no word for, where it asks for something."""

_TIERS = {"auto": "auto", "standard_only": "standard_only", "standard": "standard_only"}


def encode_request(request: ChatRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    if request.prompt_cache is not None and "cache" not in quirks.refused:
        from baimo.dialect.marks import marked

        request = marked(request, ttls=("5m", "1h"))
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "this provider")
    made = _Body(request, quirks, complaints)
    body = made.build()
    path = quirks.paths.chat
    if request.stream and quirks.paths.stream:
        path = quirks.paths.stream
    origin, target = address(site, path, request.model)
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=_head(request, quirks, made.betas),
        body=to_json(body, request.messages),
        notes=tuple(complaints.notes),
    )


def filled_limit(request: ChatRequest, site: Site) -> int | None:
    """The limit of the answer that was put in, where the caller asked for none."""
    if request.max_tokens is not None or "max_tokens" in request.extra:
        return None
    quirks: Quirks = site.quirks or DEFAULTS
    return quirks.max_tokens + _room(request, quirks)


def _room(request: ChatRequest, quirks: Quirks) -> int:
    """Tokens for thinking, on top of those for the answer: the wire counts both in one limit."""
    return 0 if request.reasoning is None else room(request.reasoning, quirks)


def head(quirks: Quirks, *, accept: bytes = b"application/json") -> HeaderFields:
    """The fields that every request has."""
    fields: HeaderFields = ((b"content-type", b"application/json"), (b"accept", accept))
    if quirks.body_version or not quirks.version:
        return fields
    return (*fields, (b"anthropic-version", quirks.version.encode()))


def _head(request: ChatRequest, quirks: Quirks, betas: list[str]) -> HeaderFields:
    fields = head(quirks, accept=b"text/event-stream" if request.stream else b"application/json")
    if betas:
        fields = (*fields, (b"anthropic-beta", ",".join(betas).encode("latin-1", "replace")))
    return with_headers(fields, header_fields(dict(request.headers))) if request.headers else fields


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


class _Body:
    """Builds one body, field by field."""

    def __init__(self, request: ChatRequest, quirks: Quirks, complaints: Complaints) -> None:
        self._request = request
        self._quirks = quirks
        self._complaints = complaints
        self._own = foreign_fields(request)
        self._body: dict[str, Any] = {}
        self.betas: list[str] = list(self._own.pop(BETAS, ()))

    def build(self) -> dict[str, Any]:
        request, quirks, body = self._request, self._quirks, self._body
        if quirks.body_version:
            body["anthropic_version"] = quirks.body_version
        if "{model}" not in quirks.paths.chat:
            body["model"] = request.model
        encoder = MessageEncoder(quirks, self._complaints)
        system, body["messages"] = encoder.encode(request.messages)
        if system is not None:
            body["system"] = system
        body["max_tokens"] = quirks.max_tokens if request.max_tokens is None else request.max_tokens
        self._sampling()
        ToolEncoder(quirks, self._complaints, encoder, self._own).encode(request, body)
        self._reasoning()
        if request.response_format is not None:
            self._format(request.response_format)
        self._rare()
        if request.stream:
            body["stream"] = True
        lay_over(body, {name: value for name, value in self._own.items() if name not in (TOOLS, SEARCH)})
        lay_over(body, request.extra)
        if encoder.uses_files and _FILES not in self.betas:
            self.betas.append(_FILES)
        return body

    def _may(self, name: str) -> bool:
        """Whether the provider takes that; complains where it does not."""
        if name in self._quirks.refused:
            self._complaints.cannot(name)
            return False
        return True

    def _sampling(self) -> None:
        request, body = self._request, self._body
        for name in ("temperature", "top_p", "top_k"):
            value = getattr(request, name)
            is_usual = value == 1 and name != "top_k"
            if value is None or (is_usual and name in self._quirks.refused) or not self._may(name):
                continue
            if self._quirks.version >= _NO_SAMPLING and not self._quirks.body_version:
                self._complaints.cannot(name, f"version {self._quirks.version} of its API has no sampling")
                continue
            if name == "temperature":
                value = self._complaints.within(name, value, self._quirks.temperature)
            body[name] = value
        if request.stop and self._may("stop"):
            body["stop_sequences"] = request.stop

    def _reasoning(self) -> None:
        reasoning, body = self._request.reasoning, self._body
        own = self._own.get("output_config")
        said = isinstance(own, dict) and "effort" in own
        # A caller of this wire who gave an effort alone has said all of it in his own words.
        if reasoning is not None and (not said or reasoning.enabled is False):
            limit = self._request.max_tokens
            thinking, effort = encode_reasoning(reasoning, limit, self._quirks, self._complaints)
            if limit is None:
                body["max_tokens"] += _room(self._request, self._quirks)
            if thinking is not None:
                body["thinking"] = thinking
            if effort is not None:
                body["output_config"] = {"effort": effort}
        thinks = body.get("thinking", {}).get("type") in ("enabled", "adaptive")
        if thinks and self._quirks.thinking_limits:
            bound(body, self._complaints)

    def _format(self, form: ResponseFormat) -> None:
        """The answer's form. Its name is no more than a label, and the provider always holds to a schema."""
        if form.type == "text" or not self._may("response_format"):
            return
        if form.schema is None:
            self._complaints.cannot("to answer in JSON without a schema", "give it a schema, or a tool")
            return
        if form.description is not None:
            self._complaints.cannot("what the answer's form is for", "say it in a message")
        format_ = {"type": "json_schema", "schema": form.schema}
        lay_over(self._body, {"output_config": {"format": format_}})

    def _rare(self) -> None:
        request, body = self._request, self._body
        if request.user is not None and self._may("user"):
            body["metadata"] = {"user_id": request.user}
        if request.metadata:
            self._complaints.cannot("metadata", "it takes the user alone")
        if request.service_tier not in (None, "default") and self._may("service_tier"):
            tier = _TIERS.get(request.service_tier or "")
            if tier is None:
                self._complaints.cannot(f"the service tier {request.service_tier!r}")
            else:
                body["service_tier"] = tier
        for name in _UNKNOWN:
            if getattr(request, name):
                self._complaints.cannot(name)
        if request.seed is not None:
            self._complaints.cannot("seed")
        if request.repetition_penalty not in (None, 1):
            self._complaints.cannot("repetition_penalty")
        if request.n is not None and request.n != 1:
            self._complaints.cannot("to give several answers (n)", "call it several times")
        if request.modalities not in ((), ("text",)):
            self._complaints.cannot("modalities")


def continues(request: ChatRequest, site: Site) -> bool:
    """Whether the reply is the rest of an answer that the request begins."""
    quirks: Quirks = site.quirks or DEFAULTS
    return quirks.prefill and bool(request.messages) and request.messages[-1].role is Role.ASSISTANT
