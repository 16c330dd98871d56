"""Google's reasons and statuses: each has its class, and says whether asking again may help."""

from __future__ import annotations

import pytest

from baimo.dialect import codes
from baimo.dialect.codes import google
from baimo.errors import (
    AuthError,
    ContextTooLongError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)

AGAIN, NEVER = True, False

TOLD: dict[str, tuple[type[ProviderError], bool]] = {
    "API_KEY_INVALID": (AuthError, NEVER),
    "CREDENTIALS_MISSING": (AuthError, NEVER),
    "UNAUTHENTICATED": (AuthError, NEVER),
    "PERMISSION_DENIED": (PermissionDeniedError, NEVER),
    "BILLING_DISABLED": (QuotaError, NEVER),
    "INVALID_ARGUMENT": (InvalidRequestError, NEVER),
    "context_too_long": (ContextTooLongError, NEVER),
    "missing_signature": (InvalidRequestError, NEVER),
    "NOT_FOUND": (NotFoundError, NEVER),
    "RESOURCE_EXHAUSTED": (RateLimitedError, AGAIN),
    "daily_quota": (QuotaError, NEVER),
    "no_quota": (QuotaError, NEVER),
    "UNAVAILABLE": (OverloadedError, AGAIN),
    "INTERNAL": (ServerError, AGAIN),
    "DEADLINE_EXCEEDED": (ServerError, AGAIN),
}


@pytest.mark.parametrize("code", TOLD)
def test_a_code_has_its_class_and_says_whether_to_ask_again(code: str) -> None:
    entry = google.CODES.table[code]
    assert codes.find("google", code) is entry
    assert (entry.kind, entry.is_retryable) == TOLD[code]


def test_only_an_ended_token_is_worth_a_fresh_one() -> None:
    renewed = {code for code, entry in google.CODES.table.items() if entry.renews}
    assert renewed == {"ACCESS_TOKEN_EXPIRED", "UNAUTHENTICATED"}
