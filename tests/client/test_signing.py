"""Signatures for people's own HTTP code are those of the signers themselves."""

from __future__ import annotations

import time
from typing import Any

import pytest

import baimo.auth
from baimo.auth.sdk_hmac import SdkHmac
from baimo.auth.spark_address import SparkUrl
from baimo.auth.tc3 import TC3
from baimo.client.signing import SignedRequest
from baimo.errors import ConfigError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest

NOW = 1763800000.0
TENCENT = {"secret_id": "AKIDfake", "secret_key": "fake-key"}
HUAWEI = {"access_key": "FAKEAK00000000000001", "secret_key": "fake-secret"}


def secret(values: dict[str, str]) -> dict[str, Secret]:
    return {name: Secret(text) for name, text in values.items()}


def test_what_is_signed_is_what_the_signer_signs() -> None:
    signed = baimo.auth.sign(
        "tc3",
        "post",
        "https://cvm.tencentcloudapi.com",
        headers={"X-TC-Action": "DescribeInstances", "Content-Type": "application/json; charset=utf-8"},
        body='{"名": 1}',
        secrets=TENCENT,
        now=NOW,
        signed=("content-type", "host", "x-tc-action"),
    )
    request = HttpRequest(
        method="POST",
        origin="https://cvm.tencentcloudapi.com",
        target=b"/",
        headers=(
            (b"X-TC-Action", b"DescribeInstances"),
            (b"Content-Type", b"application/json; charset=utf-8"),
        ),
        body='{"名": 1}'.encode(),
    )
    signer = TC3(signed=("content-type", "host", "x-tc-action"))
    wire = signer.sign(request, secret(TENCENT), NOW)
    assert isinstance(signed, SignedRequest)
    assert (signed.method, signed.url, signed.body) == ("POST", wire.url, wire.body)
    assert signed.headers == {name.decode(): value.decode() for name, value in wire.headers}
    assert signed.headers["X-TC-Timestamp"] == "1763800000"
    assert "fake" not in repr(signed)


def test_an_address_keeps_its_query_and_gets_what_a_line_may_hold() -> None:
    signed = baimo.auth.sign(
        "sdk_hmac_sha256", "GET", "https://iam.example/v3/a b/中?b=2&a=1", secrets=secret(HUAWEI), now=NOW
    )
    assert signed.url == "https://iam.example/v3/a%20b/%E4%B8%AD?a=1&b=2"
    request = HttpRequest(
        method="GET", origin="https://iam.example", target=b"/v3/a%20b/%E4%B8%AD?b=2&a=1", headers=()
    )
    wire = SdkHmac().sign(request, secret(HUAWEI), NOW)
    assert signed.headers["Authorization"] == dict(wire.headers)[b"Authorization"].decode()


def test_every_step_is_explained_by_the_same_computation() -> None:
    given: dict[str, Any] = {"body": b"{}", "secrets": TENCENT, "now": NOW}
    steps = baimo.auth.explain("tc3", "POST", "https://cvm.tencentcloudapi.com/", **given)
    signed = baimo.auth.sign("tc3", "POST", "https://cvm.tencentcloudapi.com/", **given)
    texts = {step.name: step.text for step in steps}
    assert texts["canonical request"].startswith("POST\n/\n")
    assert signed.headers["Authorization"].endswith(texts["signature"])
    with pytest.raises(ConfigError, match="nothing that could be explained"):
        baimo.auth.explain("bearer", "GET", "https://a.example", secrets={"api_key": "fake"})


def test_a_socket_s_address_carries_its_signature() -> None:
    url = baimo.auth.spark_url(
        "wss://spark-api.xf-yun.com/v1.1/chat", api_key="fake-key", api_secret=Secret("fake-secret"), now=NOW
    )
    request = SocketRequest(origin="wss://spark-api.xf-yun.com", target=b"/v1.1/chat")
    secrets = {"api_key": Secret("fake-key"), "api_secret": Secret("fake-secret")}
    assert url == SparkUrl().sign(request, secrets, NOW).url
    posted = baimo.auth.spark_url(
        "https://emb-cn-huabei-1.xf-yun.com/", api_key="k", api_secret="s", method="POST", now=NOW
    )
    assert posted != baimo.auth.spark_url(
        "https://emb-cn-huabei-1.xf-yun.com/", api_key="k", api_secret="s", now=NOW
    )
    with pytest.raises(InputError, match="no body"):
        baimo.auth.sign("spark_url", "GET", "wss://a.example/x", body="x", secrets=secrets)


def test_without_a_time_the_clock_is_looked_at() -> None:
    before = int(time.time())
    signed = baimo.auth.sign("tc3", "POST", "https://a.example", secrets=TENCENT)
    assert before <= int(signed.headers["X-TC-Timestamp"]) <= int(time.time())


def test_a_key_is_put_where_it_belongs() -> None:
    keys = {"api_key": "fake"}
    sign = baimo.auth.sign
    assert sign("bearer", "GET", "https://a.example", secrets=keys).headers == {
        "Authorization": "Bearer fake"
    }
    coded = sign("header", "GET", "https://a.example", secrets=keys, field="X-Apig-AppCode")
    assert coded.headers == {"X-Apig-AppCode": "fake"}
    assert sign("header", "GET", "https://a.example", secrets=keys).headers["Authorization"] == "fake"
    assert sign("none", "GET", "https://a.example", secrets={}).headers == {}
    token = sign("iam_token", "GET", "https://a.example", secrets={"iam_token": "fake"})
    assert token.headers == {"X-Auth-Token": "fake"}


def test_what_is_wrong_is_told() -> None:
    with pytest.raises(MissingKeyError, match="secret_key"):
        baimo.auth.sign("tc3", "POST", "https://a.example", secrets={"secret_id": "AKIDfake"})
    with pytest.raises(ConfigError, match="unknown auth scheme 'tc4'"):
        baimo.auth.sign("tc4", "POST", "https://a.example", secrets={})
    with pytest.raises(ConfigError, match="has no option 'service'"):
        baimo.auth.sign("bearer", "POST", "https://a.example", secrets={"api_key": "x"}, service="x")
    with pytest.raises(InputError, match="no absolute address"):
        baimo.auth.sign("tc3", "POST", "a.example", secrets=TENCENT)
    with pytest.raises(InputError, match="line break"):
        baimo.auth.sign("tc3", "POST", "https://a.example", headers={"A": "b\n"}, secrets=TENCENT)
