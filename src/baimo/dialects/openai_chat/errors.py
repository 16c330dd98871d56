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
from baimo.wire.http import WireHead

_MAX_BODY = 4096
"""Characters of a refusal's body that an error keeps."""

_TABLE: Mapping[type[ProviderError], str] = {
    InvalidRequestError: """
        invalid_request_error unsupported_parameter unsupported_value invalid_value invalid_type BadRequest
        missing_required_parameter invalid_parameter_error malformed_json invalid_argument invalid-argument
        400 MissingParameter InvalidParameter invalid_image_url tool_use_failed not_supported_error 1210
        1212 1213 1214 1215 1231 2013 1042
    """,
    ContextTooLongError: """
        context_length_exceeded exceed_context_size_error tokens_too_long characters_too_long
        string_above_max_length 1261
    """,
    ContentFilteredError: """
        content_filter content_policy_violation data_inspection_failed DataInspectionFailed unsafe_request
        SensitiveContentDetected InputTextRiskDetection InputImageRiskDetection OutputTextRiskDetection
        ResponsibleAIPolicyViolation censorship_blocked 1301 1026 1027
    """,
    AuthError: """
        invalid_api_key InvalidApiKey authentication_error AuthenticationError invalid_authentication_error
        incorrect_api_key_error invalid_iam_token invalid_client 401 1000 1001 1002 1003 1004 1005 2049
        30014
    """,
    PermissionDeniedError: """
        permission_error permission_denied_error PermissionDenied AccessDenied access_denied OperationDenied
        unsupported_country_region_territory Model.AccessDenied 1220 1221 30003
    """,
    NotFoundError: """
        model_not_found not_found_error NotFoundError resource_not_found_error ModelNotFound invalid_model
        DeploymentNotFound InvalidEndpointOrModel ModelNotOpen InvalidEndpoint 404 1211 1222 20012
    """,
    QuotaError: """
        insufficient_quota credit_balance_exhausted billing_hard_limit_reached insufficient_balance Arrearage
        AllocationQuota.FreeTierOnly exceeded_current_quota_error AccountOverdueError
        QuotaExceeded BILLING_INSUFFICIENT_BALANCE 402 1113 1304 1308 1309 1310 1311 1313 1008 2056 30001
    """,
    RateLimitedError: """
        rate_limit_exceeded rate_limit_error rate_limit_reached_error rate_limited slow_down limit_requests
        limit_burst_rate LimitRequests Throttling RateLimitExceeded RequestBurstTooFast SetLimitExceeded
        AccountRateLimitExceeded ModelAccountRpmRateLimitExceeded ModelAccountTpmRateLimitExceeded
        rpm_rate_limit_exceeded tpm_rate_limit_exceeded preemptible_rate_limit_exceeded
        user_rate_limit_exceeded cluster_rate_limit_exceeded TooManyRequests 429 1302 1303 1041 2045
    """,
    OverloadedError: """
        server_is_overloaded overloaded_error service_unavailable_error engine_overloaded_error
        unavailable_error ServerOverloaded ModelLoadingError ModelUnavailable ModelServingError 503 1305
        1312 50505
    """,
    ServerError: """
        server_error internal_server_error internal_error InternalError InternalServiceError
        dispatch_internal_error api_error upstream_error 500 502 504 1200 1230 1234 1120
    """,
}
"""Codes and types that say what happened; one that is shared by several meanings stands nowhere."""

CODES: Mapping[str, type[ProviderError]] = {
    code: kind for kind, codes in _TABLE.items() for code in codes.split()
}

_GENERAL = {
    "server_error",
    "api_error",
    "upstream_error",
    "invalid_request_error",
    "BadRequest",
    "access_denied",
    "permission_error",
}
"""Types so general that a clear status says more."""

BASE_RESP_CODES: Mapping[str, type[ProviderError]] = {
    **CODES,
    "1000": ServerError,
    "1001": ServerError,
    "1002": RateLimitedError,
    "1013": ServerError,
    "1024": ServerError,
    "1033": ServerError,
    "1039": RateLimitedError,
}
"""The numbers of `base_resp.status_code`, which mean other things than the same numbers elsewhere."""

ERROR_CODE_CODES: Mapping[str, type[ProviderError]] = {
    **CODES,
    "1": ServerError,
    "2": OverloadedError,
    "3": NotFoundError,
    "4": RateLimitedError,
    "6": PermissionDeniedError,
    "13": AuthError,
    "14": AuthError,
    "15": AuthError,
    "17": QuotaError,
    "18": RateLimitedError,
    "19": QuotaError,
    "100": AuthError,
    "110": AuthError,
    "111": AuthError,
    "336000": OverloadedError,
    "336001": InvalidRequestError,
    "336002": InvalidRequestError,
    "336003": InvalidRequestError,
    "336004": InvalidRequestError,
    "336005": InvalidRequestError,
    "336101": InvalidRequestError,
    "336104": InvalidRequestError,
    "336105": InvalidRequestError,
    "336100": OverloadedError,
    "336103": ContextTooLongError,
    "336501": RateLimitedError,
    "336502": RateLimitedError,
}
"""The numbers of a top-level `error_code`."""


class Refusal(NamedTuple):
    """What a body says about an error."""

    message: str
    code: str | None = None
    word: str | None = None
    """The `type` of the error."""
    status: int | None = None
    """An HTTP status that stands in the body."""
    codes: Mapping[str, type[ProviderError]] = CODES
    request_id: str | None = None
    upstream: str | None = None
    """The code of whoever stands behind a gateway."""


def find_refusal(body: Any, *, event: str = "", failed: bool = False) -> Refusal | None:
    """The refusal in a decoded body, or None. `failed`: the status says that it is one, so any text counts.

    Known forms: `{error: {…}}`, `{error: "…"}`, `{code, error}`, `{code, message}`, `{detail}`, `{message}`,
    `{object: "error", …}`, `{fault: {…}}`, `[{error}]`, `{base_resp}`, `{error_code, error_msg}`,
    `{code, message, sid}` even beside choices, a bare string.
    """
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, str) and failed:
        return Refusal(body)
    if not isinstance(body, dict):
        return None
    trace = _text(body.get("request_id")) or (_text(body.get("id")) if "error" in body else None)
    coded = "sid" in body and body.get("code") not in (0, "0", None)
    found = _nested(body) or _numbered(body)
    if found is None and (failed or event == "error" or coded or not body.get("choices")):
        found = _flat(body, failed=failed or event == "error" or coded or body.get("object") == "error")
    if found is not None and not trace:
        trace = _text(body.get("sid")) or _sid(found.message)
    if found is not None and found.request_id is None and trace:
        found = found._replace(request_id=trace)
    return found


def _nested(body: dict[str, Any]) -> Refusal | None:
    """`error` as an object or a text; the gateways' `fault` and `x_groq.error`."""
    error = body.get("error") or body.get("fault")
    if not error and isinstance(body.get("x_groq"), dict):
        error = body["x_groq"].get("error")
    if isinstance(error, str):
        described = _text(body.get("error_description"))
        return Refusal(described or error, code=_text(body.get("code")) or (error if described else None))
    if not isinstance(error, dict):
        return None
    message = _text(error.get("message")) or _text(error.get("faultstring")) or _text(error.get("detail"))
    code = _text(error.get("code"))
    word = _text(error.get("type"))
    inner = error.get("innererror")
    if isinstance(inner, dict) and _text(inner.get("code")) in CODES:
        word = _text(inner.get("code"))
    return Refusal(
        message or word or code or encode(error)[:_MAX_BODY],
        code=code,
        word=word,
        status=_status(error.get("status_code")) or _status(error.get("code")),
        request_id=_text(error.get("request_id")),
        upstream=_text(error.get("upstream_code")),
    )


def _numbered(body: dict[str, Any]) -> Refusal | None:
    """`base_resp.status_code` and `error_code`: numbers that are 0 or absent when all is well."""
    base = body.get("base_resp")
    if isinstance(base, dict) and base.get("status_code"):
        code = str(base["status_code"])
        return Refusal(_text(base.get("status_msg")) or f"error {code}", code=code, codes=BASE_RESP_CODES)
    if body.get("error_code"):
        code = str(body["error_code"])
        return Refusal(_text(body.get("error_msg")) or f"error {code}", code=code, codes=ERROR_CODE_CODES)
    return None


def _flat(body: dict[str, Any], *, failed: bool) -> Refusal | None:
    """Message and code at the top level; `detail` of the frameworks that servers are made with."""
    code = _text(body.get("code")) or _text(body.get("statusCode"))
    message = _text(body.get("message")) or _text(body.get("msg")) or _text(body.get("errorMessage"))
    detail = body.get("detail") or body.get("errors")
    if isinstance(body.get("message"), dict):
        detail = detail or body["message"].get("detail") or body["message"]
    if not message and detail:
        message = _text(detail) or _details(detail)
    if message and (code or failed or detail) and code != "0":
        kind = _text(body.get("type"))
        return Refusal(message, code=code, word=kind, status=_status(body.get("statusCode")))
    return Refusal(encode(body)[:_MAX_BODY], code=code) if failed else None


def _details(detail: Any) -> str:
    """`[{loc, msg, type}]`, one line for each."""
    lines = []
    for item in detail if isinstance(detail, list) else [detail]:
        if isinstance(item, dict) and "msg" in item:
            where = ".".join(map(str, item.get("loc") or ()))
            lines.append(f"{where}: {item['msg']}" if where else str(item["msg"]))
        else:
            lines.append(encode(item))
    return "; ".join(lines)[:_MAX_BODY]


def _sid(message: str) -> str | None:
    """The id of the call in an error's words: `… (sid: cht000b)`."""
    _, found, rest = message.partition("(sid: ")
    return rest.partition(")")[0].strip() or None if found else None


WITHDRAWING = frozenset(("10014",))
"""Codes of a refusal in mid-stream that takes back what was shown before."""


def raise_refusal(refusal: Refusal, head: WireHead, body: bytes, table: str | None = None) -> NoReturn:
    """Raise the error that a refusal means. A status inside a good reply's body decides like one of the
    head. `table` names the provider's own codes, which are asked first.
    """
    code = (
        (head.status >= 400 and head.status) or refusal.status or (500 if head.status < 400 else head.status)
    )
    kind = status.classify(
        code, code=refusal.code, type=refusal.word, message=refusal.message, codes=_table(refusal, code)
    )
    told = head.status if head.status >= 400 else refusal.status
    known = _of_provider(refusal, told, kind, table) if table else None
    if known is not None:
        kind, retryable = known.told(refusal.message)
    wait = None
    if kind in (RateLimitedError, OverloadedError):
        wait = status.wait_in_words(refusal.message)
        if head.get(b"retry-after") or head.get(b"retry-after-ms"):
            wait = None
    error = status.refusal(
        kind,
        refusal.message.strip()[:_MAX_BODY] or f"HTTP status {head.status} without a reason",
        head=head,
        provider_code=refusal.code or refusal.word,
        body=body[: _MAX_BODY * 4].decode("utf-8", "replace")[:_MAX_BODY],
        request_id=status.request_id(head) or refusal.request_id,
        retry_after=wait,
    )
    if known is not None:
        error.hint = known.cure
        error.retryable = retryable
    raise error


def _of_provider(
    refusal: Refusal, told: int | None, kind: type[ProviderError], table: str
) -> codes.Code | None:
    """What the provider's own table says of a refusal.

    A status says less than the words: its entry counts where they do not tell another kind of error.
    """
    for word in (refusal.code, refusal.upstream, refusal.word):
        found = codes.find(table, word)
        if found is not None and word != str(told):
            return found
    found = codes.find(table, str(told))
    return found if found is not None and found.kind is kind else None


def _table(refusal: Refusal, code: int) -> Mapping[str, type[ProviderError]]:
    """The table, without the words that say less than this status."""
    if code in status.BY_STATUS and code != 400:
        general = {refusal.code, refusal.word} & _GENERAL
        if general:
            return {word: kind for word, kind in refusal.codes.items() if word not in general}
    return refusal.codes


def raise_for_body(head: WireHead, body: bytes, table: str | None = None) -> NoReturn:
    """Raise what the body of an error status means, whatever stands in it."""
    try:
        content = decode(body.strip()) if body.strip() else None
    except WireError:
        content = _page(head, body)
    refusal = find_refusal(content, failed=True)
    raise_refusal(refusal or Refusal(f"HTTP status {head.status} without a reason"), head, body, table)


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
    code, body = error_object(error)
    fields = [(b"content-type", b"application/json")]
    if error.retry_after is not None:
        fields.append((b"retry-after", f"{error.retry_after:g}".encode()))
        fields.append((b"retry-after-ms", str(round(error.retry_after * 1000)).encode()))
    if error.request_id:
        fields.append((b"x-request-id", error.request_id.encode("latin-1", "replace")))
    return WireHead(code, tuple(fields)), msgspec.json.encode(body)


def error_object(error: Error) -> tuple[int, dict[str, Any]]:
    """The status and the `{error}` object for an error of ours."""
    found = (row for row in _OURS if isinstance(error, row[0]))
    _, code, word, name = next(found, (Error, 502, "server_error", None))
    said = getattr(error, "provider_code", None)
    message = error.message.encode("utf-8", "replace").decode()
    return code, {"error": {"message": message, "type": word, "param": None, "code": name or said}}


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _status(value: Any) -> int | None:
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and 400 <= value < 600 else None
