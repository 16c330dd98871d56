"""This wire's name, its words for how an answer ended, where requests go, and JSON that can be sent."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec

from baimo.dialect.protocols import Site
from baimo.errors import InputError
from baimo.types.chat import ChatRequest, FinishReason
from baimo.wire.http import HeaderFields, split_url

NAME = "openai_responses"

HEAD: HeaderFields = ((b"content-type", b"application/json"), (b"accept", b"application/json"))

ENCRYPTED = "reasoning.encrypted_content"
"""What `include` names to get reasoning that can be sent back."""

LOGPROBS = "message.output_text.logprobs"
"""What `include` names to get log probabilities."""

_INCOMPLETE: Mapping[str, FinishReason] = {
    "max_output_tokens": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}
"""Reasons for which an answer is incomplete."""

_BACK: Mapping[FinishReason, str] = {
    FinishReason.LENGTH: "max_output_tokens",
    FinishReason.CONTEXT_LENGTH: "max_output_tokens",
    FinishReason.CONTENT_FILTER: "content_filter",
    FinishReason.PAUSE: "pause",
    FinishReason.ERROR: "error",
    FinishReason.UNKNOWN: "unknown",
}

COMPLETE = (FinishReason.STOP, FinishReason.TOOL_CALLS, FinishReason.REFUSAL)
"""Reasons that this wire calls by one word: what the answer holds tells them apart."""

STATES = ("queued", "in_progress", "cancelled")
"""States of a reply other than its good and its bad end."""


def decode_finish(
    status: str | None, reason: str | None, *, calls: bool, refused: bool
) -> tuple[FinishReason, str | None]:
    """Our word, and the provider's own."""
    if status == "incomplete":
        return _INCOMPLETE.get(reason or "", FinishReason.UNKNOWN), reason or status
    if status not in (None, "completed"):
        return FinishReason.UNKNOWN, status
    if calls:
        return FinishReason.TOOL_CALLS, status
    return FinishReason.REFUSAL if refused else FinishReason.STOP, status


def encode_finish(reason: FinishReason, raw: str | None) -> tuple[str, dict[str, str] | None]:
    """The status of a reply, and the details of one that is incomplete."""
    if reason in COMPLETE:
        return "completed", None
    if reason is FinishReason.UNKNOWN and raw in STATES:
        return raw, None
    word = raw if reason is FinishReason.UNKNOWN and raw else _BACK[reason]
    return "incomplete", {"reason": word}


def address(site: Site, path: str) -> tuple[str, bytes]:
    """Origin and target of an operation of a site. Raises InputError for an address that is none."""
    return _address(site.base_url, path, site.api_version)


@lru_cache(maxsize=256)  # pure: the same text gives the same parts
def _address(base_url: str, path: str, api_version: str | None) -> tuple[str, bytes]:
    origin, base = split_url(base_url)
    query = f"?api-version={quote(api_version, safe='')}" if api_version else ""
    return origin, quote(f"{base}{path}{query}", safe="/%:@!$&'()*+,;=?~-._").encode()


def lay_over(body: dict[str, Any], extra: Mapping[str, Any]) -> None:
    """Merge `extra` into a body: the last word, mappings merged one level deep."""
    for name, value in extra.items():
        below = body.get(name)
        body[name] = {**below, **value} if isinstance(below, dict) and isinstance(value, Mapping) else value


def to_json(body: dict[str, Any], request: ChatRequest | None = None) -> bytes:
    """Compact UTF-8. Raises InputError for half surrogates, naming the message that holds one."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        where = "the request"
        for index, message in enumerate(request.messages if request is not None else ()):
            try:
                msgspec.json.encode(message)
            except UnicodeEncodeError:
                where = f"messages[{index}]"
                break
        raise InputError(f"{where} holds half a surrogate pair, which is no valid Unicode text") from None
    except TypeError as error:
        raise InputError(f"the request holds a value that is no JSON: {error}") from None


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; nothing of what is none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def word(value: Any) -> str | None:
    """A text that says something."""
    return value if isinstance(value, str) and value else None
