"""Refusals of this wire, `{"type": "error", "error": {"type", "message"}}`, and how we word ours.

Clouds and other hosts that speak it answer in shapes of their own before a request reaches the model: those
are understood as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from baimo.dialect import codes, status
from baimo.dialect.jsontext import decode, encode
from baimo.errors import (
    AuthError,
    ConfigError,
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

MAX_ERROR_BODY = 1024 * 1024
"""Bytes of a refusal that are kept; the rest is passed over."""

_MAX_BODY = 4096
"""Characters of a refusal's body that an error keeps."""

_TYPES: Mapping[str, type[ProviderError]] = {
    "invalid_request_error": InvalidRequestError,
    "authentication_error": AuthError,
    "billing_error": QuotaError,
    "permission_error": PermissionDeniedError,
    "not_found_error": NotFoundError,
    "conflict_error": InvalidRequestError,
    "request_too_large": InvalidRequestError,
    "rate_limit_error": RateLimitedError,
    "api_error": ServerError,
    "timeout_error": ServerError,
    "overloaded_error": OverloadedError,
    "ThrottlingException": RateLimitedError,
    "AccessDeniedException": PermissionDeniedError,
    "ValidationException": InvalidRequestError,
    "UNAUTHENTICATED": AuthError,
    "RESOURCE_EXHAUSTED": RateLimitedError,
    "NOT_FOUND": NotFoundError,
}
"""Types of this wire, and of the clouds in front of it."""


class Told(msgspec.Struct, frozen=True):
    """What a refusal says."""

    message: str
    type: str | None = None
    code: str | None = None
    """The provider's own code, where it tells one besides the type."""
    request_id: str | None = None


def find_refusal(content: Any) -> Told | None:
    """The refusal that a decoded body or event holds."""
    if isinstance(content, list) and len(content) == 1:
        content = content[0]
    if not isinstance(content, dict):
        return None
    error = content.get("error")
    name = _text(content.get("request_id"))
    if isinstance(error, dict):
        details = error.get("details")
        code = details.get("error_code") if isinstance(details, dict) else None
        kind = _text(error.get("type")) or _text(error.get("status"))
        if code is None:
            code = error.get("code")
        return Told(_text(error.get("message")) or encode(error), kind, _word(code), name)
    if isinstance(error, str) and error:
        return Told(error, None, _word(content.get("code")), name)
    message = _text(content.get("message")) or _text(content.get("Message"))
    if message and "content" not in content:
        return Told(message, None, _word(content.get("code")), name)
    return None


def raise_refusal(told: Told, head: WireHead, body: bytes, table: str | None = None) -> NoReturn:
    """Raise the error that a refusal means: of an error status, or in mid-stream under status 200."""
    number = head.status if head.status >= 400 else 500
    amazon = head.get(b"x-amzn-errortype")
    type_ = told.type or (amazon.partition(":")[0] if amazon else None)
    code = told.code or type_
    kind = status.classify(number, code=told.code, type=type_, message=told.message, codes=_TYPES)
    if kind is RateLimitedError and told.code is not None and head.get(b"retry-after") is None:
        # A limit of requests tells when to come back; one of money names itself instead.
        kind = QuotaError if "limit" in told.code else kind
    found = _of_provider(told.code, type_, number, kind, table)
    if found is not None:
        kind = found.kind
    error = status.refusal(
        kind,
        told.message.strip()[:_MAX_BODY] or f"HTTP status {head.status} without a reason",
        head=head,
        provider_code=code or str(head.status),
        body=body[: _MAX_BODY * 4].decode("utf-8", "replace")[:_MAX_BODY],
        request_id=status.request_id(head) or told.request_id,
        hint=None if found is None else found.cure,
    )
    if found is not None and found.retryable is not None:
        error.retryable = found.retryable
    elif head.get(b"x-should-retry") == "false":
        error.retryable = False
    raise error


def _of_provider(
    code: str | None, type_: str | None, number: int, kind: type[ProviderError], table: str | None
) -> codes.Code | None:
    """What the provider's own table says: by its code, else by a type or status, which say less."""
    found = codes.find(table, code) if code != str(number) else None
    if found is not None:
        return found
    for word in (type_, str(number)):
        found = codes.find(table, word)
        if found is not None and found.kind is kind:
            return found
    return None


def raise_for_body(head: WireHead, body: bytes, table: str | None = None) -> NoReturn:
    """Raise what the body of an error status means, whatever stands in it."""
    text = body[: _MAX_BODY * 4].decode("utf-8", "replace").strip()
    if head.media_type == "text/html" or text.startswith("<"):
        told = Told(f"HTTP status {head.status} with a page of {head.media_type or 'unknown type'}")
    else:
        try:
            content = decode(body.strip())
        except WireError:
            content = None
        told = find_refusal(content) or Told(text)
    raise_refusal(told, head, body, table)


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
    (AuthError, 401, "authentication_error"),
    (PermissionDeniedError, 403, "permission_error"),
    (NotFoundError, 404, "not_found_error"),
    (QuotaError, 402, "billing_error"),
    (RateLimitedError, 429, "rate_limit_error"),
    (InvalidRequestError, 400, "invalid_request_error"),
    (OverloadedError, 529, "overloaded_error"),
    (InputError, 400, "invalid_request_error"),
    (ConfigError, 500, "api_error"),
    (TimedOutError, 504, "timeout_error"),
)


def _ours(error: Error) -> tuple[int, str]:
    return next(((code, word) for kind, code, word in _OURS if isinstance(error, kind)), (500, "api_error"))


def encode_error(error: Error) -> tuple[WireHead, bytes]:
    """The head and body of a refusal, being the provider."""
    code, _ = _ours(error)
    fields = [(b"content-type", b"application/json")]
    if error.retry_after is not None:
        fields.append((b"retry-after", f"{error.retry_after:g}".encode()))
    return WireHead(code, tuple(fields)), error_body(error)


def error_body(error: Error) -> bytes:
    """The same object as a refusal and in mid-stream."""
    message = error.message.encode("utf-8", "replace").decode()
    body = {"type": "error", "error": {"type": _ours(error)[1], "message": message}}
    return msgspec.json.encode({**body, "request_id": error.request_id})


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _word(value: Any) -> str | None:
    return str(value) if isinstance(value, (str, int)) and value != "" else None
