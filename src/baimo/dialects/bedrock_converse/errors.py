"""Refusals of this wire: the exception's name in a header or in `__type`, words in `message`, and ours.

In mid-stream an exception is a message of its own, named with a small first letter, under a good status.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

import msgspec

from baimo.dialect import codes, status
from baimo.dialect.jsontext import decode
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
    ServerError,
    TimedOutError,
    WireError,
)
from baimo.wire.http import WireHead

TABLE = "aws"

MAX_ERROR_BODY = 1024 * 1024
"""Bytes of a refusal that are kept; the rest is passed over."""

_MAX_BODY = 4096
"""Characters of a refusal's body that an error keeps."""

# Kept as text: compiled when the first refusal comes.
_TEXTS: tuple[tuple[str, str], ...] = (
    (r"too long|too many (?:input )?tokens|context (?:length|window)|maximum (?:number of )?tokens"
     r"|exceeds? .{0,40}(?:input|token) (?:limit|count)", "TooLong"),
    (r"on-demand throughput|inference profile", "InferenceProfile"),
    (r"model identifier is invalid|model .{0,60}(?:not found|does not exist|end of its life)", "Model"),
    (r"access to the model|model access|not authorized to .{0,60}model", "ModelAccess"),
    (r"toolConfig field must be defined", "ToolConfig"),
    (r"must alternate|roles must", "Turns"),
    (r"invalid .{0,10}signature|thinking.{0,60}(?:block|cannot be modified)|expected .thinking"
     r"|reasoningContent", "Reasoning"),
    (r"content filter|blocked by|guardrail", "Filtered"),
    (r"per day|daily", "Daily"),
)  # fmt: skip
"""Texts that say what happened, and our word for them; the first whose word the table knows counts."""


def plain_name(name: str) -> str:
    """An exception's name without its namespace and address, and with a capital letter.

    >>> plain_name("com.amazon.coral#throttlingException:http://internal.example/")
    'ThrottlingException'
    """
    name = name.partition(":")[0].rpartition("#")[2].strip()
    return name[:1].upper() + name[1:]


def key_of(name: str, text: str, table: str) -> str:
    """The key in the table of codes: the name, with our word for its text where the table has one."""
    for words, word in _TEXTS:
        key = f"{name}.{word}"
        found = codes.table(table).table
        if key in found and re.search(words, text, re.IGNORECASE):
            return key
    return name


def raise_refusal(name: str, text: str, head: WireHead, body: bytes, table: str | None) -> NoReturn:
    """Raise the error that an exception's name and words mean."""
    name = plain_name(name)
    failed = head.status >= 400
    code = head.status if failed else 500
    text = text.strip()[:_MAX_BODY] or f"{name or f'HTTP status {head.status}'} without a reason"
    found = codes.find(table or TABLE, key_of(name, text, table or TABLE))
    kind = status.classify(code, message=text, codes={}) if found is None else found.kind
    error = status.refusal(
        kind,
        text,
        head=head,
        provider_code=name or str(code),
        body=body[: _MAX_BODY * 4].decode("utf-8", "replace")[:_MAX_BODY],
        request_id=status.request_id(head),
        hint=None if found is None else found.cure,
    )
    if found is not None and found.retryable is not None:
        error.retryable = found.retryable
    raise error


def raise_told(content: dict[str, Any], head: WireHead, body: bytes, table: str | None) -> NoReturn:
    """Raise what a decoded body means."""
    texts = [content.get(name) for name in ("message", "Message", "originalMessage")]
    text = next((text for text in texts if isinstance(text, str) and text), "")
    raise_refusal(head.get(b"x-amzn-errortype") or str(content.get("__type") or ""), text, head, body, table)


def raise_for_body(head: WireHead, body: bytes, table: str | None) -> NoReturn:
    """Raise what the body of an error status means, whatever stands in it."""
    content: Any = None
    text = body[: _MAX_BODY * 4].decode("utf-8", "replace").strip()
    if head.media_type == "text/html" or text.startswith("<"):
        text = f"HTTP status {head.status} with a page of {head.media_type or 'unknown type'}"
    else:
        try:
            content = decode(body.strip())
        except WireError:
            content = None
    if isinstance(content, dict):
        raise_told(content, head, body, table)
    raise_refusal(head.get(b"x-amzn-errortype") or "", text, head, body, table)


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


_OURS: tuple[tuple[type[Error], int, str], ...] = (
    (ContextTooLongError, 400, "ValidationException"),
    (AuthError, 403, "UnrecognizedClientException"),
    (PermissionDeniedError, 403, "AccessDeniedException"),
    (NotFoundError, 404, "ResourceNotFoundException"),
    (QuotaError, 400, "ServiceQuotaExceededException"),
    (RateLimitedError, 429, "ThrottlingException"),
    (InvalidRequestError, 400, "ValidationException"),
    (OverloadedError, 503, "ServiceUnavailableException"),
    (ServerError, 500, "InternalServerException"),
    (ProviderError, 500, "InternalServerException"),
    (InputError, 400, "ValidationException"),
    (ConfigError, 500, "InternalServerException"),
    (TimedOutError, 408, "ModelTimeoutException"),
)

_IN_STREAM = frozenset(
    (
        "InternalServerException",
        "ModelStreamErrorException",
        "ValidationException",
        "ThrottlingException",
        "ServiceUnavailableException",
    )
)
"""What a stream may be broken off with."""


def named(error: Error) -> tuple[int, str]:
    """Status and exception's name for an error of ours."""
    found = ((code, name) for kind, code, name in _OURS if isinstance(error, kind))
    return next(found, (500, "InternalServerException"))


def stream_name(error: Error) -> str:
    """The name by which a stream tells it."""
    name = named(error)[1]
    name = name if name in _IN_STREAM else "ModelStreamErrorException"
    return name[:1].lower() + name[1:]


def encode_error(error: Error) -> tuple[WireHead, bytes]:
    """The head and body of a refusal, being the provider."""
    code, name = named(error)
    fields = [(b"content-type", b"application/json"), (b"x-amzn-errortype", name.encode())]
    if error.retry_after is not None:
        fields.append((b"retry-after", f"{error.retry_after:g}".encode()))
    return WireHead(code, tuple(fields)), error_body(error)


def error_body(error: Error) -> bytes:
    """`{"message": "text"}`, the same as a refusal and in mid-stream."""
    return msgspec.json.encode({"message": error.message.encode("utf-8", "replace").decode()})
