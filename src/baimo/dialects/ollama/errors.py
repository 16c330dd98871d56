"""Refusals of this wire, `{"error": "text"}`, and how we word ours when we are the provider.

There are no codes: the status and the text are all that is told. Known texts get a word of ours, the key
under which `baimo.dialect.codes.ollama` says what they mean and how they are mended.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

import msgspec

from baimo.dialect import codes, status
from baimo.dialect.jsontext import decode, encode
from baimo.errors import (
    AuthError,
    ConfigError,
    ContextTooLongError,
    Error,
    InputError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    TimedOutError,
    WireError,
)
from baimo.wire.http import WireHead

from .words import NAME

MAX_ERROR_BODY = 1024 * 1024
"""Bytes of a refusal that are kept; the rest is passed over."""

_MAX_BODY = 4096
"""Characters of a refusal's body that an error keeps."""

# Kept as text: compiled when the first refusal comes.
_TEXTS: tuple[tuple[str, str], ...] = (
    (r"requires a newer version", "server_too_old"),
    (r"manifest.*(?:file does not exist|not found)|manifest unknown", "not_in_library"),
    (r"model ['\"].*['\"] not found|try pulling it first|no such model", "model_not_found"),
    (r"does not support thinking", "no_thinking"),
    (r"invalid think value|think value .* is not supported", "bad_think"),
    (r"does not support tools", "no_tools"),
    (r"missing data required for image input|does not support (?:vision|image)", "no_images"),
    (r"does not support (?:chat|generate|completion|embed|insert)", "wrong_kind_of_model"),
    (r"(?:input length|prompt).*(?:exceeds|exceeded|too long).*context|prompt too long"
     r"|exceeds.*context (?:length|size|window)", "context_too_long"),
    (r"server busy|maximum pending requests", "busy"),
    (r"more system memory|out of memory|insufficient memory|unable to allocate|cudaMalloc failed",
     "no_memory"),
    (r"no space left|not enough (?:disk )?space", "no_space"),
    (r"digest mismatch", "broken_download"),
    (r"no such host|dial tcp|i/o timeout|connection refused|max retries exceeded", "library_unreachable"),
    (r"failed to load|unable to load model|error loading model", "load_failed"),
    (r"runner .*(?:terminated|stopped)|error was encountered while running|unexpected EOF", "runner_failed"),
    (r"usage limit|requires a subscription|upgrade (?:to|for)", "plan_limit"),
    (r"404 page not found", "no_such_address"),
)  # fmt: skip
"""Texts that say what happened, and our word for them; the first that is found counts."""


def key_of(text: str, code: int) -> str:
    """The key in the table of codes for a refusal: our word for its text, else its status."""
    return next((key for words, key in _TEXTS if re.search(words, text, re.IGNORECASE)), str(code))


def raise_refusal(
    text: str, head: WireHead, body: bytes, table: str | None, hint: str | None = None
) -> NoReturn:
    """Raise the error that a text means: one of a refusal, or of a line in mid-stream under status 200."""
    failed = head.status >= 400
    code = head.status if failed else 500
    text = text.strip()[:_MAX_BODY] or f"HTTP status {head.status} without a reason"
    key = key_of(text, code)
    found = codes.find(table or NAME, key)
    kind = status.classify(code, message=text, codes={}) if found is None else found.kind
    error = status.refusal(
        kind,
        text,
        head=head,
        provider_code=key,
        body=body[: _MAX_BODY * 4].decode("utf-8", "replace")[:_MAX_BODY],
        request_id=status.request_id(head),
        hint=hint or (None if found is None else found.cure),
    )
    if found is not None and found.retryable is not None:
        error.retryable = found.retryable
    raise error


def raise_for_body(head: WireHead, body: bytes, table: str | None) -> NoReturn:
    """Raise what the body of an error status means, whatever stands in it."""
    text, hint = body[: _MAX_BODY * 4].decode("utf-8", "replace").strip(), None
    if head.media_type == "text/html" or text.startswith("<"):
        text = f"HTTP status {head.status} with a page of {head.media_type or 'unknown type'}"
    else:
        try:
            content = decode(body.strip())
        except WireError:
            content = None
        if content is not None:
            text = error_text(content) or text
            hint = _sign_in(content)
    raise_refusal(text, head, body, table, hint)


def error_text(content: Any) -> str | None:
    """The text of `{"error": …}`: of this wire, or of its OpenAI-compatible neighbour."""
    error = content.get("error") if isinstance(content, dict) else None
    if isinstance(error, dict):
        message = error.get("message")
        return message if isinstance(message, str) and message else encode(error)
    return error if isinstance(error, str) and error else None


def _sign_in(content: Any) -> str | None:
    link = content.get("signin_url") if isinstance(content, dict) else None
    return f"Sign in at {link}" if isinstance(link, str) and link else None


class ErrorDecoder:
    """Collects the body of an error status and raises what it means when it has ended."""

    def __init__(self, head: WireHead, table: str | None) -> None:
        self._head = head
        self._table = table
        self._body = bytearray()
        self.early: list[Any] = []

    def feed(self, piece: bytes) -> list[Any]:
        self._body += piece[: MAX_ERROR_BODY - len(self._body)]
        return []

    def end(self) -> NoReturn:
        raise_for_body(self._head, bytes(self._body), self._table)


_OURS: tuple[tuple[type[Error], int], ...] = (
    (ContextTooLongError, 400),
    (AuthError, 401),
    (PermissionDeniedError, 403),
    (NotFoundError, 404),
    (QuotaError, 429),
    (RateLimitedError, 429),
    (InvalidRequestError, 400),
    (OverloadedError, 503),
    (ProviderError, 500),
    (InputError, 400),
    (ConfigError, 500),
    (TimedOutError, 504),
)


def encode_error(error: Error) -> tuple[WireHead, bytes]:
    """The head and body of a refusal, being the provider."""
    code = next((code for kind, code in _OURS if isinstance(error, kind)), 502)
    fields = [(b"content-type", b"application/json; charset=utf-8")]
    if error.retry_after is not None:
        fields.append((b"retry-after", f"{error.retry_after:g}".encode()))
    return WireHead(code, tuple(fields)), error_body(error)


def error_body(error: Error) -> bytes:
    """`{"error": "text"}`, the same as a refusal and in mid-stream."""
    return msgspec.json.encode({"error": error.message.encode("utf-8", "replace").decode()})
