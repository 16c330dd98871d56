"""Being the provider: how a refusal is worded on this wire."""

from __future__ import annotations

import msgspec

from baimo.dialect.codes import huawei
from baimo.errors import (
    AuthError,
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
)
from baimo.wire.http import WireHead

_OURS: tuple[tuple[type[Error], int, str], ...] = (
    (ContextTooLongError, 400, "PANGU.3318"),
    (ContentFilteredError, 403, "ModelArts.81011"),
    (InvalidRequestError, 400, "PANGU.0010"),
    (AuthError, 401, "APIG.0301"),
    (PermissionDeniedError, 403, "PANGU.3307"),
    (NotFoundError, 404, "PANGU.3254"),
    (QuotaError, 403, "ModelArts.81005"),
    (RateLimitedError, 429, "PANGU.3267"),
    (OverloadedError, 503, "ModelArts.4203"),
    (ServerError, 500, "PANGU.0001"),
    (InputError, 400, "PANGU.0010"),
    (TimedOutError, 504, "APIG.0201"),
    (Error, 500, "PANGU.0031"),
)


def encode_error(error: Error) -> tuple[WireHead, bytes]:
    """The head and body of a refusal."""
    code, told = error_object(error)
    fields = [(b"content-type", b"application/json")]
    if error.retry_after is not None:
        fields.append((b"retry-after", f"{error.retry_after:g}".encode()))
    if error.request_id:
        fields.append((b"x-request-id", error.request_id.encode("latin-1", "replace")))
    return WireHead(code, tuple(fields)), msgspec.json.encode(told)


def error_object(error: Error) -> tuple[int, dict[str, str]]:
    """The status and the object that says it; a code of this provider's own is kept."""
    _, code, name = next(row for row in _OURS if isinstance(error, row[0]))
    if isinstance(error, ProviderError) and error.provider_code and error.provider_code in huawei.CODES.table:
        name = error.provider_code
        code = error.status if error.status is not None and error.status >= 400 else code
    message = error.message.encode("utf-8", "replace").decode()
    return code, {"error_code": name, "error_msg": message}
