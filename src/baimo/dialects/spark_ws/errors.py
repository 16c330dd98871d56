"""Refusals: a frame's `header.code`, an HTTP body's, and what the gateway says to a handshake."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn

import msgspec

from baimo.dialect import codes, status
from baimo.dialect.codes import Code
from baimo.dialect.jsontext import decode, excerpt
from baimo.errors import (
    AuthError,
    ConfigError,
    ContentFilteredError,
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
    WireError,
)
from baimo.wire.http import WireHead

TABLE = "spark"
"""The table of codes where the row names none."""

VOID = ("10013", "10014", "10021")
"""Codes after which what was shown must be taken back. 10019 warns the user and takes nothing back."""

MAX_ERROR_BODY = 1024 * 1024
"""Bytes of a refusal that are kept; the rest is passed over."""

_MAX_SHOWN = 1000

_GOOD = ("0", "")


class Said(NamedTuple):
    """What a frame or a body says of an error."""

    code: str | None
    message: str
    sid: str | None = None


def find_refusal(frame: Any) -> Said | None:
    """The refusal in a frame or a body; None where its code is 0 or there is none.

    The number stands in `header.code`, or as over HTTP in `code` or `error.code`.
    """
    if not isinstance(frame, dict):
        return None
    for name in ("header", "error", None):
        fields = frame if name is None else frame.get(name)
        if not isinstance(fields, dict):
            continue
        code = _text(fields.get("code"))
        if code is not None and code not in _GOOD:
            return Said(code, _text(fields.get("message")) or f"error {code}", _text(fields.get("sid")))
    return None


def refusal_of(said: Said, head: WireHead, body: bytes, table: str) -> ProviderError:
    """The error that a refusal means."""
    found = codes.find(table, said.code) or _by_words(said.message, table)
    failed = head.status >= 400
    kind = (
        found.kind
        if found is not None
        else status.classify(head.status if failed else 500, code=said.code, message=said.message, codes={})
    )
    return kind(
        said.message.strip()[:_MAX_SHOWN],
        status=None if head.status == 101 else head.status,
        provider_code=said.code,
        body=body[: _MAX_SHOWN * 4].decode("utf-8", "replace")[:_MAX_SHOWN],
        retryable=None if found is None else found.is_retryable,
        hint=None if found is None else found.cure,
        request_id=said.sid or status.request_id(head),
    )


def raise_for_body(head: WireHead, body: bytes, table: str = TABLE) -> NoReturn:
    """Raise what the body of a refused handshake, or of an HTTP error, means."""
    try:
        content = decode(body.strip()) if body.strip() else {}
    except WireError:
        content = {"message": excerpt(body)}
    said = find_refusal(content)
    if said is None:
        words = _text(content.get("message")) if isinstance(content, dict) else None
        said = Said(None, words or f"HTTP status {head.status} without a reason")
    raise refusal_of(said, head, body, table)


def _by_words(message: str, table: str) -> Code | None:
    """The entry whose words the message begins with, the longest that fits: the gateway has no numbers."""
    known = codes.table(table).table
    fitting = [words for words in known if not words.isdigit() and message.startswith(words)]
    return known[max(fitting, key=len)] if fitting else None


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


_OURS: tuple[tuple[type[Error], int], ...] = (
    (ContextTooLongError, 10907),
    (ContentFilteredError, 10013),
    (InvalidRequestError, 10005),
    (PermissionDeniedError, 11200),
    (NotFoundError, 10404),
    (QuotaError, 11201),
    (RateLimitedError, 11202),
    (OverloadedError, 10008),
    (ServerError, 10012),
    (InputError, 10004),
    (ConfigError, 10012),
)
"""The number for an error of ours that has none of this provider."""


def error_frame(error: Error, sid: str) -> bytes:
    """A frame that says no."""
    said = getattr(error, "provider_code", None)
    if said and said.isdigit() and codes.find(TABLE, said):
        code = int(said)
    else:
        code = next((number for kind, number in _OURS if isinstance(error, kind)), 10012)
    return failure_frame(code, error.message, error.request_id or sid)


def failure_frame(code: int, message: str, sid: str) -> bytes:
    """A frame with that number; there is no payload in it."""
    message = message.encode("utf-8", "replace").decode()
    header = {"code": code, "message": message, "sid": sid, "status": 2}
    return msgspec.json.encode({"header": header})


def encode_error(error: Error, sid: str) -> tuple[WireHead, bytes]:
    """Head and body of a refusal: a bad credential is refused at the handshake, the rest by a frame."""
    if isinstance(error, AuthError):
        words = error.message.encode("utf-8", "replace").decode()
        return gateway_refusal(401, words)
    return WireHead(101), error_frame(error, sid)


def gateway_refusal(code: int, words: str) -> tuple[WireHead, bytes]:
    """A refused handshake, as the gateway words it."""
    head = WireHead(code, ((b"content-type", b"application/json; charset=utf-8"),))
    return head, msgspec.json.encode({"message": words})
