"""Anthropic's table says of each documented type what kind of error it is and whether waiting helps."""

from __future__ import annotations

import pytest

from baimo.dialect import codes
from baimo.dialect.codes import anthropic
from baimo.errors import (
    AuthError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)

DOCUMENTED: dict[str, tuple[type[ProviderError], bool]] = {
    "invalid_request_error": (InvalidRequestError, False),
    "authentication_error": (AuthError, False),
    "billing_error": (QuotaError, False),
    "permission_error": (PermissionDeniedError, False),
    "not_found_error": (NotFoundError, False),
    "conflict_error": (InvalidRequestError, True),
    "request_too_large": (InvalidRequestError, False),
    "rate_limit_error": (RateLimitedError, True),
    "enforced_spend_limit_reached": (QuotaError, False),
    "api_error": (ServerError, True),
    "timeout_error": (ServerError, True),
    "overloaded_error": (OverloadedError, True),
}


def test_every_documented_code_stands_in_the_table_and_no_other() -> None:
    assert codes.table("anthropic") is anthropic.CODES
    assert set(anthropic.CODES.table) == set(DOCUMENTED)


@pytest.mark.parametrize(("code", "told"), DOCUMENTED.items())
def test_a_code_has_its_kind(code: str, told: tuple[type[ProviderError], bool]) -> None:
    found = codes.find("anthropic", code)
    assert found is not None
    assert (found.kind, found.is_retryable) == told
