"""This wire's words: why a reply ended, when it was made, and where the operations are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from baimo.dialect.protocols import Site
from baimo.types.chat import FinishReason
from baimo.wire.http import split_url

NAME = "ollama"

FORM = "form"
"""In what is kept of a caller's request: that it came, and its reply goes, in the form of /api/generate."""

_FINISHES: Mapping[str, FinishReason] = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "load": FinishReason.STOP,
    "unload": FinishReason.STOP,
}

_BACK: Mapping[FinishReason, str] = {
    FinishReason.STOP: "stop",
    FinishReason.TOOL_CALLS: "stop",
    FinishReason.REFUSAL: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.CONTEXT_LENGTH: "length",
}


def decode_finish(word: str | None, *, calls: bool) -> FinishReason:
    """Our word. This wire has none for tool calls: they are there or not."""
    reason = _FINISHES.get(word or "", FinishReason.UNKNOWN)
    if calls and reason is not FinishReason.LENGTH:
        return FinishReason.TOOL_CALLS
    return reason


def encode_finish(reason: FinishReason, raw: str | None) -> str:
    """This wire's word; what it has no word for goes by ours."""
    if raw is not None and _FINISHES.get(raw) is reason:
        return raw
    return _BACK.get(reason, reason.value)


def decode_time(text: Any) -> int | None:
    """Unix seconds of a time as this wire writes it, with up to nine decimals."""
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def encode_time(seconds: int | None) -> str:
    """A time as this wire writes it; 1970 where none is known, for the field must be there."""
    return datetime.fromtimestamp(seconds or 0, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=64)  # pure: the same text gives the same parts
def _address(base_url: str, path: str) -> tuple[str, bytes]:
    origin, base = split_url(base_url)
    base = base.removesuffix("/v1").removesuffix("/api")
    return origin, quote(f"{base}{path}", safe="/%:@!$&'()*+,;=~-._").encode()


def address(site: Site, path: str) -> tuple[str, bytes]:
    """Origin and target of an operation.

    The base address is the server's; one that ends in `/api`, or in the `/v1` of the other API, means the
    same server. Raises InputError for an address that is none.
    """
    return _address(site.base_url, path)
