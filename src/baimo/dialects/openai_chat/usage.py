"""Usage: this wire's overlapping counts and our disjoint classes."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.usage import Usage

_READ = ("cached_tokens", "prompt_cache_hit_tokens", "num_cached_tokens", "cache_read_input_tokens")
_WRITTEN = ("cache_write_tokens", "cache_creation_input_tokens", "cache_creation_tokens")
"""What providers call tokens read from their cache, and written to it: OpenAI, Model Studio, LiteLLM."""


def decode_usage(counts: dict[str, Any], *, outside: bool = False) -> Usage:
    """Usage from a `usage` object. `outside`: reasoning that exceeds the completion is counted
    in neither it nor the total.

    A prompt's count includes what was cached, written to the cache, heard and seen; a completion's includes
    reasoning, except where the total shows that it does not. Classes that would exceed their sum are cut;
    only more cached tokens than the prompt has are believed to stand beside it.
    """
    inside = _mapping(counts.get("prompt_tokens_details"))
    made = _mapping(counts.get("completion_tokens_details") or counts.get("output_tokens_details"))
    prompt = _first(counts, "prompt_tokens", "input_tokens")
    completion = _first(counts, "completion_tokens", "output_tokens")
    cached = _count(inside, "cached_tokens")
    if cached is None:
        cached = _first(counts, *_READ)
    written = _first(inside, *_WRITTEN)
    if written is None:
        written = _first(counts, *_WRITTEN)
    longer = _count(_mapping(inside.get("cache_creation")), "ephemeral_1h_input_tokens")
    left = prompt
    if cached is None or prompt is None or cached <= prompt:
        cached, left = _take(cached, left)
    written, left = _take(written, left)
    longer, written = _take(longer, written)
    heard, left = _take(_count(inside, "audio_tokens"), left)
    seen, left = _take(_count(inside, "image_tokens"), left)
    output, reasoning = _output(counts, made, prompt, completion, outside)
    reasoning, output = _take(reasoning, output)
    spoken, output = _take(_count(made, "audio_tokens"), output)
    drawn, output = _take(_count(made, "image_tokens"), output)
    return Usage(
        input_uncached=left,
        cache_read=cached,
        cache_write_5m=written,
        cache_write_1h=longer,
        output_visible=output,
        reasoning=reasoning,
        audio_in=heard,
        audio_out=spoken,
        image_in=seen,
        image_out=drawn,
        raw=Raw(msgspec.json.encode(counts)),
    )


def _output(
    counts: dict[str, Any], made: dict[str, Any], prompt: int | None, completion: int | None, outside: bool
) -> tuple[int | None, int | None]:
    """All tokens made, and those of reasoning among them."""
    reasoning = _count(made, "reasoning_tokens")
    if reasoning is None:
        reasoning = _count(counts, "reasoning_tokens")
    if completion is None:
        return None, reasoning
    total = _count(counts, "total_tokens")
    beyond = total - prompt - completion if total is not None and prompt is not None else 0
    if reasoning is None:
        # Gemini's route of this wire leaves thoughts out of the completion and names them nowhere.
        return (completion + beyond, beyond) if beyond > 0 else (completion, None)
    if reasoning and (beyond == reasoning or (outside and reasoning > completion)):
        return completion + reasoning, reasoning
    return completion, reasoning


def sum_models(counts: Any) -> dict[str, Any] | None:
    """The counts of an application that called several models, added up: `{model_usage: [{…}, …]}`."""
    calls = [call for call in _list(_mapping(counts).get("model_usage")) if isinstance(call, dict)]
    if not calls:
        return None
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    return {name: sum(_count(call, name) or 0 for call in calls) for name in names}


def encode_usage(usage: Usage) -> dict[str, Any]:
    """A `usage` object; what is not known is left out, save the sums that this wire requires."""
    prompt, completion = usage.input or 0, usage.output or 0
    counts: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    written = usage.cache_write_5m
    if usage.cache_write_1h is not None:
        written = (written or 0) + usage.cache_write_1h
    inside = {
        "cached_tokens": usage.cache_read,
        "cache_write_tokens": written,
        "audio_tokens": usage.audio_in,
        "image_tokens": usage.image_in,
    }
    made = {
        "reasoning_tokens": usage.reasoning,
        "audio_tokens": usage.audio_out,
        "image_tokens": usage.image_out,
    }
    for name, details in (("prompt_tokens_details", inside), ("completion_tokens_details", made)):
        known = {key: value for key, value in details.items() if value is not None}
        if known:
            counts[name] = known
    return counts


def _count(counts: dict[str, Any], name: str) -> int | None:
    value = counts.get(name)
    if value is None:
        return None
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and value >= 0 else None


def _first(counts: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = _count(counts, name)
        if value is not None:
            return value
    return None


def _take(part: int | None, left: int | None) -> tuple[int | None, int | None]:
    """A class and what is left of its sum without it."""
    if part is None or left is None:
        return part, left
    part = min(part, left)
    return part, left - part


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
