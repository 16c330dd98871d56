"""Baidu's numbers and words: which may be tried again, and which a fresh token cures."""

from __future__ import annotations

import pytest

from baimo.dialect import codes
from baimo.dialect.codes import baidu
from baimo.errors import (
    AuthError,
    ContextTooLongError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)


def test_the_table_is_found_by_its_name() -> None:
    assert codes.table("baidu") is baidu.CODES


def test_a_fresh_token_cures_two_codes_and_no_others() -> None:
    assert {code for code, told in baidu.CODES.table.items() if told.renews} == {"110", "111"}


@pytest.mark.parametrize(
    ("code", "kind", "retryable"),
    [
        ("15", AuthError, True),
        ("14", AuthError, False),
        ("17", QuotaError, False),
        ("18", RateLimitedError, True),
        ("336000", ServerError, True),
        ("336502", RateLimitedError, True),
        ("tokens_too_long", ContextTooLongError, False),
    ],
)
def test_a_code_tells_what_to_do(code: str, kind: type[ProviderError], retryable: bool) -> None:
    told = baidu.CODES.find(code)
    assert told is not None
    assert (told.kind, told.is_retryable) == (kind, retryable)
    assert told.cure.endswith(".")
    assert told.cure_zh.endswith("。")
