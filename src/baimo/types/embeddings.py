"""Embeddings: texts to vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from baimo.notes import Note

from .chat import Sent
from .money import Money
from .usage import Usage


class EmbedRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Texts, or token ids, to turn into vectors of one model."""

    model: str
    inputs: tuple[str, ...] | tuple[tuple[int, ...], ...]
    dimensions: int | None = None
    user: str | None = None
    encoding: Literal["float", "base64"] | None = None
    """How numbers travel; None lets the dialect choose the cheapest the provider knows."""
    unsupported: Literal["raise", "drop"] = "raise"
    extra: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class EmbedResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One vector an input, in the order of the inputs."""

    vectors: list[list[float]]
    usage: Usage = Usage()
    model: str = ""
    provider: str | None = None
    notes: tuple[Note, ...] = ()
    request_id: str | None = None
    cost: Money | None = None
    sent: Sent | None = None
