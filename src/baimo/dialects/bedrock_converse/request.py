"""Neutral requests to the bodies of Converse and ConverseStream, which differ in their address only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.dialect.complaints import Complaints
from baimo.dialect.interval import Interval
from baimo.dialect.jsontext import encode as to_text
from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.types.chat import USUAL_TIERS, ChatRequest, Message, ResponseFormat
from baimo.wire.http import HeaderFields, HttpRequest, header_fields, with_headers

from .messages import MessageEncoder
from .quirks import Quirks
from .thinking import encode_thinking
from .tools import encode_tools
from .words import NAME, STREAM_TYPE, address

_HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", b"application/json"))
_STREAM_HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", STREAM_TYPE.encode()))

DEFAULTS = Quirks()

MORE = "additionalModelRequestFields"
"""What a model's own makers call its settings: passed on to it as it stands."""

_SHARE = Interval("[0, 1]")


def encode_request(request: ChatRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    if request.prompt_cache is not None and quirks.cache_points != "none":
        from baimo.dialect.marks import marked

        times = ("5m", "1h") if quirks.cache_points == "all" else ()
        request = marked(request, ttls=times, tools=quirks.cache_points != "messages")
    complaints = Complaints(drop=request.unsupported == "drop", who=site.provider or "Bedrock")
    foreign = foreign_fields(request)
    if not request.messages:
        raise InputError("messages is empty; a request needs at least one")
    body = MessageEncoder(complaints, quirks).encode(request.messages)
    encode_tools(request, quirks, body, complaints)
    _inference(request, body, complaints)
    if MORE not in foreign and "effort" not in foreign.get("outputConfig", ()):
        _model_fields(request, quirks, body, complaints)
    _settings(request, body, complaints)
    lay_over(body, foreign)
    lay_over(body, request.extra)
    if not body.get("messages") and "promptVariables" not in body:
        raise InputError("messages says nothing: empty texts are not sent, and no other part is there")
    headers = _STREAM_HEAD if request.stream else _HEAD
    if request.headers:
        headers = with_headers(headers, header_fields(dict(request.headers)))
    origin, target = address(site, request.model, "converse-stream" if request.stream else "converse")
    return HttpRequest(
        method="POST",
        origin=origin,
        target=target,
        headers=headers,
        body=to_json(body, request.messages),
        notes=tuple(complaints.notes),
    )


def foreign_fields(request: ChatRequest) -> dict[str, Any]:
    """Fields of a caller's own request of this wire that have no neutral name."""
    if request.foreign is None or request.foreign.dialect != NAME:
        return {}
    fields: dict[str, Any] = msgspec.json.decode(request.foreign.json)
    return fields


def lay_over(body: dict[str, Any], extra: Mapping[str, Any]) -> None:
    """Merge into a body: the last word, mappings merged one level deep."""
    for name, value in extra.items():
        below = body.get(name)
        body[name] = {**below, **value} if isinstance(below, dict) and isinstance(value, Mapping) else value


def to_json(body: dict[str, Any], messages: tuple[Message, ...] = ()) -> bytes:
    """Compact UTF-8, bytes in base64. Raises InputError for half surrogates, naming the message that holds
    one."""
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


def _inference(request: ChatRequest, body: dict[str, Any], complaints: Complaints) -> None:
    """What every model knows."""
    config: dict[str, Any] = {}
    if request.max_tokens is not None:
        config["maxTokens"] = request.max_tokens
    if request.temperature is not None:
        config["temperature"] = complaints.within("temperature", request.temperature, _SHARE)
    if request.top_p is not None:
        config["topP"] = complaints.within("top_p", request.top_p, _SHARE)
    if request.stop:
        config["stopSequences"] = list(request.stop)
    if config:
        body["inferenceConfig"] = config


def _model_fields(request: ChatRequest, quirks: Quirks, body: dict[str, Any], complaints: Complaints) -> None:
    """What models know under names of their own."""
    more: dict[str, Any] = {}
    if request.top_k is not None:
        if quirks.top_k == "refused":
            complaints.cannot("top_k for this model", "its name for it is not known")
        elif quirks.top_k == "nova":
            more["inferenceConfig"] = {"topK": request.top_k}
        else:
            more[quirks.top_k] = request.top_k
    if request.reasoning is not None:
        encode_thinking(request.reasoning, request.max_tokens, quirks, more, body, complaints)
    if more:
        body[MORE] = more


def _settings(request: ChatRequest, body: dict[str, Any], complaints: Complaints) -> None:
    if request.response_format is not None:
        _format(request.response_format, body, complaints)
    if request.service_tier not in USUAL_TIERS:
        body["serviceTier"] = {"type": request.service_tier}
    elif request.service_tier == "default":
        body["serviceTier"] = {"type": "default"}
    if request.metadata:
        body["requestMetadata"] = request.metadata
    if request.n is not None and request.n != 1:
        complaints.cannot("to give several answers (n)", "call it several times")
    if request.modalities not in ((), ("text",)):
        complaints.cannot("modalities")
    if request.seed is not None:
        complaints.cannot("seed")
    for name in _UNKNOWN:
        if getattr(request, name):
            complaints.cannot(name)


_UNKNOWN = (
    "min_p",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "verbosity",
    "audio",
    "prediction",
    "store",
    "user",
    "prompt_cache_key",
)
"""What this wire has no word for; a value that means nothing asked is left out."""


def _format(form: ResponseFormat, body: dict[str, Any], complaints: Complaints) -> None:
    """The answer's form: a schema, written as text. There is no mode for any JSON object."""
    if form.type == "text":
        return
    if form.type == "json_object" or form.schema is None:
        complaints.cannot("to answer in JSON of any form", "it takes a schema only")
        return
    if form.strict is False:
        complaints.cannot("to hold to a schema loosely", "it always does so strictly")
    schema: dict[str, Any] = {"schema": to_text(form.schema)}
    if form.name is not None:
        schema["name"] = form.name
    if form.description is not None:
        schema["description"] = form.description
    body["outputConfig"] = {
        **body.get("outputConfig", {}),
        "textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}},
    }
