"""What a refusal means, and how long to wait after it."""

from __future__ import annotations

import pytest

from baimo.dialect.status import by_status, classify, request_id, retry_after, wait_in_words, wait_told
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
from baimo.wire.http import WireHead

CODES: dict[str, type[ProviderError]] = {
    "bad": InvalidRequestError,
    "slow": RateLimitedError,
    "family": OverloadedError,
    "mine": ServerError,
}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, AuthError),
        (402, QuotaError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (418, InvalidRequestError),
        (429, RateLimitedError),
        (451, ContentFilteredError),
        (500, ServerError),
        (503, OverloadedError),
        (529, OverloadedError),
        (599, ServerError),
        (302, ServerError),
    ],
)
def test_a_status_alone_has_a_meaning(status: int, kind: type[ProviderError]) -> None:
    assert by_status(status) is kind
    assert classify(status, codes={}) is kind


def test_a_code_overrules_the_status_and_a_type_comes_after_the_code() -> None:
    assert classify(500, code="slow", codes=CODES) is RateLimitedError
    assert classify(400, code="unknown", type="slow", codes=CODES) is RateLimitedError
    assert classify(400, code="slow", type="mine", codes=CODES) is RateLimitedError
    assert classify(400, code="family.member", codes=CODES) is OverloadedError


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "This model's maximum context length is 8192 tokens", ContextTooLongError),
        (400, "rejected by our content policy", ContentFilteredError),
        (400, "Content Exists Risk", ContentFilteredError),
        (400, "The model `x` does not exist", NotFoundError),
        (400, "Incorrect API key provided", AuthError),
        (400, "Incorrect colour", InvalidRequestError),
        (429, "Insufficient account balance", QuotaError),
        (429, "您的账户已欠费", QuotaError),
        (429, "too fast", RateLimitedError),
        (403, "balance is insufficient", QuotaError),
        (403, "no", PermissionDeniedError),
        (500, "content policy", ServerError),
        (401, "does not exist", AuthError),
    ],
)
def test_words_decide_only_where_the_rest_says_too_little(
    status: int, message: str, kind: type[ProviderError]
) -> None:
    assert classify(status, message=message, codes=CODES) is kind


def test_a_code_that_says_little_leaves_room_for_words_and_status() -> None:
    assert classify(400, code="bad", message="prompt is too long", codes=CODES) is ContextTooLongError
    assert classify(429, code="bad", message="no", codes=CODES) is RateLimitedError
    assert classify(200, code="bad", message="no", codes=CODES) is InvalidRequestError


def head(**fields: str) -> WireHead:
    return WireHead(
        429, tuple((name.replace("_", "-").encode(), text.encode()) for name, text in fields.items())
    )


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, None),
        ({"retry_after": "2"}, 2.0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after": "5", "retry_after_ms": "20"}, 0.02),
        ({"retry_after": "1", "retry_after_ms": "0"}, 0.0),
        ({"retry_after": "5", "retry_after_ms": "soon"}, 5.0),
        ({"retry_after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 7.0),
        ({"retry_after": "Sunday, 06-Nov-94 08:49:37 GMT"}, 7.0),
        ({"retry_after": "Sun Nov  6 08:49:37 1994"}, 7.0),
        ({"retry_after": "Sun, 06 Nov 1994 08:49:20 GMT"}, 0.0),
        ({"retry_after": "Friday, 01-Jan-38 00:00:00 GMT"}, 2145916800 - 784111770.0),
        ({"retry_after": "Sun, 36 Nov 1994 08:49:37 GMT"}, None),
        ({"retry_after": "Sun, 06 Foo 1994 08:49:37 GMT"}, None),
        ({"retry_after": "Sun Nov  6 08:49:37"}, None),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "soon"}, None),
    ],
)
def test_how_long_to_wait_is_read_from_the_head(fields: dict[str, str], seconds: float | None) -> None:
    assert retry_after(head(**fields), 784111770.0) == seconds


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please try again in 1.5s.", 1.5),
        ("Please try again in 20ms. Visit our page", 0.02),
        ("Please retry after 6 seconds.", 6.0),
        ("your limit is 6", None),
    ],
)
def test_how_long_to_wait_may_stand_in_words(message: str, seconds: float | None) -> None:
    assert wait_in_words(message) == seconds


def test_the_id_of_a_call_has_many_names() -> None:
    assert request_id(head(x_siliconcloud_trace_id="ti")) == "ti"
    assert request_id(head(apim_request_id="a", x_request_id="r")) == "r"
    assert request_id(head(x_request_id="r", apim_request_id="a")) == "r"
    assert request_id(head(apim_request_id="a", x_request_id=" ")) == "a"
    assert request_id(head()) is None


@pytest.mark.parametrize(
    ("status", "fields", "wait"),
    [
        (429, {b"retry-after": b"7"}, 7.0),
        (429, {b"retry-after-ms": b"soon", b"retry-after": b"5"}, 5.0),
        (429, {b"retry-after-ms": b"20"}, 0.02),
        (503, {b"retry-after": b"Sun, 06 Nov 1994 08:49:37 GMT"}, None),
        (
            503,
            {b"retry-after": b"Sun, 06 Nov 1994 08:49:37 GMT", b"date": b"Sun, 06 Nov 1994 08:49:30 GMT"},
            7.0,
        ),
        (200, {b"retry-after": b"7"}, None),
        (429, {}, None),
    ],
)
def test_the_wait_of_a_refusal_is_told_without_a_clock(
    status: int, fields: dict[bytes, bytes], wait: float | None
) -> None:
    assert wait_told(WireHead(status, tuple(fields.items()))) == wait
