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

TABLE = "tencent"
"""The codes that are looked up where the row names no other table."""

_MAX_BODY = 4096
"""Characters of a refusal's body that an error keeps."""


class Refusal(NamedTuple):
    """What a body says about an error."""

    code: str | None
    message: str
    request_id: str | None = None


def unwrapped(body: Any) -> Any:
    """What stands in `Response`; the object itself where it is not wrapped."""
    inner = body.get("Response") if isinstance(body, dict) else None
    return inner if isinstance(inner, dict) else body


def find_refusal(body: Any) -> Refusal | None:
    """The refusal in what `unwrapped` gave, or None.

    It is `{Error: {Code, Message}}`, or inside a stream `{ErrorMsg: {Code, Msg}}`.
    """
    if not isinstance(body, dict):
        return None
    found = body.get("Error")
    if isinstance(found, dict):
        return Refusal(_text(found.get("Code")), _text(found.get("Message")) or "", request_id_of(body))
    found = body.get("ErrorMsg")
    if isinstance(found, dict) and (found.get("Code") or found.get("Msg")):
        return Refusal(_text(found.get("Code")), _text(found.get("Msg")) or "", request_id_of(body))
    return None


def request_id_of(body: dict[str, Any]) -> str | None:
    """The call's id, where the body tells it."""
    return _text(body.get("RequestId"))


def request_id(head: WireHead) -> str | None:
    """The call's id, where the head tells it."""
    return head.get(b"x-tc-requestid") or status.request_id(head)


def raise_refusal(refusal: Refusal, head: WireHead, body: bytes, site: Site | None = None) -> NoReturn:
    """Raise the error that a refusal means: the provider's own code decides, then the words."""
    table = site.codes if site is not None and site.codes else TABLE
    known = codes.find(table, refusal.code)
    facts: dict[str, Any] = {"request_id": refusal.request_id or request_id(head)}
    if known is not None:
        kind = known.kind
        facts |= {"retryable": known.is_retryable, "hint": known.cure}
    else:
        # Inside a good status an unknown code says no more than that the request was refused.
        told = head.status if head.status >= 400 else 400
        kind = status.classify(told, message=refusal.message, codes={})
    message = refusal.message.strip()[:_MAX_BODY] or refusal.code or f"HTTP status {head.status}"
    raise kind(
        message,
        status=head.status,
        provider_code=refusal.code,
        body=body[: _MAX_BODY * 4].decode("utf-8", "replace")[:_MAX_BODY],
        **facts,
    )


def raise_for_body(head: WireHead, body: bytes, site: Site | None = None) -> NoReturn:
    """Raise what another status than 200 means: trouble of a gateway, unless a code says more."""
    text = body.strip()
    try:
        found = find_refusal(unwrapped(decode(text))) if text else None
    except WireError:
        found = None
    if found is not None:
        raise_refusal(found, head, body, site)
    words = f": {excerpt(text)}" if text and not text.startswith(b"<") else ""
    kind = status.by_status(head.status)
    raise status.refusal(
        kind,
        f"HTTP status {head.status} from a gateway{words}",
        head=head,
        provider_code=None,
        body=text[: _MAX_BODY * 4].decode("utf-8", "replace")[:_MAX_BODY],
        request_id=request_id(head),
    )


def decode_whole(head: WireHead, body: bytes, site: Site | None = None) -> dict[str, Any]:
    """The object of a good whole reply. Raises ProviderError for a refusal, WireError for what is none."""
    if head.status != 200:
        raise_for_body(head, body, site)
    text = body.strip().removeprefix(b"\xef\xbb\xbf")
    if not text:
        raise WireError("an empty body where a reply in JSON was due")
    if text.startswith(b"<"):
        raise page_error(head, text)
    content = unwrapped(decode(text))
    refusal = find_refusal(content)
    if refusal is not None:
        raise_refusal(refusal, head, body, site)
    if not isinstance(content, dict):
        raise WireError(f"the reply is no object: {excerpt(text)}")
    return content


_OURS: tuple[tuple[type[Error], str], ...] = (
    (ContentFilteredError, "OperationDenied.TextIllegalDetected"),
    (InvalidRequestError, "InvalidParameter"),
    (AuthError, "AuthFailure.SignatureFailure"),
    (PermissionDeniedError, "UnauthorizedOperation"),
    (NotFoundError, "InvalidParameterValue.Model"),
    (QuotaError, "FailedOperation.ResourcePackExhausted"),
    (RateLimitedError, "RequestLimitExceeded"),
    (OverloadedError, "FailedOperation.EngineServerLimitExceeded"),
    (ServerError, "InternalError"),
    (UnsupportedError, "UnsupportedOperation"),
    (InputError, "InvalidParameter"),
    (ConfigError, "InternalError"),
    (TimedOutError, "FailedOperation.EngineRequestTimeout"),
)
"""For each class of error the code that says it best here."""

_JSON = ((b"content-type", b"application/json"),)  # without a charset: the vendor's own client needs it so


def encode_error(error: Error) -> tuple[WireHead, bytes]:
    """The head and body of a refusal, being the provider."""
    return WireHead(200, _JSON), msgspec.json.encode({"Response": error_object(error)})


def error_object(error: Error) -> dict[str, Any]:
    """`{Error, RequestId}` for an error of ours; a code of this provider's own is kept."""
    said = getattr(error, "provider_code", None)
    code = next((word for kind, word in _OURS if isinstance(error, kind)), "InternalError")
    if said and said in codes.table(TABLE).table and not said.isdigit():
        code = said
    return {
        "Error": {"Code": code, "Message": printable(error.message)},
        "RequestId": error.request_id or "00000000-0000-0000-0000-000000000000",
    }


def error_in_stream(error: Error) -> dict[str, Any]:
    """`{Msg, Code}`: what a failure inside a stream holds. 4001 is a model that took too long."""
    said = getattr(error, "provider_code", None)
    late = said in ("4001", "FailedOperation.EngineRequestTimeout") or isinstance(error, TimedOutError)
    return {"Msg": printable(error.message), "Code": 4001 if late else 4000}


def printable(text: str) -> str:
    """Text that JSON can hold: half surrogates are replaced."""
    return text.encode("utf-8", "replace").decode()


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
