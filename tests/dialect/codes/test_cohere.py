"""Cohere's table says of each documented status, and of its telling texts, what kind of error it is."""

from __future__ import annotations

import pytest

from baimo.dialect import codes
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

DOCUMENTED: dict[str, tuple[type[ProviderError], bool]] = {
    "too_many_tokens": (ContextTooLongError, False),
    "max_tokens_too_large": (InvalidRequestError, False),
    "model_not_found": (NotFoundError, False),
    "trial_used_up": (QuotaError, False),
    "400": (InvalidRequestError, False),
    "401": (AuthError, False),
    "402": (QuotaError, False),
    "403": (PermissionDeniedError, False),
    "404": (NotFoundError, False),
    "422": (InvalidRequestError, False),
    "429": (RateLimitedError, True),
    "498": (AuthError, False),
    "499": (InvalidRequestError, False),
    "500": (ServerError, True),
    "501": (InvalidRequestError, False),
    "503": (OverloadedError, True),
    "504": (ServerError, True),
}


def test_every_documented_code_stands_in_the_table_and_no_other() -> None:
    assert set(codes.table("cohere").table) == set(DOCUMENTED)


@pytest.mark.parametrize(("code", "told"), DOCUMENTED.items())
def test_a_code_has_its_kind(code: str, told: tuple[type[ProviderError], bool]) -> None:
    found = codes.find("cohere", code)
    assert found is not None
    assert (found.kind, found.is_retryable) == told
