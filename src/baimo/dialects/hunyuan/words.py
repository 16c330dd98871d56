"""The dialect's name, and why an answer ended: this wire's words and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from baimo.types.chat import FinishReason
from baimo.types.content import Replay

NAME = "hunyuan"

SENSITIVE = "sensitive"
"""The answer broke a rule of content; what was shown of it is to be taken back."""

BESIDE = ("Note", "SearchInfo", "Replaces", "RecommendedQuestions", "ModerationLevel")
"""What stands beside the choices and is told in one opaque part at the end: of a stream the last of each."""

_WORDS: Mapping[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    SENSITIVE: FinishReason.CONTENT_FILTER,
}
"""`length` is not documented; we write it where we are the provider and an answer was cut."""

_BACK: Mapping[FinishReason, str] = {
    FinishReason.LENGTH: "length",
    FinishReason.CONTEXT_LENGTH: "length",
    FinishReason.TOOL_CALLS: "tool_calls",
    FinishReason.CONTENT_FILTER: SENSITIVE,
}


def decode_finish(word: str, *, calls: bool) -> FinishReason:
    """Our word; `stop` after calls of tools means them."""
    reason = _WORDS.get(word, FinishReason.UNKNOWN)
    return FinishReason.TOOL_CALLS if calls and reason is FinishReason.STOP else reason


def encode_finish(reason: FinishReason, raw: str | None) -> str:
    """This wire's word; what it has no word for is `stop`, or the provider's own word where that is kept."""
    if reason is FinishReason.UNKNOWN and raw:
        return raw
    return _BACK.get(reason, "stop")


def fields_of(replay: Replay) -> dict[str, Any]:
    """The fields of what is sent back, their values byte for byte as they came."""
    return dict(_fields.decode(replay.json))


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
