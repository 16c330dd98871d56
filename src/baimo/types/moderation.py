"""Moderation: whether texts hold what a provider does not want."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Raw

from baimo.notes import Note

from .chat import Sent
from .money import Money
from .usage import Usage


class ModerateRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Texts to look at."""

    model: str
    inputs: tuple[str, ...]
    unsupported: Literal["raise", "drop"] = "raise"
    extra: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class Moderated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was found in one text. Categories have the provider's own names."""

    flagged: bool
    categories: Mapping[str, bool] = {}
    scores: Mapping[str, float] = {}
    """From 0 to 1, by the model's own measure."""
    raw: Raw | None = None
    """The provider's own words for it, as JSON."""


class ModerationResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One result a text, in the order of the texts."""

    results: tuple[Moderated, ...]
    usage: Usage = Usage()
    model: str = ""
    provider: str | None = None
    notes: tuple[Note, ...] = ()
    request_id: str | None = None
    cost: Money | None = None
    sent: Sent | None = None

    @property
    def flagged(self) -> bool:
        """Whether any text was."""
        return any(one.flagged for one in self.results)
