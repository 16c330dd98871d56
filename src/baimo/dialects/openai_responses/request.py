"""Neutral requests to this wire's bodies. What a provider cannot be told is refused, or dropped with a
note."""

from __future__ import annotations

from typing import Any

from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Reasoning, ResponseFormat
from baimo.wire.http import HeaderFields, HttpRequest, header_fields, with_headers

from .items import TTLS, ItemEncoder, fields_of
from .quirks import Quirks
from .tools import ToolEncoder
from .words import ENCRYPTED, HEAD, LOGPROBS, NAME, address, lay_over, to_json

_STREAM_HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", b"text/event-stream"))

_TEMPERATURE = Interval("[0, 2]")
_TOP_P = Interval("[0, 1]")
_TOP_LOGPROBS = Interval("[0, 20]")

TOOL_FIELDS = "tool_fields"
"""In what is kept of a served request: fields of its tools that have no neutral name, by the tool's name."""

_SELF_CONTAINED = ("previous_response_id", "conversation", "prompt")
"""What a request without input may go on from."""

_PLAIN = ("service_tier", "store", "metadata", "user", "prompt_cache_key")
"""Fields that go out as they are."""

_UNKNOWN: tuple[tuple[str, Any], ...] = (
    ("top_k", None),
    ("min_p", 0.0),
    ("frequency_penalty", 0.0),
    ("presence_penalty", 0.0),
    ("repetition_penalty", 1.0),
    ("seed", None),
    ("stop", ()),
    ("n", 1),
    ("logit_bias", {}),
    ("audio", None),
    ("prediction", None),
)
"""What this wire has no word for, each with the value that asks for nothing."""

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

DEFAULTS = Quirks()


def encode_request(request: ChatRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    if request.prompt_cache is not None and quirks.cache_marks:
        from baimo.dialect.marks import SAID, marked

        request = marked(request, ttls=TTLS, tools=False, kinds=SAID, answers=False)
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "this provider")
    body = encode_body(request, quirks, complaints)
    lay_over(body, request.extra)
    if not body["input"]:
        if not any(body.get(name) for name in _SELF_CONTAINED):
            raise InputError("messages is empty; a request needs at least one")
        del body["input"]
    headers = _STREAM_HEAD if request.stream else HEAD
    if request.headers:
        headers = with_headers(headers, header_fields(dict(request.headers)))
    origin, target = address(site, "/responses")
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=headers,
        body=to_json(body, request),
        notes=tuple(complaints.notes),
    )


def encode_body(request: ChatRequest, quirks: Quirks, complaints: Complaints) -> dict[str, Any]:
    """The body, before `extra` is laid over it."""
    own = request.foreign is not None and request.foreign.dialect == NAME
    foreign = fields_of(request.foreign)
    body: dict[str, Any] = {"model": request.model} if request.model else {}
    items = ItemEncoder(quirks, complaints)
    body["input"] = items.encode(request.messages)
    if items.instructions is not None:
        body["instructions"] = items.instructions
    tools = ToolEncoder(quirks, complaints, foreign.pop(TOOL_FIELDS, {}), own=own)
    tools.encode(request, body)
    _Settings(request, quirks, complaints, body).encode(own=own)
    asked = foreign.pop("include", None)
    include = dict.fromkeys([*(asked or ()), *body.pop("include", ())])
    if include or asked is not None:
        body["include"] = list(include)
    lay_over(body, foreign)
    return body


class _Settings:
    """What of a request is neither messages nor tools."""

    def __init__(
        self, request: ChatRequest, quirks: Quirks, complaints: Complaints, body: dict[str, Any]
    ) -> None:
        self._request = request
        self._quirks = quirks
        self._complaints = complaints
        self._body = body

    def encode(self, *, own: bool) -> None:
        """Lay them into the body. `own`: the request came by this wire and says itself what to include."""
        request, body, may = self._request, self._body, self._may
        if request.max_tokens is not None and may("max_tokens"):
            body["max_output_tokens"] = request.max_tokens
        if request.temperature is not None and may("temperature"):
            body["temperature"] = self._complaints.within("temperature", request.temperature, _TEMPERATURE)
        if request.top_p is not None and may("top_p"):
            body["top_p"] = self._complaints.within("top_p", request.top_p, _TOP_P)
        include: list[str] = []
        if request.logprobs or request.top_logprobs is not None:
            self._logprobs(include)
        if request.reasoning is not None:
            self._reasoning(request.reasoning, own=own)
        if self._wants_encrypted() and not own:
            include.append(ENCRYPTED)
        if include:
            body["include"] = include
        self._text()
        for name in _PLAIN:
            value = getattr(request, name)
            if value is not None and may(name):
                body[name] = value
        for name, nothing in _UNKNOWN:
            value = getattr(request, name)
            if value is not None and value != nothing:
                self._complaints.cannot(name)
        if request.modalities not in ((), ("text",)):
            self._complaints.cannot("modalities")
        if request.stream:
            body["stream"] = True

    def _may(self, name: str, field: str | None = None) -> bool:
        """Whether the provider takes that; complains where it does not."""
        if name in self._quirks.refused:
            self._complaints.cannot(field or name)
            return False
        return True

    def _logprobs(self, include: list[str]) -> None:
        if not self._may("logprobs"):
            return
        include.append(LOGPROBS)
        top = self._request.top_logprobs
        if top is not None:
            self._body["top_logprobs"] = int(self._complaints.within("top_logprobs", top, _TOP_LOGPROBS))

    def _wants_encrypted(self) -> bool:
        """Whether reasoning must come in the form that can be sent back."""
        when, reasoning = self._quirks.encrypted, self._request.reasoning
        if when != "asked":
            return when == "always"
        if reasoning is not None:
            return not _is_off(reasoning)
        return self._request.store is False

    def _reasoning(self, reasoning: Reasoning, *, own: bool) -> None:
        """How much to think, and a summary of it where it is asked for at all."""
        said: dict[str, Any] = {}
        off, efforts = _is_off(reasoning), self._quirks.efforts
        if reasoning.budget is not None:
            self._complaints.cannot("a budget for thinking in tokens")
        if off and "none" in efforts:
            said["effort"] = "none"
        elif off:
            self._complaints.cannot("to stop thinking", "its models always think; the least was asked for")
            if efforts:
                said["effort"] = efforts[0]
        elif reasoning.effort is not None:
            effort = self._effort(reasoning.effort)
            if effort is not None:
                said["effort"] = effort
        if not off and not own and self._quirks.summary != "none":
            said["summary"] = self._quirks.summary
        if said:
            self._body["reasoning"] = said

    def _effort(self, effort: str) -> str | None:
        """The effort itself, or the nearest the models know."""
        known = self._quirks.efforts
        if effort in known:
            return effort
        if not known:
            self._complaints.cannot(f"the effort {effort!r}", "it decides by itself")
            return None
        place = EFFORTS.index(effort)
        nearest = min(known, key=lambda name: abs(EFFORTS.index(name) - place))
        self._complaints.cannot(
            f"the effort {effort!r}", f"it knows {', '.join(known)}; {nearest!r} is nearest"
        )
        return nearest

    def _text(self) -> None:
        """The form of the answer, and how wordy it is."""
        request = self._request
        text: dict[str, Any] = {}
        if request.response_format is not None:
            form = self._format(request.response_format)
            if form is not None:
                text["format"] = form
        if request.verbosity is not None and self._may("verbosity"):
            text["verbosity"] = request.verbosity
        if text:
            self._body["text"] = text

    def _format(self, form: ResponseFormat) -> dict[str, Any] | None:
        if form.type == "text" or not self._may(form.type, f"response_format {form.type!r}"):
            return None
        if form.type == "json_object":
            return {"type": "json_object"}
        said: dict[str, Any] = {"type": "json_schema", "name": form.name or "answer"}
        if form.description is not None:
            said["description"] = form.description
        said["schema"] = form.schema if form.schema is not None else {}
        if form.strict is not None:
            said["strict"] = form.strict
        return said


def _is_off(reasoning: Reasoning) -> bool:
    return reasoning.enabled is False or reasoning.effort == "none"
