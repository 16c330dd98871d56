"""Usage: this wire's overlapping counts and our disjoint classes."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.usage import Usage


def decode_usage(counts: dict[str, Any]) -> Usage:
    """Usage from a `usage` object: the input's count includes what was read from the cache or written to
    it, the output's includes reasoning. A class that would exceed its sum is cut.
    """
    inside, made = counts.get("input_tokens_details"), counts.get("output_tokens_details")
    cached, left = _take(_count(inside, "cached_tokens"), _count(counts, "input_tokens"))
    written, left = _take(_count(inside, "cache_write_tokens"), left)
    reasoning, output = _take(_count(made, "reasoning_tokens"), _count(counts, "output_tokens"))
    return Usage(
        input_uncached=left,
        cache_read=cached,
        cache_write_5m=written,
        output_visible=output,
        reasoning=reasoning,
        raw=Raw(msgspec.json.encode(counts)),
    )


def encode_usage(usage: Usage) -> dict[str, Any]:
    """A `usage` object. This wire requires all of its counts: one that is not known is 0."""
    read, made = usage.input or 0, usage.output or 0
    inside = {"cached_tokens": usage.cache_read or 0}
    if usage.cache_write_5m is not None or usage.cache_write_1h is not None:
        inside["cache_write_tokens"] = (usage.cache_write_5m or 0) + (usage.cache_write_1h or 0)
    return {
        "input_tokens": read,
        "input_tokens_details": inside,
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning or 0},
        "total_tokens": read + made,
    }


def _count(counts: Any, name: str) -> int | None:
    value = counts.get(name) if isinstance(counts, dict) else None
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and value >= 0 else None


def _take(part: int | None, left: int | None) -> tuple[int | None, int | None]:
    """A class and what is left of its sum without it."""
    if part is None or left is None:
        return part, left
    part = min(part, left)
    return part, left - part
