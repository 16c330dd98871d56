"""Why an answer ended: this wire's words and ours."""

from __future__ import annotations

from collections.abc import Mapping

from baimo.types.chat import FinishReason

NAME = "openai_chat"

GIVEN_UP = "insufficient_system_resource"
"""The word for an answer that its provider gave up for want of machines."""

IN_PART = "in_part"
"""In what is kept of reasoning to be sent back: fields of its part of a content list, not of the message."""

_WORDS: Mapping[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "eos_token": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "normal": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "max_output_tokens": FinishReason.LENGTH,
    "repetition_truncation": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.CONTEXT_LENGTH,
    "context_length_exceeded": FinishReason.CONTEXT_LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "tool_use": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
    "sensitive": FinishReason.CONTENT_FILTER,
    "refusal": FinishReason.REFUSAL,
    "pause_turn": FinishReason.PAUSE,
    "error": FinishReason.ERROR,
    "network_error": FinishReason.ERROR,
    GIVEN_UP: FinishReason.ERROR,
}

_BACK: Mapping[FinishReason, str] = {
    FinishReason.STOP: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.CONTEXT_LENGTH: "model_context_window_exceeded",
    FinishReason.TOOL_CALLS: "tool_calls",
    FinishReason.CONTENT_FILTER: "content_filter",
    FinishReason.REFUSAL: "stop",
    FinishReason.PAUSE: "pause_turn",
    FinishReason.ERROR: "error",
    FinishReason.UNKNOWN: "unknown",
}


def decode_finish(word: str | None, *, calls: bool, refused: bool) -> FinishReason:
    """Our word. This wire says `stop` as well for a forced tool call and for a refusal."""
    reason = _WORDS.get(word, FinishReason.UNKNOWN) if word else FinishReason.UNKNOWN
    if reason is FinishReason.STOP:
        if calls:
            return FinishReason.TOOL_CALLS
        if refused:
            return FinishReason.REFUSAL
    return reason


def encode_finish(reason: FinishReason, raw: str | None) -> str:
    """This wire's word; a provider's own one of the same meaning is kept where OpenAI documents it."""
    if raw == "function_call" or reason is FinishReason.UNKNOWN:
        return raw or _BACK[reason]
    if reason is FinishReason.TOOL_CALLS and raw == "stop":
        return raw
    return _BACK[reason]
