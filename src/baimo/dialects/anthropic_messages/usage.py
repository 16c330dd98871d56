"""Usage: what was read uncached, from the cache and into it is counted apart; the output holds thinking."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.usage import Usage


def decode_usage(counts: dict[str, Any]) -> Usage:
    """Usage from a `usage` object, or from all that a stream told, one laid over the other."""
    written = _count(counts.get("cache_creation_input_tokens"))
    by_ttl = counts.get("cache_creation")
    short = hour = None
    if isinstance(by_ttl, dict):
        short = _count(by_ttl.get("ephemeral_5m_input_tokens"))
        hour = _count(by_ttl.get("ephemeral_1h_input_tokens"))
    if written is not None and written != (short or 0) + (hour or 0):
        short, hour = written, None  # a later count than that by time
    output = _count(counts.get("output_tokens"))
    details = counts.get("output_tokens_details")
    reasoning = _count(details.get("thinking_tokens")) if isinstance(details, dict) else None
    if reasoning is not None and output is not None:
        reasoning = min(reasoning, output)
        output -= reasoning
    return Usage(
        input_uncached=_count(counts.get("input_tokens")),
        cache_read=_count(counts.get("cache_read_input_tokens")),
        cache_write_5m=short if short is not None else written,
        cache_write_1h=hour,
        output_visible=output,
        reasoning=reasoning,
        raw=Raw(msgspec.json.encode(counts)),
    )


def encode_usage(usage: Usage) -> dict[str, Any]:
    """A `usage` object; what is not known is left out, save the sums that this wire requires."""
    other = (usage.audio_in or 0) + (usage.image_in or 0)
    counts: dict[str, Any] = {"input_tokens": (usage.input_uncached or 0) + other}
    short, hour = usage.cache_write_5m, usage.cache_write_1h
    if short is not None or hour is not None:
        counts["cache_creation_input_tokens"] = (short or 0) + (hour or 0)
        counts["cache_creation"] = {
            "ephemeral_5m_input_tokens": short or 0,
            "ephemeral_1h_input_tokens": hour or 0,
        }
    if usage.cache_read is not None:
        counts["cache_read_input_tokens"] = usage.cache_read
    counts["output_tokens"] = usage.output or 0
    if usage.reasoning is not None:
        counts["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return counts


def laid_over(told: dict[str, Any], more: Any) -> dict[str, Any]:
    """What was told so far with what is told now: counts are totals, never added."""
    if not isinstance(more, dict):
        return told
    return {**told, **{name: value for name, value in more.items() if value is not None}}


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None
