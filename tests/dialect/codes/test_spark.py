"""Spark's table says of each documented code what kind of error it is and whether waiting helps."""

from __future__ import annotations

import pytest

from baimo.dialect import codes
from baimo.errors import (
    AuthError,
    ContentFilteredError,
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

DOCUMENTED: dict[str, tuple[type[ProviderError], bool]] = {
    "10000": (ServerError, AGAIN),
    "10001": (ServerError, AGAIN),
    "10002": (ServerError, AGAIN),
    "10003": (InvalidRequestError, NEVER),
    "10004": (InvalidRequestError, NEVER),
    "10005": (InvalidRequestError, NEVER),
    "10006": (RateLimitedError, AGAIN),
    "10007": (RateLimitedError, AGAIN),
    "10008": (OverloadedError, AGAIN),
    "10009": (ServerError, AGAIN),
    "10010": (ServerError, AGAIN),
    "10011": (ServerError, AGAIN),
    "10012": (ServerError, AGAIN),
    "10013": (ContentFilteredError, NEVER),
    "10014": (ContentFilteredError, NEVER),
    "10015": (PermissionDeniedError, NEVER),
    "10016": (PermissionDeniedError, NEVER),
    "10017": (ServerError, NEVER),
    "10018": (InvalidRequestError, NEVER),
    "10019": (ContentFilteredError, NEVER),
    "10021": (ContentFilteredError, NEVER),
    "10110": (OverloadedError, AGAIN),
    "10163": (InvalidRequestError, NEVER),
    "10222": (ServerError, AGAIN),
    "10404": (NotFoundError, NEVER),
    "10907": (ContextTooLongError, NEVER),
    "11200": (PermissionDeniedError, NEVER),
    "11201": (QuotaError, NEVER),
    "11202": (RateLimitedError, AGAIN),
    "11203": (RateLimitedError, AGAIN),
    "Unauthorized": (AuthError, NEVER),
    "HMAC signature cannot be verified": (AuthError, NEVER),
    "HMAC signature does not match": (AuthError, NEVER),
    "HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication": (
        AuthError,
        NEVER,
    ),
    "Your IP address is not allowed": (PermissionDeniedError, NEVER),
    "HMAC secret key does not match": (AuthError, NEVER),
}


def test_every_documented_code_stands_in_the_table_and_no_other() -> None:
    assert set(codes.table("spark").table) == set(DOCUMENTED)


@pytest.mark.parametrize(("code", "told"), DOCUMENTED.items())
def test_a_code_has_its_kind(code: str, told: tuple[type[ProviderError], bool]) -> None:
    found = codes.find("spark", code)
    assert found is not None
    assert (found.kind, found.is_retryable) == told
    assert not found.renews


@pytest.mark.parametrize(
    "code", ["10016", "11200", "11201", "11202", "11203", "HMAC secret key does not match"]
)
def test_a_cure_in_the_console_says_where(code: str) -> None:
    found = codes.find("spark", code)
    assert found is not None
    for text in (found.cure, found.cure_zh):
        assert "https://console.xfyun.cn/services/bm4" in text


def test_a_wrong_pair_is_told_what_belongs_together() -> None:
    found = codes.find("spark", "10404")
    assert found is not None
    for text in (found.cure, found.cure_zh):
        assert "/v3.5/chat" in text
        assert "generalv3.5" in text


def test_texts_are_half_sentences_and_whole_ones() -> None:
    for code in codes.table("spark").table.values():
        assert not code.means.endswith(".")
        assert not code.means_zh.endswith("。")
        assert code.cure.endswith((".", "?"))
        assert code.cure_zh.endswith("。")


def test_a_new_code_is_not_known() -> None:
    assert codes.find("spark", "19999") is None
