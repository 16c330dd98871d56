"""TC3-HMAC-SHA256: what the vendor's own code signs, byte for byte, and what is said where it cannot be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from baimo.auth.signer import Explaining, Signer
from baimo.auth.tc3 import TC3, UNSIGNED, signature
from baimo.errors import ConfigError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest

FROZEN = json.loads((Path(__file__).parents[1] / "data" / "vectors" / "tc3.json").read_text("utf-8"))
VECTORS: list[dict[str, Any]] = FROZEN["vectors"]
OURS = ("authorization", "host", "x-tc-timestamp", "x-tc-token")

REQUEST = HttpRequest(
    method="POST",
    origin="https://hunyuan.tencentcloudapi.com",
    target=b"/",
    headers=((b"Content-Type", b"application/json"), (b"X-TC-Action", b"ChatCompletions")),
    body=b"{}",
)
SECRETS = {"secret_id": Secret("AKIDfake"), "secret_key": Secret("fake-secret-key")}
NOW = 1764000123.9


def fields(request: HttpRequest) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in request.headers}


def request_of(vector: dict[str, Any]) -> HttpRequest:
    """The vector's request before it was signed."""
    kept = [(name, value) for name, value in vector["headers"] if name.lower() not in OURS]
    return HttpRequest(
        method=vector["method"],
        origin=f"https://{vector['host']}",
        target=vector["target"].encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in kept),
        body=vector["body"].encode(),
    )


def secrets_of(vector: dict[str, Any]) -> dict[str, Secret]:
    return {name: Secret(vector[name]) for name in ("secret_id", "secret_key", "token") if vector[name]}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_we_sign_what_the_vendors_own_code_signs(vector: dict[str, Any]) -> None:
    signer = TC3(service=vector["service"])
    signed = signer.sign(request_of(vector), secrets_of(vector), vector["timestamp"])
    assert fields(signed) == {name.lower(): value for name, value in vector["headers"]}
    assert (signed.target, signed.body) == (vector["target"].encode(), vector["body"].encode())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_one_signer_serves_many_keys_days_and_services(vector: dict[str, Any]) -> None:
    shared = TC3()
    for other in VECTORS:
        shared.sign(request_of(other), secrets_of(other), other["timestamp"])
    signed = shared.sign(request_of(vector), secrets_of(vector), vector["timestamp"])
    wanted = vector["headers"][-1][1]
    same_scope = vector["host"].startswith(vector["service"])
    assert (fields(signed)["authorization"] == wanted) is same_scope


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_whoever_checks_a_signature_computes_the_same(vector: dict[str, Any]) -> None:
    free = any(name == "X-TC-Content-SHA256" for name, _ in vector["headers"])
    made = signature(
        secret_key=vector["secret_key"],
        service=vector["service"],
        timestamp=vector["timestamp"],
        method=vector["method"],
        query=vector["target"].partition("?")[2],
        headers={name.lower(): value for name, value in vector["headers"]},
        signed=("content-type", "host"),
        payload_hash=sha256((UNSIGNED if free else vector["body"]).encode()).hexdigest(),
    )
    assert vector["headers"][-1][1].endswith(f"Signature={made.value}")
    assert f"/{made.scope}, " in vector["headers"][-1][1]


def test_the_service_is_the_first_label_of_the_host_unless_it_is_told() -> None:
    assert "/hunyuan/tc3_request" in fields(TC3().sign(REQUEST, SECRETS, NOW))["authorization"]
    assert "/cvm/tc3_request" in fields(TC3(service="cvm").sign(REQUEST, SECRETS, NOW))["authorization"]


def test_the_action_is_signed_in_lower_case_and_sent_as_it_is() -> None:
    signer = TC3(signed=["content-type", "host", "X-TC-Action"])
    signed = signer.sign(REQUEST, SECRETS, NOW)
    assert fields(signed)["x-tc-action"] == "ChatCompletions"
    assert "SignedHeaders=content-type;host;x-tc-action," in fields(signed)["authorization"]
    assert "\nx-tc-action:chatcompletions\n" in signer.explain(REQUEST, SECRETS, NOW)[0].text
    assert fields(signed)["authorization"] != fields(TC3().sign(REQUEST, SECRETS, NOW))["authorization"]


def test_a_field_that_is_to_be_signed_must_be_there() -> None:
    with pytest.raises(InputError, match="x-tc-region"):
        TC3(signed=["content-type", "host", "x-tc-region"]).sign(REQUEST, SECRETS, NOW)


@pytest.mark.parametrize("signed", ["content-type;host", ["host"], []])
def test_too_few_fields_are_refused_when_the_signer_is_made(signed: Any) -> None:
    with pytest.raises(ConfigError, match="content-type and host"):
        TC3(signed=signed)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://hunyuan.tencentcloudapi.com:443", "hunyuan.tencentcloudapi.com"),
        ("http://127.0.0.1:80", "127.0.0.1"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("https://127.0.0.1:80", "127.0.0.1:80"),
    ],
)
def test_the_host_that_is_signed_is_sent(origin: str, host: str) -> None:
    request = replace(REQUEST, origin=origin)
    assert fields(TC3().sign(request, SECRETS, NOW))["host"] == host
    assert f"\nhost:{host}\n" in TC3().explain(request, SECRETS, NOW)[0].text


def test_fields_of_the_request_are_signed_exactly_as_they_are() -> None:
    given = ((b"Host", b"Api.Example"), (b"content-type", b"application/json; charset=utf-8"))
    request = replace(REQUEST, headers=given)
    text = TC3().explain(request, SECRETS, NOW)[0].text
    assert text.startswith("POST\n/\n\ncontent-type:application/json; charset=utf-8\nhost:Api.Example\n\n")
    assert TC3().sign(request, SECRETS, NOW).headers[:2] == given


@pytest.mark.parametrize(
    ("method", "kind"), [("POST", "application/json"), ("GET", "application/x-www-form-urlencoded")]
)
def test_a_request_without_a_content_type_is_given_one(method: str, kind: str) -> None:
    request = replace(REQUEST, method=method, headers=())
    assert fields(TC3().sign(request, SECRETS, NOW))["content-type"] == kind


def test_the_path_is_a_slash_and_only_the_query_of_a_get_is_signed() -> None:
    request = replace(REQUEST, target=b"/some/path?b=1&a=%E4%BD%A0")
    assert TC3().explain(request, SECRETS, NOW)[0].text.startswith("POST\n/\n\n")
    got = TC3().explain(replace(request, method="GET", body=b""), SECRETS, NOW)[0].text
    assert got.startswith("GET\n/\nb=1&a=%E4%BD%A0\n")


class Pieces:
    """A body that comes in pieces."""

    length = 4

    def chunks(self) -> Iterator[bytes]:
        yield b"ab"
        yield b"cd"


def test_a_body_in_pieces_is_signed_like_a_whole_one() -> None:
    whole = TC3().explain(replace(REQUEST, body=b"abcd"), SECRETS, NOW)
    assert TC3().explain(replace(REQUEST, body=Pieces()), SECRETS, NOW) == whole
    assert TC3().explain(replace(REQUEST, body=b"abce"), SECRETS, NOW) != whole


def test_a_body_may_stay_out_of_the_signature() -> None:
    free = ((b"X-TC-Content-SHA256", UNSIGNED.encode()), *REQUEST.headers)
    texts = {
        TC3().explain(replace(REQUEST, headers=free, body=body), SECRETS, NOW)[2].text
        for body in (b"1", b"2", b"")
    }
    assert len(texts) == 1


def test_the_working_is_that_of_the_signature_and_holds_no_secret() -> None:
    signer = TC3()
    steps = signer.explain(REQUEST, {**SECRETS, "token": Secret("fake-token-1")}, NOW)
    assert [step.name for step in steps] == [
        "canonical request",
        "string to sign",
        "signature",
        "Authorization",
    ]
    signed = signer.sign(REQUEST, SECRETS, NOW)
    assert steps[3].text == fields(signed)["authorization"]
    assert steps[3].text.endswith(f"Signature={steps[2].text}")
    assert steps[1].text.startswith("TC3-HMAC-SHA256\n1764000123\n2025-11-24/hunyuan/tc3_request\n")
    assert not any("fake-secret-key" in step.text or "fake-token-1" in step.text for step in steps)


def test_what_an_earlier_signature_left_is_replaced() -> None:
    signer = TC3()
    once = signer.sign(REQUEST, {**SECRETS, "token": Secret("fake-token-1")}, NOW)
    twice = signer.sign(once, {**SECRETS, "token": Secret("fake-token-2")}, NOW + 5)
    assert fields(twice)["x-tc-token"] == "fake-token-2"
    assert fields(twice)["x-tc-timestamp"] == "1764000128"
    assert len(twice.headers) == len(once.headers)


@pytest.mark.parametrize("lacking", ["secret_id", "secret_key"])
@pytest.mark.parametrize("empty", [True, False])
def test_a_secret_that_is_not_there_is_named(lacking: str, empty: bool) -> None:
    secrets = {name: value for name, value in SECRETS.items() if name != lacking}
    if empty:
        secrets[lacking] = Secret("")
    with pytest.raises(MissingKeyError, match=lacking):
        TC3().sign(REQUEST, secrets, NOW)


@pytest.mark.parametrize("text", ["fake\nkey", "fake key", "密钥"])
@pytest.mark.parametrize("name", ["secret_id", "secret_key", "token"])
def test_a_secret_that_was_copied_badly_is_told_without_showing_it(name: str, text: str) -> None:
    with pytest.raises(InputError) as caught:
        TC3().sign(REQUEST, {**SECRETS, name: Secret(text)}, NOW)
    assert text not in str(caught.value)


def test_a_socket_is_not_signed() -> None:
    with pytest.raises(ConfigError, match="WebSocket"):
        TC3().sign(SocketRequest(origin="wss://h.example", target=b"/"), SECRETS, NOW)


def test_it_meets_what_a_signer_is() -> None:
    signer: Signer = TC3()
    assert isinstance(signer, Explaining)
    assert signer.timed
    assert signer.needs == ("secret_id", "secret_key")
