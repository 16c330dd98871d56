"""Usage: this wire's counts, which may be written as fractions, and our classes."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.usage import Usage


def decode_usage(counts: dict[str, Any]) -> Usage:
    """Usage from a `usage` object. Reasoning is counted with the completion and told nowhere."""
    return Usage(
        input_uncached=_count(counts.get("prompt_tokens")),
        output_visible=_count(counts.get("completion_tokens")),
        raw=Raw(msgspec.json.encode(counts)),
    )


def encode_usage(usage: Usage) -> dict[str, int]:
    """A `usage` object; this wire requires all three counts."""
    prompt, completion = usage.input or 0, usage.output or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**53:
        return None
    return int(value)
