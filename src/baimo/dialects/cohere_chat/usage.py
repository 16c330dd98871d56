"""Usage: this wire's counts and our disjoint classes.

`tokens` is what the model read and made, with what Cohere itself puts around a prompt; `billed_units` is what
is paid for. The first goes into our classes; the second stands beside them and decides what a call cost.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.usage import Usage


def decode_usage(counts: dict[str, Any]) -> Usage:
    """Usage from a `usage` object. A prompt's count includes pictures and what was cached, an answer's
    reasoning."""
    tokens, billed = _mapping(counts.get("tokens")), _mapping(counts.get("billed_units"))
    if not tokens:
        tokens = billed
    cached, left = _take(count(counts, "cached_tokens"), count(tokens, "input_tokens"))
    seen, left = _take(count(tokens, "image_tokens"), left)
    reasoning, made = _take(count(tokens, "reasoning_tokens"), count(tokens, "output_tokens"))
    return Usage(
        input_uncached=left,
        cache_read=cached,
        output_visible=made,
        reasoning=reasoning,
        image_in=seen,
        billed_input=count(billed, "input_tokens"),
        billed_output=count(billed, "output_tokens"),
        raw=Raw(msgspec.json.encode(counts)),
    )


def decode_billed(meta: Any) -> Usage:
    """Usage of an operation that tells no more than what it bills, in its `meta`."""
    billed = _mapping(_mapping(meta).get("billed_units"))
    seen = count(billed, "image_tokens")
    return Usage(
        input_uncached=count(billed, "input_tokens"),
        image_in=seen or None,
        raw=Raw(msgspec.json.encode(meta)) if billed else None,
    )


def searches_of(meta: Any) -> int | None:
    """The units of search that were billed."""
    return count(_mapping(_mapping(meta).get("billed_units")), "search_units")


def encode_usage(usage: Usage) -> dict[str, Any]:
    """A `usage` object. What is not known is left out; what was read and made is billed."""
    read, made = usage.input or 0, usage.output or 0
    tokens = {"input_tokens": read, "output_tokens": made}
    if usage.reasoning is not None:
        tokens["reasoning_tokens"] = usage.reasoning
    if usage.image_in is not None:
        tokens["image_tokens"] = usage.image_in
    counts: dict[str, Any] = {
        "billed_units": {
            "input_tokens": read if usage.billed_input is None else usage.billed_input,
            "output_tokens": made if usage.billed_output is None else usage.billed_output,
        },
        "tokens": tokens,
    }
    if usage.cache_read is not None:
        counts["cached_tokens"] = usage.cache_read
    return counts


def count(counts: dict[str, Any], name: str) -> int | None:
    """A count, which may be written with a decimal point."""
    value = counts.get(name)
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and value >= 0 else None


def _take(part: int | None, left: int | None) -> tuple[int | None, int | None]:
    """A class and what is left of its sum without it."""
    if part is None or left is None:
        return part, left
    part = min(part, left)
    return part, left - part


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
