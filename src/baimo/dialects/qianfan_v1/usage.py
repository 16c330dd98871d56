"""Usage: this wire's counts and our classes."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.usage import Usage


def decode_usage(counts: dict[str, Any]) -> Usage:
    """Usage from a `usage` object."""
    return Usage(
        input_uncached=_count(counts, "prompt_tokens"),
        output_visible=_count(counts, "completion_tokens"),
        raw=Raw(msgspec.json.encode(counts)),
    )


def encode_usage(usage: Usage) -> dict[str, int]:
    """The `usage` object; what is not known counts 0, for the wire has no word for it."""
    prompt, made = usage.input or 0, usage.output or 0
    return {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}


def _count(counts: dict[str, Any], name: str) -> int | None:
    value = counts.get(name)
    return value if type(value) is int and value >= 0 else None
