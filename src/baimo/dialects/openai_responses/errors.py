"""Refusals of this wire, in all the forms they take, and how we word ours when we are the provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

import msgspec

from baimo.dialect import codes, status
from baimo.dialect.jsontext import decode, encode
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
    TimedOutError,
    WireError,
)
from baimo.types.events import ChatEvent
from baimo.wire.http import WireHead

from .words import word

MAX_ERROR_BODY = 1024 * 1024
"""Bytes of a refusal that are kept; the rest is passed over."""

_MAX_BODY = 4096
"""Characters of a refusal's body that an error keeps."""

_TABLE: Mapping[type[ProviderError], str] = {
    InvalidRequestError: """
        invalid_request_error unsupported_parameter unsupported_value invalid_value invalid_type
        missing_required_parameter invalid_argument invalid-argument invalid_prompt invalid_image
        invalid_image_format invalid_base64_image invalid_image_url invalid_image_mode image_too_large
        image_too_small image_parse_error image_file_too_large unsupported_image_media_type
        empty_image_file image_file_not_found failed_to_download_image invalid_function_parameters
        invalid_encrypted_content BadRequest 400
    """,
    ContextTooLongError: "context_length_exceeded string_above_max_length",
    ContentFilteredError: """
        content_filter content_policy_violation image_content_policy_violation bio_policy cyber_policy
        ResponsibleAIPolicyViolation
    """,
    AuthError: "invalid_api_key authentication_error Unauthorized 401",
    PermissionDeniedError: """
        permission_error permission_denied unsupported_country_region_territory PermissionDenied Forbidden
    """,
    NotFoundError: """
        model_not_found not_found_error DeploymentNotFound unknown_model previous_response_not_found 404
    """,
    QuotaError: """
        insufficient_quota credit_balance_exhausted billing_hard_limit_reached insufficient_balance 402
    """,
    RateLimitedError: """
        rate_limit_exceeded rate_limit_error slow_down requests tokens too_many_requests 429
    """,
    OverloadedError: "server_is_overloaded service_unavailable_error overloaded_error 503",
    ServerError: "server_error internal_server_error internal_error api_error vector_store_timeout 500 502",
}
"""Codes and types that say what happened."""

CODES: Mapping[str, type[ProviderError]] = {
    code: kind for kind, named in _TABLE.items() for code in named.split()
}

_GENERAL = {"server_error", "api_error", "invalid_request_error", "permission_error", "BadRequest"}
"""Words so general that a clear status says more."""


class Told(NamedTuple):
    """What a body says about an error."""

    message: str
    code: str | None = None
    kind: str | None = None
    """The `type` of the error."""
    request_id: str | None = None


class ErrorDecoder:
    """Collects the body of an error status and raises what it means when it has ended."""

    def __init__(self, head: WireHead, table: str | None = None) -> None:
        self._table = table
        self._head = head
        self._body = bytearray()
        self.early: list[ChatEvent] = []

    def feed(self, piece: bytes) -> list[ChatEvent]:
        self._body += piece[: MAX_ERROR_BODY - len(self._body)]
        return []

    def end(self) -> list[ChatEvent]:
        raise_for_body(self._head, bytes(self._body), self._table)


def find_refusal(body: Any, *, failed: bool = False) -> Told | None:
    """The refusal in a decoded body or event, or None. `failed`: it is known to be one, so any text counts.

    Known forms: `{error: {…}}`, `{error: "…"}`, `{code, error}`, `{type: "error", code, message}`,
    `{statusCode, message}`, `{message}`, `{detail}`, a bare string, a list of one.
    """
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, str) and failed:
        return Told(body)
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, str) and error:
        return Told(error, code=_text(body.get("code")))
    if isinstance(error, dict):
        return _nested(error)
    if failed or body.get("type") == "error":
        code = _text(body.get("code")) or _text(body.get("statusCode"))
        detail = body.get("detail")
        message = _text(body.get("message")) or (_text(detail) or (encode(detail) if detail else None))
        return Told(message or encode(body)[:_MAX_BODY], code=code)
    return None


def _nested(error: dict[str, Any]) -> Told:
    code, kind, inner = _text(error.get("code")), _text(error.get("type")), error.get("innererror")
    if isinstance(inner, dict) and _text(inner.get("code")) in CODES and code in {None, *_GENERAL}:
        code = _text(inner.get("code"))
    message = _text(error.get("message")) or kind or code or encode(error)[:_MAX_BODY]
    return Told(message, code=code, kind=kind, request_id=_text(error.get("request_id")))


def raise_refusal(told: Told, head: WireHead, body: bytes, table: str | None = None) -> NoReturn:
    """Raise the error that a refusal means. `table` names the provider's own codes, which are asked first."""
    code = head.status if head.status >= 400 else 500
    kind = status.classify(
        code, code=told.code, type=told.kind, message=told.message, codes=_codes(told, head.status)
    )
    known = codes.find(table, told.code) or codes.find(table, told.kind)
    if known is not None:
        kind, retryable = known.told(told.message)
    wait = None
    if kind in (RateLimitedError, OverloadedError) and not (
        head.get(b"retry-after") or head.get(b"retry-after-ms")
    ):
        wait = status.wait_in_words(told.message)
    error = status.refusal(
        kind,
        told.message.strip()[:_MAX_BODY] or f"HTTP status {head.status} without a reason",
        head=head,
        provider_code=told.code or told.kind,
        body=body[: _MAX_BODY * 4].decode("utf-8", "replace")[:_MAX_BODY],
        request_id=status.request_id(head) or told.request_id,
        retry_after=wait,
    )
    if known is not None:
        error.hint = known.cure
        error.retryable = retryable
    raise error


def _codes(told: Told, code: int) -> Mapping[str, type[ProviderError]]:
    """The table, without the words that say less than this status."""
    general = {told.code, told.kind} & _GENERAL
    if code in status.BY_STATUS and code != 400 and general:
        return {name: kind for name, kind in CODES.items() if name not in general}
    return CODES


def raise_for_body(head: WireHead, body: bytes, table: str | None = None) -> NoReturn:
    """Raise what the body of an error status means, whatever stands in it."""
    try:
        content = decode(body.strip()) if body.strip() else None
    except WireError:
        content = _page(head, body)
    found = find_refusal(content, failed=True)
    raise_refusal(found or Told(f"HTTP status {head.status} without a reason"), head, body, table)


def _page(head: WireHead, body: bytes) -> str:
    """What to show of a page: the kind of page, or the plain text itself."""
    text = body[:800].decode("utf-8", "replace").strip()
    if head.media_type == "text/html" or text.startswith("<"):
        return f"HTTP status {head.status} with a page of {head.media_type or 'unknown type'}"
    return text


_OURS: tuple[tuple[type[Error], int, str, str | None], ...] = (
    (ContextTooLongError, 400, "invalid_request_error", "context_length_exceeded"),
    (ContentFilteredError, 400, "invalid_request_error", "content_filter"),
    (InvalidRequestError, 400, "invalid_request_error", None),
    (AuthError, 401, "invalid_request_error", "invalid_api_key"),
    (PermissionDeniedError, 403, "permission_error", None),
    (NotFoundError, 404, "invalid_request_error", "model_not_found"),
    (QuotaError, 429, "insufficient_quota", "insufficient_quota"),
    (RateLimitedError, 429, "rate_limit_error", "rate_limit_exceeded"),
    (OverloadedError, 503, "service_unavailable_error", "server_is_overloaded"),
    (ServerError, 500, "server_error", None),
    (InputError, 400, "invalid_request_error", None),
    (ConfigError, 500, "server_error", None),
    (TimedOutError, 504, "server_error", None),
)


def encode_error(error: Error) -> tuple[WireHead, bytes]:
    """The head and body of a refusal, being the provider."""
    code, told = error_object(error)
    fields = [(b"content-type", b"application/json")]
    if error.retry_after is not None:
        fields.append((b"retry-after", f"{error.retry_after:g}".encode()))
        fields.append((b"retry-after-ms", str(round(error.retry_after * 1000)).encode()))
    if error.request_id:
        fields.append((b"x-request-id", error.request_id.encode("latin-1", "replace")))
    return WireHead(code, tuple(fields)), msgspec.json.encode({"error": told})


def error_object(error: Error) -> tuple[int, dict[str, Any]]:
    """The status, and what stands in `error`, for an error of ours."""
    found = (row for row in _OURS if isinstance(error, row[0]))
    _, code, kind, name = next(found, (Error, 502, "server_error", None))
    said = getattr(error, "provider_code", None)
    message = error.message.encode("utf-8", "replace").decode()
    return code, {"message": message, "type": kind, "param": None, "code": name or said}


def _text(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return word(value)
