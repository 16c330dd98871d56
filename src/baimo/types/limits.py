"""Limits of a key or a model, claims on them, and what a reply tells of them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Limit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Bounds; None is not bounded."""

    requests_per_second: int | None = None
    requests_per_minute: int | None = None
    requests_per_day: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_day: int | None = None
    concurrency: int | None = None


class Hold(msgspec.Struct, frozen=True):
    """One place where a request counts."""

    place: str
    """What is limited: `provider/endpoint/key`, or the same with `/model`. The same text in every process."""
    limit: Limit = Limit()
    """As configured; what is learned of the place comes on top, where learning is on."""
    row: Limit = Limit()
    """What the provider's row tells: holds where neither the configuration nor a reply says more."""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """What one request to one deployment needs, in all places where it counts."""

    holds: tuple[Hold, ...]
    """The narrowest last: what a reply tells of limits is taken to be of that place."""
    tokens: int = 0
    """An estimate on the high side: prompt and answer."""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """A place that was taken; to be settled once."""

    which: int
    """Place of the claim that was granted, among those that were asked for."""
    waited_s: float = 0.0
    ticket: Any = None
    """The keeper's own."""


class Learned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reply's head tells of limits: how much in all, what is left, seconds until all is back."""

    requests: int | None = None
    requests_left: int | None = None
    requests_reset_s: float | None = None
    requests_window_s: float = 60.0
    """The window that `requests` counts over."""
    tokens: int | None = None
    tokens_left: int | None = None
    tokens_reset_s: float | None = None
    concurrency: int | None = None
    concurrency_left: int | None = None
    retry_after_s: float | None = None


class Settlement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of a request that held a place."""

    tokens: int | None = None
    """What it really used; None: not known, what was reserved stands."""
    verdict: Literal["answered", "refused", "unknown"] = "unknown"
    """refused: for too many requests or want of capacity."""
    learned: Learned | None = None
