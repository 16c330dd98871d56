"""The dialect's name, why an answer ended, and how a caller's request was worded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import Replay

NAME = "dashscope"

FORM = "form"
"""In what is kept of a caller's request: how it was worded, where that is not our own way; see `Form`."""

_WORDS: Mapping[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
}
"""`content_filter` is not documented, for such content is refused; we write it being the provider."""

_BACK: Mapping[FinishReason, str] = {
    FinishReason.LENGTH: "length",
    FinishReason.CONTEXT_LENGTH: "length",
    FinishReason.TOOL_CALLS: "tool_calls",
    FinishReason.CONTENT_FILTER: "content_filter",
}


class Form(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a request was worded, and so how its reply is: our own way is the default."""

    multimodal: bool = False
    """It came to the address of multimodal models."""
    prompt: bool = False
    """One question as `prompt`, not as a message."""
    result: str | None = "message"
    """`result_format`; None where it was left out."""
    incremental: bool | None = True
    """`incremental_output` of a stream; None where it was left out."""


OURS = Form()


def form_of(request: ChatRequest) -> Form:
    """How a caller worded that request."""
    if request.foreign is None or request.foreign.dialect != NAME:
        return OURS
    told = fields_of(request.foreign).get(FORM)
    return OURS if told is None else msgspec.json.decode(told, type=Form)


def decode_finish(word: str, *, calls: bool) -> FinishReason:
    """Our word; `stop` after calls of tools means them."""
    reason = _WORDS.get(word, FinishReason.UNKNOWN)
    return FinishReason.TOOL_CALLS if calls and reason is FinishReason.STOP else reason


def encode_finish(reason: FinishReason, raw: str | None) -> str:
    """This wire's word; what it has no word for is `stop`, or the provider's own word where that is kept."""
    if reason is FinishReason.UNKNOWN and raw:
        return raw
    return _BACK.get(reason, "stop")


def fields_of(replay: Replay) -> dict[str, Raw]:
    """The fields of what is sent back, their values byte for byte as they came."""
    return _fields.decode(replay.json)


def kept(fields: Mapping[str, Any]) -> Replay | None:
    """Fields that we do not understand, for a provider of this wire; None where there are none."""
    return Replay(dialect=NAME, json=Raw(msgspec.json.encode(fields))) if fields else None


_fields = msgspec.json.Decoder(dict[str, Raw])
