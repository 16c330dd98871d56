"""Usage: this wire's counts and our disjoint classes."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.usage import Usage


def decode_usage(counts: dict[str, Any]) -> Usage:
    """Usage from a `Usage` object; the prompt's count includes what was cached."""
    details = counts.get("PromptTokensDetails")
    cached = _count(details, "CachedTokens") if isinstance(details, dict) else None
    prompt = _count(counts, "PromptTokens")
    left = prompt
    if cached is not None and prompt is not None and cached <= prompt:
        left = prompt - cached
    return Usage(
        input_uncached=left,
        cache_read=cached,
        output_visible=_count(counts, "CompletionTokens"),
        raw=Raw(msgspec.json.encode(counts)),
    )


def encode_usage(usage: Usage) -> dict[str, Any]:
    """The `Usage` object; what is not known counts 0, as the wire has no word for it."""
    prompt, completion = usage.input or 0, usage.output or 0
    counts: dict[str, Any] = {
        "PromptTokens": prompt,
        "CompletionTokens": completion,
        "TotalTokens": prompt + completion,
    }
    if usage.cache_read is not None:
        counts["PromptTokensDetails"] = {"CachedTokens": str(usage.cache_read)}
    return counts


def _count(counts: dict[str, Any], name: str) -> int | None:
    """A number, which may stand in a string."""
    value = counts.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    return value if type(value) is int and value >= 0 else None
