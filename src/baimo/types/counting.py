"""Counting tokens: a text or a whole prompt to a number, by the provider or reckoned here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from baimo.notes import Note

from .chat import ChatRequest, Sent


class CountRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A text, or a whole prompt, whose tokens are to be counted for one model."""

    model: str
    text: str = ""
    chat: ChatRequest | None = None
    """Messages and tools as a chat would send them; they are counted in place of `text`."""
    extra: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class TokenCount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many tokens a text or a prompt has. What is not known is None or empty.

    >>> TokenCount(tokens=7).exact
    True
    """

    tokens: int
    how: Literal["provider", "offline"] = "provider"
    """Who counted: the provider's own tokenizer, or an estimate made here, without asking anybody."""
    error: float = 0.0
    """What the count may be off by, as a share of the true one; 0 for the provider's own."""
    family: str | None = None
    """The row of the catalogue's tokenizers that an estimate was made by."""
    characters: int | None = None
    pieces: tuple[str, ...] = ()
    """The tokens themselves, in order."""
    model: str = ""
    provider: str | None = None
    notes: tuple[Note, ...] = ()
    request_id: str | None = None
    sent: Sent | None = None

    @property
    def exact(self) -> bool:
        """Whether the provider counted."""
        return self.how == "provider"
