"""Usage: this wire's overlapping counts and our disjoint classes."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.usage import Usage


def decode_usage(counts: dict[str, Any]) -> Usage:
    """Usage from a `usage` object.

    The input's count includes what was cached, written to the cache, heard and seen (films count as text,
    for we have no class for them); the output's includes reasoning and speech. Classes that would exceed
    their sum are cut.
    """
    inside, heard_of = _mapping(counts, "input_tokens_details"), _mapping(counts, "prompt_tokens_details")
    made = _mapping(counts, "output_tokens_details")
    prompt, output = _count(counts, "input_tokens"), _count(counts, "output_tokens")
    if prompt is None and output is None:
        prompt = _count(counts, "total_tokens")
    cached, left = _take(_either(heard_of, inside, "cached_tokens"), prompt)
    written, left = _take(_either(heard_of, inside, "cache_creation_input_tokens"), left)
    heard, left = _take(_either(inside, counts, "audio_tokens"), left)
    seen, left = _take(_either(inside, counts, "image_tokens"), left)
    reasoning, output = _take(_count(made, "reasoning_tokens"), output)
    spoken, output = _take(_count(made, "audio_tokens"), output)
    return Usage(
        input_uncached=left,
        cache_read=cached,
        cache_write_5m=written,
        audio_in=heard,
        image_in=seen,
        output_visible=output,
        reasoning=reasoning,
        audio_out=spoken,
        raw=Raw(msgspec.json.encode(counts)),
    )


def encode_usage(usage: Usage) -> dict[str, Any]:
    """The `usage` object; sums that are not known count 0, for the wire requires them."""
    prompt, output = usage.input or 0, usage.output or 0
    counts: dict[str, Any] = {
        "input_tokens": prompt,
        "output_tokens": output,
        "total_tokens": prompt + output,
    }
    for name, value in (("image_tokens", usage.image_in), ("audio_tokens", usage.audio_in)):
        if value is not None:
            counts[name] = value
    read = {"cached_tokens": usage.cache_read, "cache_creation_input_tokens": usage.cache_write_5m}
    made = {"reasoning_tokens": usage.reasoning, "audio_tokens": usage.audio_out}
    for name, details in (("prompt_tokens_details", read), ("output_tokens_details", made)):
        known = {key: value for key, value in details.items() if value is not None}
        if known:
            counts[name] = known
    return counts


def _mapping(counts: dict[str, Any], name: str) -> dict[str, Any]:
    value = counts.get(name)
    return value if isinstance(value, dict) else {}


def _count(counts: dict[str, Any], name: str) -> int | None:
    value = counts.get(name)
    return value if type(value) is int and value >= 0 else None


def _either(first: dict[str, Any], second: dict[str, Any], name: str) -> int | None:
    found = _count(first, name)
    return found if found is not None else _count(second, name)


def _take(part: int | None, whole: int | None) -> tuple[int | None, int | None]:
    """A class and what is left of the sum without it."""
    if part is None or whole is None:
        return part, whole
    part = min(part, whole)
    return part, whole - part
