"""The provider's own list of models, both ways."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import WireError
from baimo.types.models import ModelInfo
from baimo.wire.http import HttpRequest, WireHead

from .address import address
from .quirks import Quirks
from .whole import decode_body


def encode_models(site: Site) -> HttpRequest:
    """The unsigned request."""
    quirks: Quirks = site.quirks or Quirks()
    origin, target = address(site, quirks.paths.models)
    return HttpRequest(
        method="GET", origin=origin, target=target, headers=((b"accept", b"application/json"),)
    )


def decode_models(head: WireHead, body: bytes, site: Site) -> tuple[ModelInfo, ...]:
    """The models a provider tells of, in its order. Some give the bare list without an object around it."""
    content = decode_body(head, body, site.codes)
    entries = content.get("data", content.get("models")) if isinstance(content, dict) else content
    if not isinstance(entries, list):
        raise WireError("the reply has no field 'data' with a list of models")
    found = [_model(entry, site.provider) for entry in entries if isinstance(entry, dict)]
    return tuple([model for model in found if model is not None])


def _model(entry: dict[str, Any], provider: str) -> ModelInfo | None:
    name = entry.get("id") or entry.get("model") or entry.get("name")
    if not isinstance(name, str):
        return None
    shape = entry.get("architecture")
    shape = shape if isinstance(shape, dict) else {}
    return ModelInfo(
        id=name,
        provider=provider,
        context=_number(
            entry,
            "context_length",
            "max_model_len",
            "max_context_length",
            "context_window",
            "context_size",
            "max_input_length",
        ),
        max_output=_number(entry, "max_output_tokens", "max_completion_tokens", "max_tokens"),
        input_modalities=_words(shape.get("input_modalities")),
        output_modalities=_words(shape.get("output_modalities")),
        created=_number(entry, "created"),
        owned_by=entry["owned_by"] if isinstance(entry.get("owned_by"), str) else None,
    )


def _number(entry: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = entry.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            return int(value)
    return None


def _words(value: Any) -> tuple[str, ...]:
    return tuple([word for word in value if isinstance(word, str)]) if isinstance(value, list) else ()


def encode_model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """Being the provider: the body of a reply."""
    data = [_entry(model) for model in models]
    return msgspec.json.encode({"object": "list", "data": data})


def _entry(model: ModelInfo) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": model.id,
        "object": "model",
        "created": model.created or 0,
        "owned_by": model.owned_by or model.provider,
    }
    if model.context is not None:
        entry["context_length"] = model.context
    if model.max_output is not None:
        entry["max_output_tokens"] = model.max_output
    return entry
