"""Refusals of this wire: Google's `{"error": {code, message, status, details}}`, both ways.

The reason in the details says most, then the status as a word, then its number. A 429 is a limit of the
moment, unless the quota that was reached is one of the day, or is nothing at all.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

import msgspec

from baimo.dialect import codes, status
from baimo.dialect.ending import is_page, page_error
from baimo.dialect.jsontext import decode, encode, excerpt
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
    TimedOutError,
    WireError,
)
from baimo.wire.http import WireHead

TABLE = "google"

MAX_ERROR_BODY = 1024 * 1024
"""Bytes of a refusal that are kept; the rest is passed over."""

_MAX_BODY = 4096
"""Characters of a refusal's body that an error keeps."""

# Kept as text: compiled when the first refusal comes.
_DELAY = r"(\d+(?:\.\d+)?)s"
_RETRY = r"(?i)retry in (\d+(?:\.\d+)?) ?(ms|s)\b"
_TOO_LONG = r"(?i)input token count.{0,40}exceeds|exceeds the maximum number of (?:input )?tokens"
_SIGNATURE = r"(?i)thought_?\s?signature"
_DAILY = re.compile(r"(?i)per_?day")

REQUEST_ID = b"x-goog-request-id"


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


def raise_for_body(head: WireHead, body: bytes, table: str | None) -> NoReturn:
    """Raise what the body of an error status means, whatever stands in it."""
    try:
        found = find_error(decode(body.strip()))
    except WireError:
        found = None
    if found is None:
        text = body[: _MAX_BODY * 4].decode("utf-8", "replace").strip()
        if is_page(head) or text.startswith("<"):
            text = f"HTTP status {head.status} with a page of {head.media_type or 'unknown type'}"
        found = {"message": text}
    raise_error(found, head, body, table)


def find_error(content: Any) -> dict[str, Any] | None:
    """The error of a body, also where it is the one entry of a list; None where there is none."""
    if isinstance(content, list) and len(content) == 1:
        content = content[0]
    if not isinstance(content, dict) or not content.get("error"):
        return None
    error = content["error"]
    return (
        error if isinstance(error, dict) else {"message": error if isinstance(error, str) else encode(error)}
    )


def raise_error(error: dict[str, Any], head: WireHead, body: bytes, table: str | None) -> NoReturn:
    """Raise the error of a refusal, or of a chunk under status 200."""
    code = error.get("code")
    number = head.status if head.status >= 400 else code if type(code) is int and code >= 400 else 500
    word = error.get("status")
    word = word if isinstance(word, str) else ""
    said = error.get("message")
    text = said if isinstance(said, str) else ""
    details = _details(error)
    key = _key(details, word, number, text)
    found = codes.find(table or TABLE, key)
    kind = status.classify(number, message=text, codes={}) if found is None else found.kind
    raised = status.refusal(
        kind,
        (text or f"HTTP status {head.status} without a reason").strip()[:_MAX_BODY],
        head=head,
        provider_code=key,
        body=body[: _MAX_BODY * 4].decode("utf-8", "replace")[:_MAX_BODY],
        request_id=status.request_id(head) or head.get(REQUEST_ID),
        hint=None if found is None else found.cure,
        retry_after=_wait(details, text),
    )
    raised.status = number
    raise raised


def _key(details: list[dict[str, Any]], word: str, number: int, text: str) -> str:
    """The key in the table of codes: a known reason, a word of ours for the text, or the status."""
    for detail in details:
        reason = detail.get("reason")
        if isinstance(reason, str) and reason != "RATE_LIMIT_EXCEEDED" and codes.find(TABLE, reason):
            return reason
    if word == "RESOURCE_EXHAUSTED" or number == 429:
        return _limit(details, text)
    if number == 400 and re.search(_TOO_LONG, text):
        return "context_too_long"
    if number == 400 and re.search(_SIGNATURE, text):
        return "missing_signature"
    return word or str(number)


def _limit(details: list[dict[str, Any]], text: str) -> str:
    """Which kind of quota was reached."""
    for detail in details:
        violations = detail.get("violations")
        for one in violations if isinstance(violations, list) else ():
            if not isinstance(one, dict):
                continue
            if str(one.get("quotaValue")) == "0":
                return "no_quota"
            if _DAILY.search(str(one.get("quotaId", ""))):
                return "daily_quota"
    return "no_quota" if re.search(r"limit: 0\b", text) else "RESOURCE_EXHAUSTED"


def _wait(details: list[dict[str, Any]], text: str) -> float | None:
    """Seconds to wait: RetryInfo's delay, else what the text says."""
    for detail in details:
        delay = detail.get("retryDelay")
        found = re.fullmatch(_DELAY, delay) if isinstance(delay, str) else None
        if found is not None:
            return float(found[1])
    said = re.search(_RETRY, text)
    if said is None:
        return None
    return float(said[1]) / (1000 if said[2] == "ms" else 1)


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    details = error.get("details")
    return [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []


def decode_body(head: WireHead, body: bytes, table: str | None = None) -> dict[str, Any]:
    """The decoded body of a good reply of an operation other than chat.

    Raises ProviderError for a refusal, WireError for what is no object.
    """
    if not 200 <= head.status < 300:
        raise_for_body(head, body, table)
    start = body.strip()
    if not start:
        raise WireError("an empty body where a reply in JSON was due")
    if start.startswith(b"<"):
        raise page_error(head, start)
    content = decode(start)
    error = find_error(content)
    if error is not None:
        raise_error(error, head, body, table)
    if not isinstance(content, dict):
        raise WireError(f"no object where one was due: {excerpt(start)}")
    return content


_OURS: tuple[tuple[type[Error], int, str], ...] = (
    (ContextTooLongError, 400, "INVALID_ARGUMENT"),
    (ContentFilteredError, 400, "INVALID_ARGUMENT"),
    (AuthError, 401, "UNAUTHENTICATED"),
    (PermissionDeniedError, 403, "PERMISSION_DENIED"),
    (NotFoundError, 404, "NOT_FOUND"),
    (QuotaError, 429, "RESOURCE_EXHAUSTED"),
    (RateLimitedError, 429, "RESOURCE_EXHAUSTED"),
    (InvalidRequestError, 400, "INVALID_ARGUMENT"),
    (OverloadedError, 503, "UNAVAILABLE"),
    (ProviderError, 500, "INTERNAL"),
    (InputError, 400, "INVALID_ARGUMENT"),
    (ConfigError, 500, "INTERNAL"),
    (TimedOutError, 504, "DEADLINE_EXCEEDED"),
)

_JSON = (b"content-type", b"application/json; charset=UTF-8")


def encode_error(error: Error) -> tuple[WireHead, bytes]:
    """The head and body of a refusal, being the provider."""
    code, content = error_content(error)
    return WireHead(code, (_JSON,)), msgspec.json.encode(content)


def error_content(error: Error) -> tuple[int, dict[str, Any]]:
    """Status and content of an error of ours, the same as a refusal and in mid-stream."""
    code, word = next(
        ((code, word) for kind, code, word in _OURS if isinstance(error, kind)), (502, "UNAVAILABLE")
    )
    details: list[dict[str, Any]] = []
    if isinstance(error, QuotaError):
        details.append(quota_failure("GenerateRequestsPerDayPerProjectPerModel"))
    if error.retry_after is not None:
        details.append(retry_info(error.retry_after))
    return code, wire_error(code, word, error.message.encode("utf-8", "replace").decode(), details)


def wire_error(code: int, word: str, message: str, details: list[dict[str, Any]]) -> dict[str, Any]:
    """`{"error": …}`."""
    error: dict[str, Any] = {"code": code, "message": message, "status": word}
    return {"error": {**error, "details": details} if details else error}


def retry_info(seconds: float) -> dict[str, Any]:
    """The detail that tells when to come again."""
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds:g}s"}


def quota_failure(quota: str) -> dict[str, Any]:
    """The detail that names the quota that was reached."""
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
        "quotaId": quota,
    }
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}


def error_info(reason: str) -> dict[str, Any]:
    """The detail that names a reason."""
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"},
    }
