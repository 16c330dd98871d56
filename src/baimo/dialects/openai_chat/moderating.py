"""Moderation on this wire, both ways: texts to `/moderations`.

Read in the types of the official Python package 3.54.0 and at
https://docs.mistral.ai/api/endpoint/classifiers, 29 November 2026. Odd things: Mistral tells no `flagged`, so
that any category decides; Zhipu takes one text and answers with a `result_list` of risk levels
(https://docs.bigmodel.cn/api-reference, content safety).
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.dialect.protocols import Site
from baimo.errors import InputError, UnsupportedError, WireError
from baimo.types.moderation import Moderated, ModerateRequest, ModerationResponse
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead

from .posted import DEFAULTS, body_of, posted, there
from .quirks import Quirks
from .served_fields import named
from .whole import decode_body

_PASSED = "PASS"


def encode_moderate(request: ModerateRequest, site: Site) -> HttpRequest:
    """The unsigned request. Raises InputError or UnsupportedError."""
    quirks: Quirks = site.quirks or DEFAULTS
    if not request.inputs:
        raise InputError("inputs is empty; there is nothing to look at")
    given: str | tuple[str, ...] = request.inputs
    if quirks.beside.moderates_one:
        if len(request.inputs) > 1:
            raise UnsupportedError(
                f"{site.provider or 'this provider'} moderates one text a call",
                hint="Give them one by one.",
            )
        given = request.inputs[0]
    body: dict[str, Any] = {"model": request.model, "input": given}
    return posted(
        site,
        there(quirks.paths.moderate, "judgements", site),
        request.model,
        body,
        request.headers,
        request.extra,
    )


class _Result(msgspec.Struct):
    categories: dict[str, bool | None]
    category_scores: dict[str, float | None] = {}
    flagged: bool | None = None


class _Risk(msgspec.Struct):
    risk_level: str
    risk_type: str | list[str] | None = None


class _Counts(msgspec.Struct):
    prompt_tokens: int | None = None


def decode_moderate(request: ModerateRequest, head: WireHead, body: bytes, site: Site) -> ModerationResponse:
    """The results of a whole reply. Raises ProviderError or WireError."""
    content = decode_body(head, body, site.codes)
    found: Any = None
    if isinstance(content, dict):
        found = content.get("results", content.get("result_list"))
    try:
        told = msgspec.convert(found, list[dict[str, Any]])
        results = tuple([_risk(one) if "risk_level" in one else _result(one) for one in told])
    except msgspec.ValidationError as error:
        raise WireError(f"the reply is no moderation: {error}") from None
    if len(results) != len(request.inputs):
        raise WireError(f"the reply has {len(results)} results for {len(request.inputs)} inputs")
    model = content.get("model")
    return ModerationResponse(
        results=results,
        usage=_usage(content.get("usage")),
        model=model if isinstance(model, str) and model else request.model,
    )


def _result(one: dict[str, Any]) -> Moderated:
    told = msgspec.convert(one, _Result)
    categories = {name: bool(value) for name, value in told.categories.items()}
    return Moderated(
        flagged=any(categories.values()) if told.flagged is None else told.flagged,
        categories=categories,
        scores={name: score for name, score in told.category_scores.items() if score is not None},
        raw=Raw(msgspec.json.encode(one)),
    )


def _risk(one: dict[str, Any]) -> Moderated:
    """What Zhipu tells: a level, and what kinds of risk there are."""
    told = msgspec.convert(one, _Risk)
    kinds = [told.risk_type] if isinstance(told.risk_type, str) else told.risk_type or []
    return Moderated(
        flagged=told.risk_level.upper() != _PASSED,
        categories={kind: True for kind in kinds if kind},
        raw=Raw(msgspec.json.encode(one)),
    )


def _usage(told: Any) -> Usage:
    try:
        return Usage(input_uncached=msgspec.convert(told, _Counts).prompt_tokens)
    except msgspec.ValidationError:
        return Usage()


class _Text(msgspec.Struct):
    text: str


class _Asked(msgspec.Struct):
    input: str | list[str | _Text]
    model: str = "omni-moderation-latest"


_KNOWN = frozenset(_Asked.__struct_fields__)


def decode_moderate_request(wire: HttpRequest) -> ModerateRequest:
    """Being the provider: what a caller asks for. Raises InputError naming the field."""
    try:
        fields = msgspec.json.decode(body_of(wire), type=dict[str, Any])
        asked = msgspec.convert(fields, _Asked)
    except msgspec.ValidationError as error:
        raise InputError(named(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the request's body is no valid JSON: {error}") from None
    given = [asked.input] if isinstance(asked.input, str) else asked.input
    if not given:
        raise InputError("input: must hold at least one text")
    return ModerateRequest(
        model=asked.model,
        inputs=tuple([one if isinstance(one, str) else one.text for one in given]),
        extra={name: value for name, value in fields.items() if name not in _KNOWN},
    )


def encode_moderation(request: ModerateRequest, response: ModerationResponse) -> bytes:
    """Being the provider: the body of the reply."""
    results = [
        {"flagged": one.flagged, "categories": one.categories, "category_scores": one.scores}
        for one in response.results
    ]
    body = {
        "id": response.request_id or "modr-0",
        "model": response.model or request.model,
        "results": results,
    }
    return msgspec.json.encode(body)
