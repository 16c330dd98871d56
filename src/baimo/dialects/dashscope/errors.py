"""Refusals of this wire: `{code, message, request_id}`, under whatever status and inside a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

import msgspec

from baimo.dialect import codes, status
from baimo.dialect.ending import page_error
from baimo.dialect.jsontext import decode, excerpt
from baimo.errors import (
    AuthError,
    ContentFilteredError,
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
from baimo.types.events import ChatEvent
from baimo.wire.http import WireHead

TABLE = "qwen"
"""The codes that are looked up where the row names no other table."""

MAX_ERROR_BODY = 1024 * 1024
"""Bytes of a refusal that are kept; the rest is passed over."""

_MAX_TEXT = 4096
"""Characters of a refusal's body that an error keeps."""

_KINDS: Mapping[str, type[ProviderError]] = {
    "InvalidParameter": InvalidRequestError,
    "DataInspectionFailed": ContentFilteredError,
    "InvalidApiKey": AuthError,
    "AccessDenied": PermissionDeniedError,
    "Throttling": RateLimitedError,
    "LimitRequests": RateLimitedError,
    "InternalError": ServerError,
    "SystemError": ServerError,
    "RequestTimeOut": ServerError,
    "ResponseTimeout": ServerError,
}
"""Codes whose class says all there is to say; in the middle of a stream there is no status to go by."""


class Refusal(NamedTuple):
    """What a body says about an error."""

    code: str | None
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


def find_refusal(body: Any, *, event: str = "") -> Refusal | None:
    """The refusal in a decoded body or in an event of that name, or None.

    The compatible API of the same service, and gateways before it, wrap theirs in `error`.
    """
    if not isinstance(body, dict):
        return Refusal(None, str(body)) if event == "error" else None
    inner = body.get("error")
    told = inner if isinstance(inner, dict) else body
    code, message = _text(told.get("code")), _text(told.get("message")) or _text(told.get("msg"))
    if event != "error" and told is body and (not code or body.get("output")):
        return None
    return Refusal(code, message or "", request_id_of(body))


def request_id_of(body: dict[str, Any]) -> str | None:
    """The call's id, where the body tells it."""
    return _text(body.get("request_id"))


def raise_refusal(refusal: Refusal, head: WireHead, body: bytes, table: str | None = None) -> NoReturn:
    """Raise the error that a refusal means: the provider's own code decides, then status and words."""
    known = codes.find(table or TABLE, refusal.code)
    facts: dict[str, Any] = {"request_id": refusal.request_id or status.request_id(head)}
    if known is not None:
        kind, retryable = known.told(refusal.message)
        facts |= {"retryable": retryable, "hint": known.cure}
    else:
        # Inside a good status an unknown code says no more than that the request was refused.
        told = head.status if head.status >= 400 else 400
        kind = status.classify(told, code=refusal.code, message=refusal.message, codes=_KINDS)
    message = refusal.message.strip()[:_MAX_TEXT] or refusal.code or f"HTTP status {head.status}"
    raise kind(
        message,
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
    if not isinstance(content, dict) or not isinstance(content.get("output"), dict):
        raise WireError(f"the reply has no object 'output': {excerpt(text)}")
    return content


_OURS: tuple[tuple[type[Error], int, str], ...] = (
    (ContentFilteredError, 400, "DataInspectionFailed"),
    (InvalidRequestError, 400, "InvalidParameter"),
    (AuthError, 401, "InvalidApiKey"),
    (PermissionDeniedError, 403, "AccessDenied"),
    (NotFoundError, 404, "ModelNotFound"),
    (QuotaError, 400, "Arrearage"),
    (RateLimitedError, 429, "Throttling.RateQuota"),
    (OverloadedError, 503, "ModelServingError"),
    (TimedOutError, 500, "InternalError.Timeout"),
    (InputError, 400, "InvalidParameter"),
)
"""For each class of error the status and code that say it best here."""

_JSON = ((b"content-type", b"application/json"),)


def encode_error(error: Error) -> tuple[WireHead, bytes]:
    """The head and body of a refusal, being the provider."""
    number, told = _told(error)
    return WireHead(number, _JSON), msgspec.json.encode(told)


def error_in_stream(error: Error) -> tuple[int, bytes]:
    """The status and data of the event that a failure inside a stream is."""
    number, told = _told(error)
    return number, msgspec.json.encode(told)


def _told(error: Error) -> tuple[int, dict[str, str]]:
    """A code of this provider's own is kept, with the status that the error had."""
    number, code = next(((n, c) for kind, n, c in _OURS if isinstance(error, kind)), (500, "InternalError"))
    said = getattr(error, "provider_code", None)
    if said and (codes.find(TABLE, said) is not None or said.partition(".")[0] in _KINDS):
        code = said
        number = getattr(error, "status", None) or number
    message = error.message.encode("utf-8", "replace").decode()  # half surrogates are no JSON
    ident = error.request_id or "00000000-0000-0000-0000-000000000000"
    return number if number >= 400 else 500, {"code": code, "message": message, "request_id": ident}


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
