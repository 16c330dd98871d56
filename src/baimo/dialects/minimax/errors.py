"""Refusals of this wire: inside a good status, inside a stream, and from gateways on the way."""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn

import msgspec

from baimo.dialect import codes, status
from baimo.dialect.ending import page_error
from baimo.dialect.jsontext import decode, excerpt
from baimo.dialect.protocols import Site
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
    QuotaError,
    RateLimitedError,
    ServerError,
    TimedOutError,
    UnsupportedError,
    WireError,
)
from baimo.wire.http import WireHead

TABLE = "minimax"
"""The codes that are looked up where the row names no other table."""

_MAX_BODY = 4096
"""Characters of a refusal's body that an error keeps."""


class Refusal(NamedTuple):
    """What a body says about an error."""

    code: str | None
    message: str
    request_id: str | None = None


def find_refusal(body: Any) -> Refusal | None:
    """The refusal in a decoded body, or None: `{base_resp: {status_code, status_msg}}` with another number
    than 0, or `{error: {message, type}}` of the paths beside this one.
    """
    if not isinstance(body, dict):
        return None
    base, error = body.get("base_resp"), body.get("error")
    trace = _text(body.get("request_id")) or _text(body.get("id"))
    if isinstance(base, dict) and base.get("status_code"):
        return Refusal(_text(base["status_code"]), _text(base.get("status_msg")) or "", trace)
    if isinstance(error, dict):
        code = _text(error.get("code")) or _text(error.get("type"))
        return Refusal(code, _text(error.get("message")) or "", trace)
    return None


def raise_refusal(refusal: Refusal, head: WireHead, body: bytes, site: Site | None = None) -> NoReturn:
    """Raise the error that a refusal means: the provider's own code decides, then the words."""
    table = site.codes if site is not None and site.codes else TABLE
    known = codes.find(table, refusal.code)
    facts: dict[str, Any] = {"request_id": status.request_id(head) or refusal.request_id}
    # Inside a good status an unknown code says no more than that the request was refused.
    told = head.status if head.status >= 400 else 400
    kind = status.classify(told, message=refusal.message, codes={})
    if known is not None:
        kind, retryable = known.told(refusal.message)
        facts |= {"retryable": retryable, "hint": known.cure}
    raise kind(
        refusal.message.strip()[:_MAX_BODY] or f"error {refusal.code or head.status}",
        status=head.status,
        provider_code=refusal.code,
        body=body[: _MAX_BODY * 4].decode("utf-8", "replace")[:_MAX_BODY],
        **facts,
    )


def raise_for_body(head: WireHead, body: bytes, site: Site | None = None) -> NoReturn:
    """Raise what an error status means: trouble of a gateway, unless a code says more."""
    text = body.strip()
    try:
        found = find_refusal(decode(text)) if text else None
    except WireError:
        found = None
    if found is not None:
        raise_refusal(found, head, body, site)
    words = f": {excerpt(text)}" if text and not text.startswith(b"<") else ""
    raise status.refusal(
        status.by_status(head.status),
        f"HTTP status {head.status} from a gateway{words}",
        head=head,
        provider_code=None,
        body=text[: _MAX_BODY * 4].decode("utf-8", "replace")[:_MAX_BODY],
        request_id=status.request_id(head),
    )


def decode_whole(head: WireHead, body: bytes, site: Site | None = None) -> dict[str, Any]:
    """The object of a good whole reply. Raises ProviderError for a refusal, WireError for what is none."""
    if not 200 <= head.status < 300:
        raise_for_body(head, body, site)
    text = body.strip().removeprefix(b"\xef\xbb\xbf")
    if not text:
        raise WireError("an empty body where a reply in JSON was due")
    if text.startswith(b"<"):
        raise page_error(head, text)
    content = decode(text)
    refusal = find_refusal(content)
    if refusal is not None:
        raise_refusal(refusal, head, body, site)
    if not isinstance(content, dict):
        raise WireError(f"the reply is no object: {excerpt(text)}")
    return content


_OURS: tuple[tuple[type[Error], int], ...] = (
    (ContentFilteredError, 1026),
    (ContextTooLongError, 1039),
    (InvalidRequestError, 2013),
    (AuthError, 1004),
    (PermissionDeniedError, 1004),
    (NotFoundError, 2013),
    (QuotaError, 1008),
    (RateLimitedError, 1002),
    (OverloadedError, 1024),
    (ServerError, 1013),
    (UnsupportedError, 2013),
    (InputError, 2013),
    (ConfigError, 1013),
    (TimedOutError, 1001),
)
"""For each class of error the number that says it best here."""


def encode_error(error: Error) -> tuple[WireHead, bytes]:
    """The head and body of a refusal, being the provider."""
    body = {"id": error.request_id or "0", "choices": None, "base_resp": base_resp(error)}
    return WireHead(200, ((b"content-type", b"application/json"),)), msgspec.json.encode(body)


def base_resp(error: Error) -> dict[str, Any]:
    """`{status_code, status_msg}` for an error of ours; a number of this provider's own is kept."""
    said = getattr(error, "provider_code", None)
    number = next((number for kind, number in _OURS if isinstance(error, kind)), 1000)
    if said and said.isdigit() and said in codes.table(TABLE).table:
        number = int(said)
    return {"status_code": number, "status_msg": error.message.encode("utf-8", "replace").decode()}


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
