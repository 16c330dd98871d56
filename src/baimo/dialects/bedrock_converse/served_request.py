"""Being the provider: this wire's request bodies to neutral requests.

What has no neutral name is kept and sent on to providers of this wire only, `additionalModelRequestFields`
among it: its words are the model's own, and those that are known are understood besides.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import Raw

from baimo.errors import InputError
from baimo.types.chat import ChatRequest, Reasoning, ResponseFormat
from baimo.types.content import Replay
from baimo.wire.http import HttpRequest

from .request import MORE
from .served_message import Conversation
from .tools import decode_tools
from .words import NAME

_PATH = re.compile(
    r".*/model/(?P<model>[^/]+(?:/[^/]+)*)/(?P<operation>converse|converse-stream|count-tokens|invoke)"
)
_OPERATIONS = {"converse": "chat", "converse-stream": "chat", "count-tokens": "count", "invoke": "embed"}


def _path(target: bytes) -> re.Match[str] | None:
    return _PATH.fullmatch(target.partition(b"?")[0].decode("latin-1").rstrip("/"))


def operation(method: str, target: bytes) -> str | None:
    """The operation at an address, or None."""
    found = _path(target)
    return _OPERATIONS[found["operation"]] if found is not None and method == "POST" else None


def model_of(wire: HttpRequest) -> str:
    """The model in the address. Raises InputError where there is none."""
    found = _path(wire.target)
    if found is None:
        raise InputError("the address names no model: /model/ID/converse")
    return unquote(found["model"])


def body_of(wire: HttpRequest) -> bytes:
    """A caller's body in one piece."""
    return wire.body if isinstance(wire.body, bytes) else b"".join(wire.body.chunks())


class _Inference(msgspec.Struct, rename="camel"):
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: tuple[str, ...] | None = None


class _Tier(msgspec.Struct):
    type: str


class _Body(msgspec.Struct, rename="camel"):
    """The fields that are understood."""

    messages: list[dict[str, Any]]
    system: list[dict[str, Any]] | None = None
    inference_config: dict[str, Any] | None = None
    tool_config: dict[str, Any] | None = None
    output_config: dict[str, Any] | None = None
    service_tier: _Tier | None = None
    request_metadata: dict[str, str] | None = None
    additional_model_request_fields: dict[str, Any] | None = None


_KNOWN = frozenset(_Body.__struct_encode_fields__) - {MORE}
_KNOWN_INFERENCE = frozenset(_Inference.__struct_encode_fields__)

_body = msgspec.json.Decoder(_Body)
_fields = msgspec.json.Decoder(dict[str, Any])


def decode_request(wire: HttpRequest) -> ChatRequest:
    """What a caller asks for. Raises InputError naming the field, and the message where it is one's."""
    model = model_of(wire)
    raw = body_of(wire)
    if not raw.strip():
        raise InputError("the request has no body")
    try:
        body = _body.decode(raw)
        foreign: dict[str, Any] = {
            name: value for name, value in _fields.decode(raw).items() if name not in _KNOWN
        }
        given = body.inference_config or {}
        inference = msgspec.convert(given, _Inference)
        fields = decode_tools(body.tool_config or {})
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    if unknown := {name: value for name, value in given.items() if name not in _KNOWN_INFERENCE}:
        foreign["inferenceConfig"] = unknown
    more = body.additional_model_request_fields or {}
    form, rest = _format(body.output_config or {})
    if rest:
        foreign["outputConfig"] = rest
    return ChatRequest(
        model=model,
        messages=Conversation().messages(body.system or [], body.messages),
        max_tokens=inference.max_tokens,
        temperature=inference.temperature,
        top_p=inference.top_p,
        stop=inference.stop_sequences or (),
        top_k=_top_k(more),
        reasoning=_reasoning(more, rest.get("effort")),
        response_format=form,
        service_tier=body.service_tier.type if body.service_tier else None,
        metadata=body.request_metadata,
        stream=wire.target.partition(b"?")[0].rstrip(b"/").endswith(b"/converse-stream"),
        foreign=Replay(dialect=NAME, json=Raw(msgspec.json.encode(foreign))) if foreign else None,
        **fields,
    )


def _top_k(more: dict[str, Any]) -> int | None:
    """The number, under whichever model's name for it."""
    nested = more.get("inferenceConfig")
    values = (more.get("top_k"), more.get("k"), nested.get("topK") if isinstance(nested, dict) else None)
    return next((value for value in values if type(value) is int), None)


_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def _reasoning(more: dict[str, Any], effort: Any) -> Reasoning | None:
    """What is said of thinking, in whichever model's words."""
    thinking, nova = more.get("thinking"), more.get("reasoningConfig")
    told = thinking if isinstance(thinking, dict) else nova if isinstance(nova, dict) else None
    effort = more.get("reasoning_effort", effort)
    if told is not None:
        if told.get("type") == "disabled":
            return Reasoning(enabled=False)
        budget = told.get("budget_tokens")
        effort = told.get("maxReasoningEffort", effort)
        return Reasoning(
            enabled=True,
            budget=budget if type(budget) is int else None,
            effort=effort if effort in _EFFORTS else None,
        )
    return Reasoning(effort=effort) if effort in _EFFORTS else None


def _format(config: dict[str, Any]) -> tuple[ResponseFormat | None, dict[str, Any]]:
    """The answer's form, and what else stands beside it. Raises InputError for a schema that is none."""
    text = config.get("textFormat")
    structure = text.get("structure") if isinstance(text, dict) else None
    schema = structure.get("jsonSchema") if isinstance(structure, dict) else None
    if not isinstance(schema, dict):
        return None, config
    try:
        decoded = msgspec.json.decode(schema.get("schema", ""), type=dict[str, Any])
    except (msgspec.MsgspecError, TypeError, UnicodeEncodeError):
        raise InputError(
            "outputConfig.textFormat.structure.jsonSchema.schema: must be a JSON schema, written as text"
        ) from None
    form = ResponseFormat(
        type="json_schema",
        schema=decoded,
        name=schema.get("name"),
        description=schema.get("description"),
    )
    return form, {name: value for name, value in config.items() if name != "textFormat"}


def named(message: str) -> str:
    """A validation message with the path of the field in front."""
    text, _, path = message.partition(" - at ")
    found = re.search(r"`\$\.?(.*)`", path)
    name = found[1] if found else ""
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        name, text = (f"{name}.{missing[1]}" if name else missing[1]), "is required"
    return f"{name or 'the body'}: {text}"
