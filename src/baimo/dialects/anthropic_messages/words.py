"""This wire's words: why a reply ended, and where the operations are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from baimo.dialect.protocols import Site
from baimo.types.chat import FinishReason
from baimo.wire.http import split_url

NAME = "anthropic_messages"

TOOLS, SEARCH, BETAS = "@tools", "@search", "@betas"
"""In what is kept of a caller's request: further fields of its tools by name, its own form of web search, and
the features it asked for in the head."""

_FINISHES: Mapping[str, FinishReason] = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.CONTEXT_LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "pause_turn": FinishReason.PAUSE,
    "refusal": FinishReason.REFUSAL,
}

_BACK: Mapping[FinishReason, str] = {
    FinishReason.STOP: "end_turn",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.CONTEXT_LENGTH: "model_context_window_exceeded",
    FinishReason.TOOL_CALLS: "tool_use",
    FinishReason.PAUSE: "pause_turn",
    FinishReason.REFUSAL: "refusal",
    FinishReason.CONTENT_FILTER: "refusal",
    FinishReason.ERROR: "end_turn",
}


def decode_finish(word: str | None) -> FinishReason:
    """Our word."""
    return _FINISHES.get(word or "", FinishReason.UNKNOWN)


def encode_finish(reason: FinishReason, raw: str | None) -> str | None:
    """This wire's word; None where nobody knows why it ended."""
    if raw is not None and decode_finish(raw) is reason:
        return raw
    return _BACK.get(reason)


@lru_cache(maxsize=64)  # pure: the same text gives the same parts
def _address(base_url: str, path: str) -> tuple[str, bytes]:
    origin, base = split_url(base_url)
    if path.startswith("/v1/"):
        base = base.removesuffix("/v1")
    return origin, quote(f"{base}{path}", safe="/%:@!$&'()*+,;=?~-._").encode()


def address(site: Site, path: str, model: str = "") -> tuple[str, bytes]:
    """Origin and target of an operation. `{model}` in a path stands for the model.

    The base address may end in `/v1` or not. Raises InputError for an address that is none.
    """
    if "{model}" in path:
        path = path.replace("{model}", quote(model, safe="@:"))
    return _address(site.base_url, path)
