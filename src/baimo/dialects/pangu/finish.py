"""Why an answer ended: this wire's words and ours."""

from __future__ import annotations

from collections.abc import Mapping

from baimo.types.chat import FinishReason

GIVEN_UP = "insufficient_system_resource"
"""The word for an answer that was given up for want of machines."""

_WORDS: Mapping[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
    "tool_calls": FinishReason.TOOL_CALLS,
    GIVEN_UP: FinishReason.ERROR,
}

_BACK: Mapping[FinishReason, str] = {
    **{reason: word for word, reason in _WORDS.items()},
    FinishReason.CONTEXT_LENGTH: "length",
    FinishReason.REFUSAL: "stop",
    FinishReason.PAUSE: "stop",
}


def decode_finish(word: str | None, *, calls: bool) -> FinishReason:
    """Our word; an answer that calls tools may end with `stop`."""
    reason = _WORDS.get(word, FinishReason.UNKNOWN) if word else FinishReason.UNKNOWN
    return FinishReason.TOOL_CALLS if calls and reason is FinishReason.STOP else reason


def encode_finish(reason: FinishReason, raw: str | None) -> str:
    """This wire's word; the caller's own where we know none."""
    if reason is FinishReason.TOOL_CALLS and raw == "stop":
        return raw
    return _BACK.get(reason) or raw or "unknown"
