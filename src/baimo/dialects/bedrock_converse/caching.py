"""Marks of what may be cached: a cache point stands behind what it is for."""

from __future__ import annotations

from typing import Any

from baimo.dialect.complaints import Complaints
from baimo.types.content import Cache

_TTLS = ("5m", "1h")


def cache_point(cache: Cache, complaints: Complaints) -> list[dict[str, Any]]:
    """The block that says it; a time that cannot be said is left to the provider."""
    point = {"type": "default"}
    if cache.ttl is not None:
        if cache.ttl not in _TTLS:
            complaints.cannot(f"to keep a cache for {cache.ttl}", "it knows 5m and 1h")
        else:
            point["ttl"] = cache.ttl
    return [{"cachePoint": point}]


def cache_of(point: Any) -> Cache | None:
    """The mark that a cache point is; None for one of a kind or time of its own."""
    if not isinstance(point, dict) or point.get("type") != "default" or set(point) - {"type", "ttl"}:
        return None
    ttl = point.get("ttl")
    return Cache(ttl=ttl) if ttl in (None, *_TTLS) else None
