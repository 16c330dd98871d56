"""Counting tokens: a text to a number, by the provider's own tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.notes import Note

from .chat import Sent


class CountRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A text whose tokens are to be counted for one model."""

    model: str
    text: str
    extra: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class TokenCount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many tokens a text has. What the provider does not tell is None or empty."""

    tokens: int
    characters: int | None = None
    pieces: tuple[str, ...] = ()
    """The tokens themselves, in order."""
    model: str = ""
    provider: str | None = None
    notes: tuple[Note, ...] = ()
    request_id: str | None = None
    sent: Sent | None = None
