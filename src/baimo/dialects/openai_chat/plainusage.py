"""The commonest usage object, read straight into a small struct.

Whatever would need thought (counts in other places, sound, pictures, sums that do not add up) makes the
struct refuse it or the sums differ, and the general way takes over.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
from msgspec import Raw

from baimo.types.usage import Usage

NoneMade: TypeAlias = Literal[0] | None


class _Inside(msgspec.Struct, gc=False):
    cached_tokens: int | None = None
    cache_write_tokens: NoneMade = None
    cache_creation_input_tokens: None = None
    cache_creation_tokens: None = None
    cache_creation: None = None
    audio_tokens: NoneMade = None
    image_tokens: NoneMade = None


class _Made(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None
    audio_tokens: NoneMade = None
    image_tokens: NoneMade = None


class _Counts(msgspec.Struct, gc=False):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: _Inside | None = None
    completion_tokens_details: _Made | None = None
    output_tokens_details: None = None
    cached_tokens: None = None
    prompt_cache_hit_tokens: None = None
    num_cached_tokens: None = None
    cache_write_tokens: None = None
    cache_creation_input_tokens: None = None
    cache_creation_tokens: None = None
    cache_read_input_tokens: None = None
    reasoning_tokens: None = None


_counts = msgspec.json.Decoder(_Counts)
_SPACE, _LINE, _DOT = b" \n."
_NOT_INSIDE = _Inside()
_NOT_MADE = _Made()


def plain_usage(raw: Raw) -> Usage | None:
    """The usage, or None where the general way must read it."""
    written = bytes(raw)
    if _SPACE in written or _LINE in written:
        written = msgspec.json.format(written, indent=-1)
    if _DOT in written:
        return None  # numbers with a fraction are written anew by the general way, perhaps otherwise
    try:
        counts = _counts.decode(written)
    except msgspec.MsgspecError:
        return None
    prompt, completion = counts.prompt_tokens, counts.completion_tokens
    inside = counts.prompt_tokens_details or _NOT_INSIDE
    made = counts.completion_tokens_details or _NOT_MADE
    cached, reasoning = inside.cached_tokens, made.reasoning_tokens
    uncached, visible = prompt - (cached or 0), completion - (reasoning or 0)
    if counts.total_tokens != prompt + completion or uncached < 0 or visible < 0:
        return None
    if prompt < 0 or completion < 0 or (cached or 0) < 0 or (reasoning or 0) < 0:
        return None
    return Usage(
        input_uncached=uncached,
        cache_read=cached,
        cache_write_5m=inside.cache_write_tokens,
        output_visible=visible,
        reasoning=reasoning,
        audio_in=inside.audio_tokens,
        audio_out=made.audio_tokens,
        image_in=inside.image_tokens,
        image_out=made.image_tokens,
        raw=Raw(written),
    )
