"""This wire's words: why a reply ended, and where the operations are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec

from baimo.dialect.protocols import Site
from baimo.types.chat import FinishReason
from baimo.types.content import Replay
from baimo.wire.http import HeaderFields, header_fields, split_url, with_headers

NAME = "cohere_chat"

PLAN = "tool_plan"
"""In what is kept of reasoning: that it stood in the field `tool_plan`, and goes back there."""

HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", b"application/json"))
STREAM_HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", b"text/event-stream"))

_FINISHES: Mapping[str, FinishReason] = {
    "COMPLETE": FinishReason.STOP,
    "STOP_SEQUENCE": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "TOOL_CALL": FinishReason.TOOL_CALLS,
    "ERROR": FinishReason.ERROR,
    "ERROR_LIMIT": FinishReason.CONTEXT_LENGTH,
    "ERROR_TOXIC": FinishReason.CONTENT_FILTER,
    "TIMEOUT": FinishReason.ERROR,
    "USER_CANCEL": FinishReason.ERROR,
}

_BACK: Mapping[FinishReason, str] = {
    FinishReason.LENGTH: "MAX_TOKENS",
    FinishReason.CONTEXT_LENGTH: "ERROR_LIMIT",
    FinishReason.TOOL_CALLS: "TOOL_CALL",
    FinishReason.CONTENT_FILTER: "ERROR_TOXIC",
    FinishReason.ERROR: "ERROR",
    FinishReason.UNKNOWN: "UNKNOWN",
}


def decode_finish(word: str | None, *, calls: bool) -> FinishReason:
    """Our word. `COMPLETE` after calls of tools means them."""
    reason = _FINISHES.get(word or "", FinishReason.UNKNOWN)
    return FinishReason.TOOL_CALLS if calls and reason is FinishReason.STOP else reason


def encode_finish(reason: FinishReason, raw: str | None) -> str:
    """This wire's word, the provider's own one where it means the same; what it has none for is complete."""
    if raw and (reason is FinishReason.UNKNOWN or decode_finish(raw, calls=False) is reason):
        return raw
    if raw and reason is FinishReason.TOOL_CALLS and decode_finish(raw, calls=True) is reason:
        return raw
    return _BACK.get(reason, "COMPLETE")


def fields_of(replay: Replay | None) -> dict[str, Any]:
    """The fields of what is sent back, their values byte for byte as they came; none of another dialect."""
    if replay is None or replay.dialect != NAME:
        return {}
    return dict(_fields.decode(replay.json))


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def head(base: HeaderFields, given: Mapping[str, str]) -> HeaderFields:
    """The header fields of a request, the caller's own on top."""
    return with_headers(base, header_fields(dict(given))) if given else base


@lru_cache(maxsize=64)  # pure: the same text gives the same parts
def _address(base_url: str, path: str) -> tuple[str, bytes]:
    origin, base = split_url(base_url)
    base = base.removesuffix("/v1").removesuffix("/v2")
    return origin, quote(f"{base}{path}", safe="/%:@!$&'()*+,;=?~-._").encode()


def address(site: Site, path: str) -> tuple[str, bytes]:
    """Origin and target of an operation. Its version stands in the path: one in the base address is cut off.

    Raises InputError for an address that is none.
    """
    return _address(site.base_url, path)
