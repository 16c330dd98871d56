"""The models of the service, and what it tells of one, both ways."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import InputError, WireError
from baimo.types.models import ModelInfo
from baimo.wire.http import HttpRequest, WireHead

from .usage import count
from .whole import decode_body
from .words import address

_GET = ((b"accept", b"application/json"),)

_PATH = "/v1/models"

_PAGE = b"?page_size=1000"
"""All models at once: a page has 20 where nobody asks."""

_OPERATIONS = ("chat", "embed", "classify", "summarize", "rerank", "rate", "generate")


def encode_models(site: Site) -> HttpRequest:
    """The unsigned request for the list."""
    origin, target = address(site, _PATH)
    return HttpRequest(method="GET", origin=origin, target=target + _PAGE, headers=_GET)


def decode_models(head: WireHead, body: bytes, site: Site) -> tuple[ModelInfo, ...]:
    """The models that the service lists, in its order. Raises ProviderError or WireError."""
    entries = decode_body(head, body, site.codes).get("models")
    if not isinstance(entries, list):
        raise WireError("the reply has no field 'models' with a list of models")
    named = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("name"), str)]
    return tuple([_model(entry["name"], entry, site.provider) for entry in named])


def encode_describe(model: str, site: Site) -> HttpRequest:
    """The unsigned request for what is known of one model."""
    origin, target = address(site, f"{_PATH}/{quote(model, safe='')}")
    return HttpRequest(method="GET", origin=origin, target=target, headers=_GET)


def decode_describe(model: str, head: WireHead, body: bytes, site: Site) -> ModelInfo:
    """What the service tells of a model. Raises ProviderError or WireError."""
    return _model(model, decode_body(head, body, site.codes), site.provider)


def _model(name: str, entry: dict[str, Any], provider: str) -> ModelInfo:
    endpoints, features = _words(entry.get("endpoints")), _words(entry.get("features"))
    config = entry.get("config")
    chats = "chat" in endpoints or "generate" in endpoints
    return ModelInfo(
        id=name,
        provider=provider,
        context=count(entry, "context_length") or None,
        max_output=count(config, "max_output_tokens") if isinstance(config, dict) else None,
        input_modalities=("text", "image") if "vision" in features else ("text",) if endpoints else (),
        output_modalities=("text",) if chats else (),
        capabilities=(*endpoints, *features),
        remark="deprecated" if entry.get("is_deprecated") is True else None,
    )


def encode_model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """Being the provider: the body of the list."""
    return msgspec.json.encode({"models": [_entry(model) for model in models]})


def decode_describe_request(wire: HttpRequest) -> str:
    """Being the provider: the model that a caller asks about. Raises InputError."""
    name = unquote(wire.target.partition(b"?")[0].decode("latin-1")).removeprefix(f"{_PATH}/")
    if not name:
        raise InputError("the address names no model")
    return name


def encode_description(info: ModelInfo) -> bytes:
    """Being the provider: what is known of a model."""
    return msgspec.json.encode(_entry(info))


def _entry(model: ModelInfo) -> dict[str, Any]:
    endpoints = [word for word in model.capabilities if word in _OPERATIONS]
    entry: dict[str, Any] = {
        "name": model.id,
        "is_deprecated": model.remark == "deprecated",
        "endpoints": endpoints,
        "default_endpoints": [],
        "finetuned": False,
        "features": [word for word in model.capabilities if word not in _OPERATIONS],
    }
    if model.context is not None:
        entry["context_length"] = model.context
    return entry


def _words(value: Any) -> tuple[str, ...]:
    return tuple([word for word in value if isinstance(word, str)]) if isinstance(value, list) else ()
