"""Refusals of this wire: `{error_code, error_msg}` under a good status, whole and inside a stream."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn

import msgspec

from baimo.dialect import codes, status
from baimo.dialect.ending import page_error
from baimo.dialect.jsontext import decode, excerpt
from baimo.errors import (
    AuthError,
    ContextTooLongError,
    Error,
    InputError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
    WireError,
)
from baimo.types.events import ChatEvent
from baimo.wire.http import WireHead

TABLE = "baidu"
"""The codes that are looked up where the row names no other table."""

MAX_ERROR_BODY = 1024 * 1024
_MAX_TEXT = 4096


class Refusal(NamedTuple):
    """What a body says about an error."""

    code: str
    message: str
    request_id: str | None = None


class ErrorDecoder:
    """Collects the body of an error status and raises what it means when it has ended."""

    def __init__(self, head: WireHead, table: str | None = None) -> None:
        self.early: list[ChatEvent] = []
        self._head = head
        self._table = table
        self._body = bytearray()

    def feed(self, piece: bytes) -> list[ChatEvent]:
        """Nothing yet."""
        self._body += piece[: MAX_ERROR_BODY - len(self._body)]
        return []

    def end(self) -> list[ChatEvent]:
        """Raises ProviderError."""
        raise_for_body(self._head, bytes(self._body), self._table)


def find_refusal(body: Any) -> Refusal | None:
    """The refusal in a decoded body, or None. Codes are numbers; 0 is none."""
    code = body.get("error_code") if isinstance(body, dict) else None
    if not code:
        return None
    ident, message = body.get("id"), body.get("error_msg")
    return Refusal(
        str(code),
        message if isinstance(message, str) else "",
        ident if isinstance(ident, str) and ident else None,
    )


def raise_refusal(refusal: Refusal, head: WireHead, body: bytes, table: str | None = None) -> NoReturn:
    """Raise the error that a refusal means: the provider's own code decides, then the words."""
    known = codes.find(table or TABLE, refusal.code)
    facts: dict[str, Any] = {"request_id": refusal.request_id or status.request_id(head)}
    if known is not None:
        kind = known.kind
        facts |= {"retryable": known.is_retryable, "hint": known.cure}
    else:
        # Inside a good status an unknown code says no more than that the request was refused.
        told = head.status if head.status >= 400 else 400
        kind = status.classify(told, message=refusal.message, codes={})
    raise kind(
        refusal.message.strip()[:_MAX_TEXT] or f"error {refusal.code}",
        status=head.status,
        provider_code=refusal.code,
        body=body[: _MAX_TEXT * 4].decode("utf-8", "replace")[:_MAX_TEXT],
        **facts,
    )


def raise_for_body(head: WireHead, body: bytes, table: str | None = None) -> NoReturn:
    """Raise what an error status means: trouble of a gateway, unless a code says more."""
    text = body.strip()
    try:
        found = find_refusal(decode(text)) if text else None
    except WireError:
        found = None
    if found is not None:
        raise_refusal(found, head, body, table)
    words = f": {excerpt(text)}" if text and not text.startswith(b"<") else ""
    raise status.refusal(
        status.by_status(head.status),
        f"HTTP status {head.status} from a gateway{words}",
        head=head,
        provider_code=None,
        body=text[: _MAX_TEXT * 4].decode("utf-8", "replace")[:_MAX_TEXT],
        request_id=status.request_id(head),
    )


def decode_whole(head: WireHead, body: bytes, table: str | None = None) -> dict[str, Any]:
    """The object of a good whole reply. Raises ProviderError for a refusal, WireError for what is none."""
    if not 200 <= head.status < 300:
        raise_for_body(head, body, table)
    text = body.strip().removeprefix(b"\xef\xbb\xbf")
    if not text:
        raise WireError("an empty body where a reply in JSON was due")
    if text.startswith(b"<"):
        raise page_error(head, text)
    content = decode(text)
    refusal = find_refusal(content)
    if refusal is not None:
        raise_refusal(refusal, head, body, table)
    if not isinstance(content, dict):
        raise WireError(f"the reply is no object: {excerpt(text)}")
    return content


_OURS: tuple[tuple[type[Error], int], ...] = (
    (ContextTooLongError, 336103),
    (InvalidRequestError, 336003),
    (AuthError, 14),
    (PermissionDeniedError, 6),
    (NotFoundError, 336005),
    (QuotaError, 17),
    (RateLimitedError, 336501),
    (OverloadedError, 336100),
    (InputError, 336003),
)
"""For each class of error the code that says it best here; 336000 is an internal error."""

_JSON = ((b"content-type", b"application/json"),)
NO_ID = "as-0000000000"


def encode_error(error: Error) -> tuple[WireHead, bytes]:
    """The head and body of a refusal, being the provider; the status is 200."""
    return WireHead(200, _JSON), msgspec.json.encode(error_object(error))


def error_object(error: Error) -> dict[str, Any]:
    """`{error_code, error_msg, id}` for an error of ours; a number of this provider's own is kept."""
    code = next((number for kind, number in _OURS if isinstance(error, kind)), 336000)
    said = getattr(error, "provider_code", None) or ""
    if said.isascii() and said.isdigit() and said in codes.table(TABLE).table:
        code = int(said)
    message = error.message.encode("utf-8", "replace").decode()  # half surrogates are no JSON
    return {"error_code": code, "error_msg": message, "id": error.request_id or NO_ID}
