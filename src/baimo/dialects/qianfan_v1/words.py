"""The dialect's name, and why an answer ended: this wire's words and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.chat import FinishReason
from baimo.types.content import Replay

NAME = "qianfan_v1"

_WORDS: Mapping[str, FinishReason] = {
    "normal": FinishReason.STOP,
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
    "function_call": FinishReason.TOOL_CALLS,
}

_BACK: Mapping[FinishReason, str] = {
    FinishReason.LENGTH: "length",
    FinishReason.CONTEXT_LENGTH: "length",
    FinishReason.CONTENT_FILTER: "content_filter",
    FinishReason.TOOL_CALLS: "function_call",
}


def decode_finish(word: str | None, *, is_cut: bool, calls: bool) -> FinishReason:
    """Our word. Where none is told, an answer that was cut ended for its length, any other by itself."""
    reason = _WORDS.get(word, FinishReason.UNKNOWN) if word else FinishReason.STOP
    if reason is not FinishReason.STOP:
        return reason
    if calls:
        return FinishReason.TOOL_CALLS
    return FinishReason.LENGTH if is_cut else FinishReason.STOP


def encode_finish(reason: FinishReason, raw: str | None) -> str:
    """This wire's word; what it has no word for is `normal`, or the provider's own word where it is kept."""
    if raw and (reason is FinishReason.UNKNOWN or _WORDS.get(raw) is reason):
        return raw
    return _BACK.get(reason, "normal")


def fields_of(replay: Replay) -> dict[str, Raw]:
    """The fields of what is sent back, their values byte for byte as they came."""
    return _fields.decode(replay.json)


def kept(fields: Mapping[str, Any]) -> Replay | None:
    """Fields that we do not understand, for a provider of this wire; None where there are none."""
    return Replay(dialect=NAME, json=Raw(msgspec.json.encode(fields))) if fields else None


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
