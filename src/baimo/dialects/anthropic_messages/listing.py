"""The provider's list of models, both ways."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import WireError
from baimo.types.models import ModelInfo
from baimo.wire.http import HttpRequest, WireHead

from .request import DEFAULTS, head
from .whole import decode_body
from .words import address

_PATH = "/v1/models?limit=1000"
"""All at once: pages of less than a thousand are of no use here."""


def encode_models(site: Site) -> HttpRequest:
    """The unsigned request."""
    origin, target = address(site, _PATH)
    fields = tuple([one for one in head(site.quirks or DEFAULTS) if one[0] != b"content-type"])
    return HttpRequest(method="GET", origin=origin, target=target, headers=fields)


def decode_models(head: WireHead, body: bytes, site: Site) -> tuple[ModelInfo, ...]:
    """The models a provider tells of. Raises ProviderError or WireError."""
    entries = decode_body(head, body, site.codes).get("data")
    if not isinstance(entries, list):
        raise WireError("the reply has no field 'data' with a list of models")
    return tuple(
        [
            ModelInfo(
                id=entry["id"],
                provider=site.provider,
                context=_number(entry.get("max_input_tokens")),
                max_output=_number(entry.get("max_tokens")),
                created=_seconds(entry.get("created_at")),
            )
            for entry in entries
            if isinstance(entry, dict) and isinstance(entry.get("id"), str)
        ]
    )


def encode_model_list(models: tuple[ModelInfo, ...]) -> bytes:
    """Being the provider: the body of a reply."""
    data = [_entry(model) for model in models]
    return msgspec.json.encode(
        {
            "data": data,
            "first_id": models[0].id if models else None,
            "last_id": models[-1].id if models else None,
            "has_more": False,
        }
    )


def _entry(model: ModelInfo) -> dict[str, Any]:
    made = datetime.fromtimestamp(model.created or 0, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry: dict[str, Any] = {
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": made,
        "lifecycle": "active",
    }
    if model.context is not None:
        entry["max_input_tokens"] = model.context
    if model.max_output is not None:
        entry["max_tokens"] = model.max_output
    return entry


def _number(value: Any) -> int | None:
    return value if type(value) is int and value > 0 else None


def _seconds(text: Any) -> int | None:
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (TypeError, ValueError, OverflowError, OSError):
        return None
