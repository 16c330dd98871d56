"""Ranking: which of some texts answer a question best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from baimo.notes import Note

from .chat import Sent
from .money import Money
from .usage import Usage


class RerankRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A question, and texts to be put in order of how well they answer it."""

    model: str
    query: str
    documents: tuple[str, ...]
    top_n: int | None = None
    """So many of the best; None: all of them."""
    unsupported: Literal["raise", "drop"] = "raise"
    extra: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


class Ranked(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One text in its rank."""

    index: int
    """Its place among the documents of the request."""
    score: float
    """How well it answers, by the model's own measure: compare it only within one answer."""
    document: str
    """The text itself."""


class RerankResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The texts that were asked for, best first."""

    results: tuple[Ranked, ...]
    usage: Usage = Usage()
    searches: int | None = None
    """Units of search that were billed, where a provider bills by them."""
    model: str = ""
    provider: str | None = None
    notes: tuple[Note, ...] = ()
    request_id: str | None = None
    cost: Money | None = None
    sent: Sent | None = None


def ranked(documents: tuple[str, ...], scores: list[tuple[int, float]]) -> tuple[Ranked, ...]:
    """The texts with their scores, best first; those of equal score as they came.

    Raises ValueError for a place that no document has, or that is told twice.

    >>> ranked(("a", "b"), [(0, 0.1), (1, 0.9)])[0].document
    'b'
    """
    seen: set[int] = set()
    for index, _ in scores:
        if not 0 <= index < len(documents) or index in seen:
            raise ValueError(f"the place {index} is told twice or is out of range")
        seen.add(index)
    best = sorted(scores, key=lambda one: -one[1])
    return tuple([Ranked(index=index, score=score, document=documents[index]) for index, score in best])
