"""Usage: this wire's overlapping counts and our disjoint classes.

The prompt's count includes what was cached; the candidates' leaves thoughts out; what tools of the provider
put into the prompt stands beside both. The total is the sum of all. A count that is zero is left out.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.usage import Usage


def decode_usage(counts: dict[str, Any]) -> Usage:
    """Usage from `usageMetadata`."""
    prompt, tools = _count(counts, "promptTokenCount"), _count(counts, "toolUsePromptTokenCount")
    cached, thoughts = _count(counts, "cachedContentTokenCount"), _count(counts, "thoughtsTokenCount")
    made, total = _count(counts, "candidatesTokenCount"), _count(counts, "totalTokenCount")
    if made is None and total is not None and prompt is not None:
        made = max(0, total - prompt - (tools or 0) - (thoughts or 0))
    given = by_modality(counts.get("promptTokensDetails"))
    kept = by_modality(counts.get("cacheTokensDetails"))
    left = prompt if cached is None or prompt is None else max(0, prompt - cached)
    heard, left = _take(_less(given.get("AUDIO"), kept.get("AUDIO")), left)
    seen, left = _take(_less(given.get("IMAGE"), kept.get("IMAGE")), left)
    drawn = by_modality(counts.get("candidatesTokensDetails"))
    spoken, made = _take(drawn.get("AUDIO"), made)
    painted, made = _take(drawn.get("IMAGE"), made)
    if tools is not None:
        left = tools + (left or 0)
    return Usage(
        input_uncached=left,
        cache_read=cached,
        output_visible=made,
        reasoning=thoughts,
        audio_in=heard,
        image_in=seen,
        audio_out=spoken,
        image_out=painted,
        raw=Raw(msgspec.json.encode(counts)),
    )


def encode_usage(usage: Usage) -> dict[str, Any]:
    """`usageMetadata` from usage; counts that are not known are left out."""
    counts: dict[str, Any] = {}
    made = _sum(usage.output_visible, usage.audio_out, usage.image_out)
    for name, count in (
        ("promptTokenCount", usage.input),
        ("cachedContentTokenCount", usage.cache_read),
        ("candidatesTokenCount", made),
        ("thoughtsTokenCount", usage.reasoning),
        ("totalTokenCount", usage.total),
    ):
        if count is not None:
            counts[name] = count
    for name, kinds in (
        ("promptTokensDetails", (("AUDIO", usage.audio_in), ("IMAGE", usage.image_in))),
        ("candidatesTokensDetails", (("AUDIO", usage.audio_out), ("IMAGE", usage.image_out))),
    ):
        told = [{"modality": kind, "tokenCount": count} for kind, count in kinds if count]
        if told:
            counts[name] = told
    return counts


_MODALITIES = {1: "TEXT", 2: "IMAGE", 3: "VIDEO", 4: "AUDIO", 5: "DOCUMENT"}


def by_modality(entries: Any) -> dict[str, int]:
    """Tokens by the kind of content: words, or the numbers that old clients ask for."""
    found: dict[str, int] = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            kind, count = entry.get("modality"), _count(entry, "tokenCount")
            kind = _MODALITIES.get(kind, "") if type(kind) is int else kind
            if isinstance(kind, str) and count is not None:
                found[kind] = count
    return found


def _count(counts: dict[str, Any], name: str) -> int | None:
    value = counts.get(name)
    return value if type(value) is int and value >= 0 else None


def _less(count: int | None, other: int | None) -> int | None:
    return count if count is None else max(0, count - (other or 0))


def _take(part: int | None, whole: int | None) -> tuple[int | None, int | None]:
    """A class within a sum, and what is left of the sum; a class of nothing is not told."""
    if not part or whole is None:
        return None, whole
    part = min(part, whole)
    return part, whole - part


def _sum(*counts: int | None) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
