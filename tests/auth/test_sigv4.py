"""AWS Signature Version 4: what AWS publishes and its own code signs, and what is said where it cannot be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from baimo.auth.signer import Explaining, Signer
from baimo.auth.sigv4 import SigV4, signature
from baimo.errors import ConfigError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest

FROZEN = json.loads((Path(__file__).parents[1] / "data" / "vectors" / "sigv4.json").read_text("utf-8"))
PUBLISHED: dict[str, Any] = FROZEN["published"]
DRAWN: list[dict[str, Any]] = FROZEN["drawn"]["cases"]

REQUEST = HttpRequest(
    method="POST",
    origin="https://bedrock-runtime.us-east-1.amazonaws.com",
    target=b"/model/m/converse",
    headers=((b"content-type", b"application/json"),),
    body=b"{}",
)
SECRETS = {"access_key": Secret("AKIDfake"), "secret_key": Secret("fake-secret-key")}
NOW = 1764000123.9


def fields(request: HttpRequest) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in request.headers}


def steps(request: HttpRequest, **options: Any) -> dict[str, str]:
    return dict(SigV4(service="bedrock", region="us-east-1", **options).explain(request, SECRETS, NOW))


@pytest.mark.parametrize("case", PUBLISHED["cases"], ids=lambda case: case["name"])
def test_the_published_cases_are_signed_as_they_say(case: dict[str, Any]) -> None:
    headers = [*case["headers"], ["X-Amz-Date", PUBLISHED["date"]]]
    request = HttpRequest(
        method=case["method"],
        origin=f"https://{PUBLISHED['host']}",
        target=case["target"].encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in headers),
        body=case["body"].encode(),
    )
    secrets = {name: Secret(PUBLISHED[name]) for name in ("access_key", "secret_key")}
    if case["session_token"]:
        secrets["session_token"] = Secret(case["session_token"])
    signer = SigV4(service=PUBLISHED["service"], region=PUBLISHED["region"])
    signed = signer.sign(request, secrets, 0.0)
    assert fields(signed)["authorization"].endswith(f", Signature={case['signature']}")
    assert signed.target == request.target


def drawn(case: dict[str, Any]) -> tuple[HttpRequest, dict[str, Secret]]:
    request = HttpRequest(
        method="POST",
        origin=f"https://bedrock-runtime.{case['region']}.amazonaws.com",
        target=case["target"].encode(),
        headers=((b"Content-Type", b"application/json"), (b"X-Custom", b"  a   b ")),
        body=case["body"].encode(),
    )
    names = ("access_key", "secret_key", "session_token")
    return request, {name: Secret(case[name]) for name in names if case[name]}


@pytest.mark.parametrize("case", DRAWN, ids=lambda case: case["access_key"])
def test_we_sign_what_the_vendors_own_code_signs(case: dict[str, Any]) -> None:
    request, secrets = drawn(case)
    signed = SigV4(service="bedrock", region=case["region"]).sign(request, secrets, case["timestamp"])
    assert fields(signed)["authorization"] == case["authorization"]
    assert fields(signed).get("x-amz-security-token") == case["session_token"]
    assert (signed.target, signed.body) == (request.target, request.body)


def test_one_signer_serves_many_keys_days_and_regions() -> None:
    shared = SigV4(service="bedrock")
    for case in DRAWN + DRAWN[::-1]:
        request, secrets = drawn(case)
        assert (
            fields(shared.sign(request, secrets, case["timestamp"]))["authorization"] == case["authorization"]
        )


@pytest.mark.parametrize("case", DRAWN, ids=lambda case: case["access_key"])
def test_whoever_checks_a_signature_computes_the_same(case: dict[str, Any]) -> None:
    request, secrets = drawn(case)
    signed = SigV4(service="bedrock", region=case["region"]).sign(request, secrets, case["timestamp"])
    got = fields(signed)
    names = got["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    made = signature(
        secret_key=case["secret_key"],
        region=case["region"],
        service="bedrock",
        date=got["x-amz-date"],
        method="POST",
        target=signed.target,
        headers={name: " ".join(got[name].split()) for name in names},
        payload_hash=sha256(case["body"].encode()).hexdigest(),
    )
    assert case["authorization"].endswith(f"Signature={made.value}")
    assert f"/{made.scope}, " in case["authorization"]


def test_a_path_is_encoded_once_more_but_for_s3() -> None:
    target = b"/model/arn%3Aaws%2Fx/converse"
    request = replace(REQUEST, target=target)
    assert steps(request)["canonical request"].split("\n")[1] == "/model/arn%253Aaws%252Fx/converse"
    assert steps(request, encode_twice=False)["canonical request"].split("\n")[1] == target.decode()
    assert steps(replace(REQUEST, target=b""), encode_twice=False)["canonical request"].split("\n")[1] == "/"
    assert steps(replace(REQUEST, target=b"?a=b"))["canonical request"].split("\n")[1:3] == ["/", "a=b"]


def test_a_query_is_signed_in_one_way_however_it_is_written() -> None:
    request = replace(REQUEST, target=b"/?b=%7e&a=%e4%bd%a0&a=x y&c")
    assert steps(request)["canonical request"].split("\n")[2] == "a=%E4%BD%A0&a=x%20y&b=~&c="


def test_fields_that_others_change_are_sent_but_not_signed() -> None:
    extra = ((b"User-Agent", b"x"), (b"Traceparent", b"00"), (b"Authorization", b"old"), (b"Host", b"h:1"))
    signed = SigV4(service="bedrock", region="us-east-1").sign(
        replace(REQUEST, headers=REQUEST.headers + extra), SECRETS, NOW
    )
    line = fields(signed)["authorization"]
    assert "SignedHeaders=content-type;host;x-amz-date," in line
    assert "AKIDfake/20251124/us-east-1/bedrock/aws4_request" in line
    assert [name for name, _ in signed.headers].count(b"Authorization") == 1
    assert fields(signed)["user-agent"] == "x"
    assert fields(signed)["host"] == "h:1"


def test_the_working_is_shown_without_secrets() -> None:
    signer: Signer = SigV4(service="bedrock", region="us-east-1")
    assert isinstance(signer, Explaining)
    secrets = {**SECRETS, "session_token": Secret("fake-session-token")}
    shown = signer.explain(REQUEST, secrets, NOW)
    assert [step.name for step in shown] == [
        "canonical request",
        "string to sign",
        "signature",
        "Authorization",
    ]
    text = "\n".join(step.text for step in shown)
    assert "x-amz-security-token:****\n" in text
    assert "fake-s" not in text
    assert sha256(b"{}").hexdigest() in text
    assert "20251124T160203Z\n20251124/us-east-1/bedrock/aws4_request" in text


@pytest.mark.parametrize(
    ("host", "region", "service"),
    [
        ("bedrock-runtime.eu-west-1.amazonaws.com", "eu-west-1", "bedrock-runtime"),
        ("sts.us-gov-west-1.amazonaws.com", "us-gov-west-1", "sts"),
        ("sqs.cn-north-1.amazonaws.com.cn", "cn-north-1", "sqs"),
    ],
)
def test_a_host_tells_region_and_service(host: str, region: str, service: str) -> None:
    signed = SigV4().sign(replace(REQUEST, origin=f"https://{host}:443"), SECRETS, NOW)
    assert f"/{region}/{service}/aws4_request" in fields(signed)["authorization"]
    assert fields(signed)["host"] == host


def test_a_host_that_tells_nothing_needs_options() -> None:
    local = replace(REQUEST, origin="http://127.0.0.1:8080")
    with pytest.raises(ConfigError, match="does not tell"):
        SigV4(service="bedrock").sign(local, SECRETS, NOW)
    signed = SigV4(service="bedrock", region="r-1").sign(local, SECRETS, NOW)
    assert fields(signed)["host"] == "127.0.0.1:8080"


class Large:
    """A body in pieces."""

    length = 2

    def chunks(self) -> Iterator[bytes]:
        yield b"{"
        yield b"}"


def test_a_body_in_pieces_is_signed_like_one_in_one_piece() -> None:
    assert steps(replace(REQUEST, body=Large())) == steps(REQUEST)


def test_a_hash_that_the_request_tells_is_signed_as_it_stands() -> None:
    told = replace(REQUEST, headers=((b"X-Amz-Content-SHA256", b"UNSIGNED-PAYLOAD"),))
    assert steps(told)["canonical request"].endswith("\nUNSIGNED-PAYLOAD")


def test_a_date_of_another_form_is_refused() -> None:
    with pytest.raises(InputError, match="X-Amz-Date"):
        SigV4().sign(replace(REQUEST, headers=((b"X-Amz-Date", b"2025-11-24"),)), SECRETS, NOW)


def test_secrets_that_are_missing_or_broken_are_named() -> None:
    with pytest.raises(MissingKeyError, match="secret_key"):
        SigV4().sign(REQUEST, {"access_key": Secret("AKIDfake")}, NOW)
    with pytest.raises(MissingKeyError, match="access key id"):
        SigV4().sign(REQUEST, {}, NOW)
    with pytest.raises(InputError, match="session token"):
        SigV4().sign(REQUEST, {**SECRETS, "session_token": Secret("fake token")}, NOW)


def test_a_socket_needs_another_scheme() -> None:
    with pytest.raises(ConfigError, match="WebSocket"):
        SigV4().sign(SocketRequest(origin="wss://h", target=b"/"), SECRETS, NOW)
