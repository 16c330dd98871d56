"""The provider's own list of models, both ways."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import WireError
from baimo.types.models import ModelInfo
from baimo.wire.http import HttpRequest, WireHead

from .whole import decode_body
from .words import address, dicts, word


def encode_models(site: Site) -> HttpRequest:
    """The unsigned request."""
    origin, target = address(site, "/models")
    return HttpRequest(
        method="GET", origin=origin, target=target, headers=((b"accept", b"application/json"),)
    )


def decode_models(head: WireHead, body: bytes, site: Site) -> tuple[ModelInfo, ...]:
    """The models a provider tells of, in its order."""
    content = decode_body(head, body, site.codes)
    entries = content.get("data") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise WireError("the reply has no field 'data' with a list of models")
    found = [_model(entry, site.provider) for entry in dicts(entries)]
    return tuple([model for model in found if model is not None])


def _model(entry: dict[str, Any], provider: str) -> ModelInfo | None:
    name, created = word(entry.get("id")), entry.get("created")
    if name is None:
        return None
    return ModelInfo(
        id=name,
        provider=provider,
        created=created if type(created) is int and created > 0 else None,
        owned_by=word(entry.get("owned_by")),
    )


def encode_model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """Being the provider: the body of a reply."""
    data = [
        {
            "id": model.id,
            "object": "model",
            "created": model.created or 0,
            "owned_by": model.owned_by or model.provider,
        }
        for model in models
    ]
    return msgspec.json.encode({"object": "list", "data": data})
