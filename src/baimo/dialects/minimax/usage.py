"""Usage: this wire's counts and our disjoint classes."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.usage import Usage


def decode_usage(counts: dict[str, Any]) -> Usage | None:
    """Usage from a `usage` object, or None where it counts nothing yet: chunks carry zeros until the last.

    A prompt's count includes what was cached, a completion's what was thought.
    """
    prompt, completion = _count(counts, "prompt_tokens"), _count(counts, "completion_tokens")
    if prompt is None and completion is None and not _count(counts, "total_tokens"):
        return None
    cached = _count(counts.get("prompt_tokens_details"), "cached_tokens")
    thought = _count(counts.get("completion_tokens_details"), "reasoning_tokens")
    return Usage(
        input_uncached=_without(prompt, cached),
        cache_read=cached,
        output_visible=_without(completion, thought),
        reasoning=thought,
        raw=Raw(msgspec.json.encode(counts)),
    )


def encode_usage(usage: Usage) -> dict[str, Any]:
    """The `usage` object; what is not known counts 0, as the wire has no word for it."""
    prompt, completion = usage.input or 0, usage.output or 0
    counts: dict[str, Any] = {
        "total_tokens": prompt + completion,
        "total_characters": 0,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
    }
    if usage.cache_read is not None:
        counts["prompt_tokens_details"] = {"cached_tokens": usage.cache_read}
    if usage.reasoning is not None:
        counts["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning}
    return counts


def _count(counts: Any, name: str) -> int | None:
    value = counts.get(name) if isinstance(counts, dict) else None
    return value if type(value) is int and value >= 0 else None


def _without(whole: int | None, part: int | None) -> int | None:
    return whole if whole is None or part is None or part > whole else whole - part
