"""The models that a key may use, and what is told of one, both ways."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import InputError, WireError
from baimo.types.models import ModelInfo
from baimo.wire.http import HttpRequest, WireHead

from .errors import decode_body
from .words import collection, place, resource

_HEAD = ((b"accept", b"application/json"),)
_PAGE = b"?pageSize=1000"
"""As many as the service gives at once: more models than there are."""


def encode_models(site: Site) -> HttpRequest:
    """The unsigned request for the list."""
    origin, target = collection(site)
    return HttpRequest(method="GET", origin=origin, target=target + _PAGE, headers=_HEAD)


def decode_models(head: WireHead, body: bytes, site: Site) -> tuple[ModelInfo, ...]:
    """The models in the service's order. Raises ProviderError or WireError."""
    content = decode_body(head, body, site.codes)
    entries = content.get("models", content.get("publisherModels"))
    if not isinstance(entries, list):
        raise WireError("the reply has no field 'models' with a list of models")
    found = [_model(entry, site.provider) for entry in entries if isinstance(entry, dict)]
    return tuple([model for model in found if model is not None])


def _model(entry: dict[str, Any], provider: str) -> ModelInfo | None:
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        return None
    methods = entry.get("supportedGenerationMethods")
    words = [word for word in methods if isinstance(word, str)] if isinstance(methods, list) else []
    if entry.get("thinking") is True:
        words.append("thinking")
    return ModelInfo(
        id=name.rpartition("models/")[2] or name,
        provider=provider,
        context=_number(entry.get("inputTokenLimit")),
        max_output=_number(entry.get("outputTokenLimit")),
        capabilities=tuple(words),
    )


def encode_model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """Being the provider: the body of the reply."""
    return msgspec.json.encode({"models": [_entry(model) for model in models]})


def encode_describe(model: str, site: Site) -> HttpRequest:
    """The unsigned request for what is known of one model."""
    origin, target = collection(site)
    name = resource(model).removeprefix("models/")
    return HttpRequest(method="GET", origin=origin, target=target + b"/" + name.encode(), headers=_HEAD)


def decode_describe(model: str, head: WireHead, body: bytes, site: Site) -> ModelInfo:
    """The model. Raises ProviderError or WireError."""
    found = _model(decode_body(head, body, site.codes), site.provider)
    if found is None:
        raise WireError("the reply names no model")
    return found


def decode_describe_request(wire: HttpRequest) -> str:
    """Being the provider: the model that a caller asks about. Raises InputError."""
    found = place(wire.target)
    if found is None:
        raise InputError("the address names no model")
    return found[0]


def encode_description(info: ModelInfo) -> bytes:
    """Being the provider: the body of the reply."""
    return msgspec.json.encode(_entry(info))


def _entry(model: ModelInfo) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": resource(model.id), "version": "001", "displayName": model.id}
    if model.context is not None:
        entry["inputTokenLimit"] = model.context
    if model.max_output is not None:
        entry["outputTokenLimit"] = model.max_output
    methods = [word for word in model.capabilities if word != "thinking"]
    entry["supportedGenerationMethods"] = methods or ["generateContent", "countTokens"]
    if "thinking" in model.capabilities:
        entry["thinking"] = True
    return entry


def _number(value: Any) -> int | None:
    return value if type(value) is int and value > 0 else None
