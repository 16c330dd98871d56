"""bce-auth-v1: what the vendor's own code signs, byte for byte, and what is said where it cannot be."""

from __future__ import annotations

import pytest

from baimo.auth import schemes
from baimo.auth.bce import BceAuthV1, canonical_query, signature, usual_fields
from baimo.auth.signer import Explaining, Signer
from baimo.errors import ConfigError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest

AK, SK = "FAKEak00000000000000000000000001", "FAKEsk00000000000000000000000001"
SECRETS = {"access_key": Secret(AK), "secret_key": Secret(SK)}
NOW = 1763805600.7
PREFIX = f"bce-auth-v1/{AK}/2025-11-22T10:00:00Z"
CHAT = HttpRequest(
    method="POST",
    origin="https://aip.baidubce.com",
    target=b"/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions_pro",
    headers=((b"Content-Type", b"application/json"),),
    body=b"{}",
)


def fields(request: HttpRequest) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in request.headers}


def test_a_call_is_signed_as_the_vendors_own_code_signs_it() -> None:
    """The value was made by bce-python-sdk 0.9.79 at that time with these keys."""
    signed = fields(BceAuthV1().sign(CHAT, SECRETS, NOW))
    value = "e77db545cf6b777da32a3051cc7df8388179f710d5d251959de910c44220a7f6"
    assert signed["authorization"] == f"{PREFIX}/1800/content-type;host;x-bce-date/{value}"
    assert (signed["host"], signed["x-bce-date"]) == ("aip.baidubce.com", "2025-11-22T10:00:00Z")


def test_a_query_is_escaped_and_put_in_order() -> None:
    """The value was made by bce-python-sdk 0.9.79."""
    query = (
        b"Action=DescribeModel&%E5%90%8D%E7%A7%B0=%E6%96%87%E5%BF%83%20%E4%B8%80%E8%A8%80&p=a/b%2Bc~d&empty="
    )
    request = HttpRequest(method="GET", origin="https://qianfan.baidubce.com", target=b"/v2/model?" + query)
    steps = dict(BceAuthV1(signed=("host", "X-Bce-Date")).explain(request, SECRETS, NOW))
    assert steps["signature"] == "e5c9b11cb8424ee67181771969de13947c0620b5909953de63fc70f2f0fc29a3"
    assert steps["prefix"] == f"{PREFIX}/1800"
    assert steps["canonical request"].startswith("GET\n/v2/model\n%E5%90%8D%E7%A7%B0=")
    assert steps["Authorization"].endswith(steps["signature"])
    assert canonical_query("authorization=x&b&a=1") == "a=1&b="


def test_the_smallest_signature_covers_the_host_alone() -> None:
    request = HttpRequest(
        method="POST",
        origin="http://qianfan.baidubce.com:80",
        target=b"/v2/chat/completions",
        headers=((b"Host", b"qianfan.baidubce.com"), (b"x-bce-date", b"2025-11-22T10:00:00Z")),
    )
    steps = dict(BceAuthV1(signed=("host",)).explain(request, SECRETS, NOW))
    assert steps["signature"] == "969aca96e612ce2ece63044ee734e393a41ba4b21a5f9e0f1e6631115292e0f0"
    kept = fields(BceAuthV1().sign(replace_type(request), SECRETS, NOW + 5))
    assert kept["x-bce-date"] == "2025-11-22T10:00:00Z"


def replace_type(request: HttpRequest) -> HttpRequest:
    from msgspec.structs import replace

    return replace(request, headers=(*request.headers, (b"Content-Type", b"text/plain")))


def test_it_is_a_signer_of_its_name() -> None:
    signer: Signer = schemes.signer("bce_auth_v1", {"expires_s": 300})
    assert isinstance(signer, Explaining)
    assert signer.timed
    assert schemes.find("bce_auth_v1", {}).needs == ("access_key", "secret_key")
    assert schemes.scheme_of(signer)[0] == "bce_auth_v1"
    made = signature(
        access_key=AK,
        secret_key=SK,
        time="2025-11-22T10:00:00Z",
        expires_s=300,
        method="GET",
        path="/v1/BCE-BEARER/token",
        query="expireInSeconds=43200",
        headers={"host": "iam.bj.baidubce.com", "x-bce-date": "2025-11-22T10:00:00Z"},
        signed=("host", "x-bce-date"),
    )
    assert made.value == "4dc09b190437201747dfd9bfaca6a2d05a92f5220e9449da7b2407a10d466300"


def test_a_signature_that_names_no_fields_covers_the_usual_ones() -> None:
    """The value was made by bce-python-sdk 0.9.79, which was told of no fields to sign."""
    headers = {
        "host": "qianfan.baidubce.com",
        "content-type": "application/json",
        "x-bce-date": "2025-11-22T10:00:00Z",
        "accept": "*/*",
        "content-md5": " ",
    }
    made = signature(
        access_key=AK,
        secret_key=SK,
        time="2025-11-22T10:00:00Z",
        expires_s=1800,
        method="POST",
        path="/v2/service",
        query="Action=DescribeServices",
        headers=headers,
        signed=usual_fields(headers),
    )
    assert made.value == "5ccfa44cd1148d30549fd891bdcee0609cea9e027ada22af72881c7ef22687aa"


def test_what_cannot_be_signed_is_told() -> None:
    with pytest.raises(ConfigError, match="'host'"):
        BceAuthV1(signed=("content-type",))
    with pytest.raises(ConfigError, match="WebSocket"):
        BceAuthV1().sign(SocketRequest(origin="wss://h", target=b"/"), SECRETS, NOW)
    with pytest.raises(MissingKeyError, match="no secret_key"):
        BceAuthV1().sign(CHAT, {"access_key": Secret(AK)}, NOW)
    with pytest.raises(InputError, match="copy it again"):
        BceAuthV1().sign(CHAT, {"access_key": Secret("a b"), "secret_key": Secret(SK)}, NOW)
    bare = HttpRequest(method="GET", origin="https://h", target=b"/")
    with pytest.raises(InputError, match="'content-type'"):
        BceAuthV1().sign(bare, SECRETS, NOW)
