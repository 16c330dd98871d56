"""Huawei's codes: every documented one, with its class and what follows, and every form of a body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from baimo.dialect import codes
from baimo.dialect.codes import huawei
from baimo.dialect.codes.huawei import Told
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

DOCUMENTED: dict[str, tuple[type[ProviderError], bool, bool]] = {
    "PANGU.0001": (ServerError, True, False),
    "PANGU.0010": (InvalidRequestError, False, False),
    "PANGU.0011": (AuthError, False, False),
    "PANGU.0012": (AuthError, False, False),
    "PANGU.0031": (ServerError, True, False),
    "PANGU.3254": (NotFoundError, False, False),
    "PANGU.3259": (NotFoundError, False, False),
    "PANGU.3267": (RateLimitedError, True, False),
    "PANGU.3278": (InvalidRequestError, False, False),
    "PANGU.3305": (ServerError, True, False),
    "PANGU.3307": (PermissionDeniedError, False, False),
    "PANGU.3308": (InvalidRequestError, False, False),
    "PANGU.3315": (PermissionDeniedError, False, False),
    "PANGU.3316": (PermissionDeniedError, False, False),
    "PANGU.3317": (InvalidRequestError, False, False),
    "PANGU.3318": (ContextTooLongError, False, False),
    "APIG.0101": (NotFoundError, False, False),
    "APIG.0201": (ServerError, True, False),
    "APIG.0203": (ServerError, True, False),
    "APIG.0301": (AuthError, False, True),
    "APIG.0302": (PermissionDeniedError, False, False),
    "APIG.0303": (AuthError, False, False),
    "APIG.0307": (AuthError, False, True),
    "APIG.0308": (RateLimitedError, True, False),
    "IAM.401": (AuthError, False, False),
    "IAM.403": (PermissionDeniedError, False, False),
    "IAM.429": (RateLimitedError, True, False),
    "ModelArts.81001": (InvalidRequestError, False, False),
    "ModelArts.81002": (AuthError, False, False),
    "ModelArts.81003": (AuthError, False, False),
    "ModelArts.81004": (PermissionDeniedError, False, False),
    "ModelArts.81005": (QuotaError, False, False),
    "ModelArts.81006": (PermissionDeniedError, False, False),
    "ModelArts.81009": (NotFoundError, False, False),
    "ModelArts.81011": (ContentFilteredError, False, False),
    "ModelArts.81013": (ContentFilteredError, False, False),
    "ModelArts.81015": (PermissionDeniedError, False, False),
    "ModelArts.81019": (PermissionDeniedError, False, False),
    "ModelArts.81021": (PermissionDeniedError, False, False),
    "ModelArts.81022": (PermissionDeniedError, False, False),
    "ModelArts.81023": (PermissionDeniedError, False, False),
    "ModelArts.81101": (RateLimitedError, True, False),
    "ModelArts.81103": (RateLimitedError, True, False),
    "ModelArts.81118": (InvalidRequestError, False, False),
    "ModelArts.4203": (OverloadedError, True, False),
    "ModelArts.4207": (QuotaError, False, False),
    "ModelArts.4302": (NotFoundError, False, False),
    "ModelArts.4905": (AuthError, False, False),
}
GATEWAY = {
    code.replace("APIG.", "APIGW."): one for code, one in DOCUMENTED.items() if code.startswith("APIG.")
}
ALL = {**DOCUMENTED, **GATEWAY}


@pytest.mark.parametrize("code", ALL)
def test_a_documented_code_has_its_class_and_its_consequences(code: str) -> None:
    found = codes.find("huawei", code)
    assert found is not None
    assert (found.kind, found.is_retryable, found.renews) == ALL[code]


def test_there_is_no_code_that_no_page_documents() -> None:
    assert set(huawei.CODES.table) == set(ALL)


@pytest.mark.parametrize("code", ALL)
def test_every_code_says_what_it_means_and_what_to_do_in_both_languages(code: str) -> None:
    found = huawei.CODES.table[code]
    assert found.means
    assert not found.means.endswith(".")
    assert found.cure.endswith(".")
    assert found.cure_zh.endswith("。")
    assert any("\u4e00" <= char <= "\u9fff" for char in found.means_zh)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"error_code": "A.1", "error_msg": "m", "code": "B", "message": "n"}, ("A.1", "m")),
        ({"errorCode": "A.1", "errorMsg": "m", "code": "B", "message": "n"}, ("A.1", "m")),
        ({"code": "A.1", "message": "m", "error": {"code": "B", "message": "n"}}, ("A.1", "m")),
        ({"error": {"code": 401, "message": "m", "title": "t"}}, ("401", "m")),
        ({"a": {"b": {"error_code": "A.1", "error_msg": "m"}}}, ("A.1", "m")),
        ({"a": {"code": "1", "message": "m"}, "b": {"code": "2", "message": "n"}}, ("2", "n")),
        ({"error_msg": "only words"}, (None, "only words")),
        ({"errorCode": "A.1"}, ("A.1", None)),
        ({"error_code": None, "error_msg": None}, (None, None)),
        ({"object": "error", "message": "m", "type": "BadRequestError", "code": 400}, ("400", "m")),
        ({"code": True, "message": "m"}, (None, "m")),
        ({"message": 5}, (None, "5")),
        ([{"error_code": "A.1", "error_msg": "m"}], (None, None)),
        ("words", (None, None)),
        ({}, (None, None)),
    ],
)
def test_the_error_of_a_body_is_found_in_the_order_of_the_official_sdk(
    body: Any, told: tuple[Any, Any]
) -> None:
    assert huawei.read(body)[:2] == told


def test_the_id_of_the_request_is_found_beside_the_error() -> None:
    inner = {"code": "1", "message": "m", "request_id": "inner"}
    assert huawei.read({"error_code": "A", "error_msg": "m", "request_id": "outer"}).request_id == "outer"
    assert huawei.read({"error": inner, "request_id": "outer"}).request_id == "outer"
    assert huawei.read({"error": inner}).request_id == "inner"


def test_a_body_of_many_storeys_is_not_followed_down() -> None:
    body: dict[str, Any] = {"code": "deep", "message": "m"}
    for _ in range(500):
        body = {"inner": body}
    assert huawei.read(body) == Told(None, None, None)


def refusal(status: int, body: Any, service: str = "", **fields: str) -> ProviderError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = WireHead(
        status, tuple((name.replace("_", "-").encode(), text.encode()) for name, text in fields.items())
    )
    return huawei.refusal(head, raw, service=service)


def test_a_refusal_carries_all_that_is_known() -> None:
    body = {
        "error_code": "PANGU.3254",
        "error_msg": "The requested resource does not exist.",
        "request_id": "b",
    }
    error = refusal(404, body, x_request_id="h")
    assert type(error) is NotFoundError
    assert (error.status, error.provider_code, error.request_id) == (404, "PANGU.3254", "h")
    assert error.message == "The requested resource does not exist."
    assert "deployment id" in str(error.hint)
    assert "PANGU.3254" in str(error.body)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (503, b"<html>busy</html>", OverloadedError),
        (502, b"bad gateway", ServerError),
        (401, b"", AuthError),
        (400, {"error_code": "NEW.1", "error_msg": "maximum context length is 4096"}, ContextTooLongError),
        (403, {"error_code": "NEW.1", "error_msg": "no"}, PermissionDeniedError),
        (200, {"code": 429, "message": "slow"}, RateLimitedError),
        (200, {"code": 7, "message": "?"}, ServerError),
        (200, {"error_code": "PANGU.3267", "error_msg": "qps"}, RateLimitedError),
    ],
)
def test_without_a_known_code_status_and_words_decide(
    status: int, body: Any, kind: type[ProviderError]
) -> None:
    assert type(refusal(status, body)) is kind


def test_statuses_of_iam_are_codes_of_its_own() -> None:
    body = {"error": {"code": 401, "message": "The username or password is wrong.", "title": "Unauthorized"}}
    assert "HUAWEI ID" in str(refusal(401, body, "IAM").hint)
    assert refusal(401, body).hint is None


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ("verify aksk signature fail", "five wrong signatures"),
        ("calc ak sk signature fail:signature expired", "clock is off"),
        ("AK access failed to reach the limit, forbidden", "locked for five minutes"),
        ("Get secretKey failed,ak:x,err:ak not exist", "no such access key"),
        ("x-auth-token not found", "No X-Auth-Token"),
        ("token expires, expires_at:2026-11-22T10:00:00Z", "a new one is fetched once"),
    ],
)
@pytest.mark.parametrize("prefix", ["APIG", "APIGW"])
def test_the_words_behind_0301_say_what_to_do(prefix: str, words: str, cure: str) -> None:
    body = {
        "error_code": f"{prefix}.0301",
        "error_msg": f"Incorrect IAM authentication information: {words}",
    }
    error = refusal(401, body)
    assert cure in str(error.hint)
    assert not error.retryable


def test_a_wait_stands_in_the_head_or_in_the_words() -> None:
    body = {"error_code": "APIG.0308", "error_msg": "throttled, try again in 7 seconds"}
    assert refusal(429, body).retry_after == 7
    assert refusal(429, body, retry_after="2").retry_after is None
    assert refusal(500, {"code": "X", "message": "try again in 7 seconds"}).retry_after is None


def test_a_conflict_may_be_tried_again() -> None:
    assert refusal(409, {"code": "X", "message": "conflict"}).retryable
    assert not refusal(400, {"code": "X", "message": "bad"}).retryable
