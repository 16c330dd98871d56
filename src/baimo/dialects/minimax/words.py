"""The dialect's name, why an answer ended, and what the filters tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.types.chat import FinishReason
from baimo.types.content import Replay

NAME = "minimax"

IN_CONTENT = "in_content"
"""In what is kept of reasoning to be sent back: it stood inside the content, between tags."""

FLAGS = (
    "input_sensitive",
    "input_sensitive_type",
    "output_sensitive",
    "output_sensitive_type",
    "output_sensitive_int",
)
"""What the filters found in the question and in the answer: false and 0 where nothing was."""

_WORDS: Mapping[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
}

_BACK: Mapping[FinishReason, str] = {
    FinishReason.LENGTH: "length",
    FinishReason.CONTEXT_LENGTH: "length",
    FinishReason.TOOL_CALLS: "tool_calls",
    FinishReason.CONTENT_FILTER: "content_filter",
}


def decode_finish(word: str, *, calls: bool, filtered: bool) -> FinishReason:
    """Our word. `tool_calls` without a call for us tells of a search that the provider has made itself."""
    reason = _WORDS.get(word, FinishReason.UNKNOWN)
    if filtered and reason is FinishReason.STOP:
        return FinishReason.CONTENT_FILTER
    if calls and reason is FinishReason.STOP:
        return FinishReason.TOOL_CALLS
    return FinishReason.STOP if reason is FinishReason.TOOL_CALLS and not calls else reason


def encode_finish(reason: FinishReason, raw: str | None) -> str:
    """This wire's word; what it has no word for is `stop`, or the provider's own word where that is kept."""
    if reason is FinishReason.UNKNOWN:
        return raw or "unknown"
    return _BACK.get(reason, "stop")


def fields_of(replay: Replay) -> dict[str, Any]:
    """The fields of what is sent back, their values byte for byte as they came."""
    return dict(_fields.decode(replay.json))


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
