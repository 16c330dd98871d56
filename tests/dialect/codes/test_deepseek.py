"""DeepSeek's table says of each documented status what kind of error it is and whether waiting helps."""

from __future__ import annotations

import pytest

from baimo.dialect import codes
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    InvalidRequestError,
    OverloadedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)

DOCUMENTED: dict[str, tuple[type[ProviderError], bool]] = {
    "400": (InvalidRequestError, False),
    "401": (AuthError, False),
    "402": (QuotaError, False),
    "422": (InvalidRequestError, False),
    "429": (RateLimitedError, True),
    "500": (ServerError, True),
    "503": (OverloadedError, True),
    "insufficient_system_resource": (OverloadedError, True),
    "content_filter": (ContentFilteredError, False),
}


def test_every_documented_code_stands_in_the_table_and_no_other() -> None:
    assert set(codes.table("deepseek").table) == set(DOCUMENTED)


@pytest.mark.parametrize(("code", "told"), DOCUMENTED.items())
def test_a_code_has_its_kind(code: str, told: tuple[type[ProviderError], bool]) -> None:
    found = codes.find("deepseek", code)
    assert found is not None
    assert (found.kind, found.is_retryable) == told


@pytest.mark.parametrize("word", ["invalid_request_error", "unknown_error"])
def test_the_words_that_every_body_carries_say_nothing(word: str) -> None:
    assert codes.find("deepseek", word) is None


def test_the_cures_name_where_to_go() -> None:
    table = codes.table("deepseek").table
    for language in ("cure", "cure_zh"):
        assert "platform.deepseek.com/api_keys" in getattr(table["401"], language)
        assert "platform.deepseek.com/top_up" in getattr(table["402"], language)
        assert "reasoning_content" in getattr(table["400"], language)
        assert "2500" in getattr(table["429"], language)
