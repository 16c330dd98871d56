"""What a call used: `inputTokens` leaves out what was read from or written to a cache."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.usage import Usage


def decode_usage(counts: dict[str, Any], metrics: Any = None) -> Usage:
    """Counts as a reply tells them; `metrics` are kept beside them in the raw object.

    What was thought is among the output: this wire does not tell it apart.
    """
    write = _count(counts.get("cacheWriteInputTokens"))
    details = counts.get("cacheDetails")
    longer = 0
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and detail.get("ttl") == "1h":
            longer += _count(detail.get("inputTokens")) or 0
    return Usage(
        input_uncached=_count(counts.get("inputTokens")),
        cache_read=_count(counts.get("cacheReadInputTokens")),
        cache_write_5m=None if write is None else max(write - longer, 0),
        cache_write_1h=longer or None,
        output_visible=_count(counts.get("outputTokens")),
        raw=Raw(msgspec.json.encode({**counts, "metrics": metrics} if metrics else counts)),
    )


def encode_usage(usage: Usage) -> tuple[dict[str, Any], dict[str, Any]]:
    """Being the provider: `usage` and `metrics`. Their plain counts must be there, a cache's need not."""
    short, long = usage.cache_write_5m, usage.cache_write_1h
    write = None if short is None and long is None else (short or 0) + (long or 0)
    read = usage.cache_read
    plain = (usage.input or 0) - (read or 0) - (write or 0)
    counts: dict[str, Any] = {
        "inputTokens": plain,
        "outputTokens": usage.output or 0,
        "totalTokens": plain + (read or 0) + (write or 0) + (usage.output or 0),
    }
    if read is not None:
        counts["cacheReadInputTokens"] = read
    if write is not None:
        counts["cacheWriteInputTokens"] = write
        details = [
            {"ttl": ttl, "inputTokens": count} for ttl, count in (("5m", short), ("1h", long)) if count
        ]
        if details:
            counts["cacheDetails"] = details
    return counts, _metrics(usage)


def _metrics(usage: Usage) -> dict[str, Any]:
    """The time that a provider of this wire told; 0 where none is known, for it must be there."""
    told: Any = msgspec.json.decode(usage.raw) if usage.raw is not None else {}
    metrics = told.get("metrics") if isinstance(told, dict) else None
    return metrics if isinstance(metrics, dict) and "latencyMs" in metrics else {"latencyMs": 0}


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None
