"""SDK-HMAC-SHA256: what the official signer signs, byte for byte, and the look-up of a project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from baimo.auth.sdk_hmac import SdkHmac
from baimo.auth.signer import Explaining, Grant, Granting, Signer
from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT as OPENAI
from baimo.dialects.pangu import DIALECT as PANGU
from baimo.errors import AuthError, ConfigError, InputError, MissingKeyError, PermissionDeniedError, WireError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest, WireHead
from tests.playing import Play

FROZEN = json.loads((Path(__file__).parents[1] / "data" / "vectors" / "sdk_hmac.json").read_text("utf-8"))
VECTORS: list[dict[str, Any]] = FROZEN["vectors"]
NOW = float(FROZEN["now"])
SECRETS = {name: Secret(FROZEN[name]) for name in ("access_key", "secret_key")}
REQUEST = HttpRequest(
    method="POST",
    origin="https://pangu.cn-southwest-2.myhuaweicloud.com",
    target=b"/v1/x",
    headers=((b"Content-Type", b"application/json"),),
    body=b"{}",
)
SITE = Site(base_url="https://pangu.example", region="cn-southwest-2", provider="pangu")
PROJECT = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


def fields(request: HttpRequest | SocketRequest) -> dict[str, str]:
    return {name.decode().lower(): value.decode() for name, value in request.headers}


def request_of(vector: dict[str, Any]) -> HttpRequest:
    query = "&".join([f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in vector["query"]])
    return HttpRequest(
        method=vector["method"],
        origin=f"https://{vector['host']}",
        target=f"{vector['path']}{'?' if query else ''}{query}".encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in vector["headers"].items()),
        body=vector["body"].encode(),
    )


def secrets_of(vector: dict[str, Any]) -> dict[str, Secret]:
    token = vector["security_token"]
    return SECRETS if token is None else {**SECRETS, "security_token": Secret(token)}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_we_sign_what_the_official_signer_signs(vector: dict[str, Any]) -> None:
    signed = SdkHmac().sign(request_of(vector), secrets_of(vector), NOW)
    assert fields(signed) == {name.lower(): value for name, value in vector["sent"].items()}
    assert signed.target.decode() == vector["uri"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_steps_are_those_of_the_official_signer(vector: dict[str, Any]) -> None:
    steps = dict(SdkHmac().explain(request_of(vector), secrets_of(vector), NOW))
    wanted = vector["canonical_request"].replace(vector["security_token"] or "\0", "****")
    assert steps == {
        "canonical request": wanted,
        "string to sign": vector["string_to_sign"],
        "signature": vector["signature"],
    }


def test_it_is_what_the_words_of_signers_say() -> None:
    signer = SdkHmac()
    whole: tuple[Signer, Explaining, Granting] = (signer, signer, signer)
    assert isinstance(whole[1], Explaining)
    assert isinstance(whole[2], Granting)
    assert (signer.needs, signer.timed) == (("access_key", "secret_key"), True)


@pytest.mark.parametrize("missing", ["access_key", "secret_key"])
def test_a_missing_half_is_named(missing: str) -> None:
    with pytest.raises(MissingKeyError, match=missing):
        SdkHmac().sign(REQUEST, {name: key for name, key in SECRETS.items() if name != missing}, NOW)


def test_no_secret_is_among_the_steps() -> None:
    secrets = {**SECRETS, "security_token": Secret("fake-token")}
    told = str(SdkHmac().explain(REQUEST, secrets, NOW))
    assert "fake-token" not in told
    assert FROZEN["secret_key"] not in told


def test_fields_that_transports_change_are_sent_unsigned() -> None:
    changing = ((b"Content-Length", b"2"), (b"accept-encoding", b"gzip"), (b"Connection", b"close"))
    signed = SdkHmac().sign(replace(REQUEST, headers=REQUEST.headers + changing), SECRETS, NOW)
    assert fields(signed)["authorization"] == fields(SdkHmac().sign(REQUEST, SECRETS, NOW))["authorization"]
    assert set(changing) <= set(signed.headers)


def test_signing_twice_is_signing_once() -> None:
    once = SdkHmac().sign(REQUEST, {**SECRETS, "security_token": Secret("t")}, NOW)
    again = SdkHmac().sign(once, {**SECRETS, "security_token": Secret("t")}, NOW)
    assert fields(again) == fields(once)
    assert len(again.headers) == len(once.headers)


def test_two_fields_of_one_name_are_signed_together() -> None:
    twice = replace(REQUEST, headers=(*REQUEST.headers, (b"X-A", b"1"), (b"x-a", b"2")))
    assert "\nx-a:1,2\n" in SdkHmac().explain(twice, SECRETS, NOW)[0].text


def test_every_body_may_be_signed() -> None:
    plain = replace(REQUEST, headers=((b"Content-Type", b"text/plain"),))
    unsigned = SdkHmac().sign(plain, SECRETS, NOW)
    signed = SdkHmac(unsigned_payload=False).sign(plain, SECRETS, NOW)
    assert fields(unsigned)["x-sdk-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert "x-sdk-content-sha256" not in fields(signed)
    other = SdkHmac(unsigned_payload=False).sign(replace(plain, body=b"[]"), SECRETS, NOW)
    assert fields(other)["authorization"] != fields(signed)["authorization"]


def test_a_body_in_pieces_is_signed_as_the_whole() -> None:
    class Pieces:
        length = None

        def chunks(self) -> Iterator[bytes]:
            yield b"{"
            yield b"}"

    in_pieces = SdkHmac().sign(replace(REQUEST, body=Pieces()), SECRETS, NOW)
    assert fields(in_pieces) == fields(SdkHmac().sign(REQUEST, SECRETS, NOW))


def test_a_handshake_is_signed_as_a_get_without_a_body() -> None:
    socket = SocketRequest(origin="wss://h.example", target=b"/v1/x?b=1&a=2")
    page = HttpRequest(method="GET", origin="https://h.example", target=b"/v1/x?b=1&a=2")
    signed = SdkHmac().sign(socket, SECRETS, NOW)
    assert fields(signed) == fields(SdkHmac().sign(page, SECRETS, NOW))
    assert signed.target == b"/v1/x?a=2&b=1"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://h.example:443", "h.example"),
        ("http://h.example:80", "h.example"),
        ("http://h.example:8080", "h.example:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("https://盘古.example", "xn--7or562f.example"),
    ],
)
def test_the_host_is_signed_as_a_connection_writes_it(origin: str, host: str) -> None:
    assert fields(SdkHmac().sign(replace(REQUEST, origin=origin), SECRETS, NOW))["host"] == host


def test_a_plus_in_a_query_is_a_blank() -> None:
    signed = SdkHmac().sign(replace(REQUEST, target=b"/x?a=1+2&&b"), SECRETS, NOW)
    assert signed.target == b"/x?a=1%202&b="


@pytest.mark.parametrize("date", [b"20250102", b"2025-01-02T03:04:05Z", b"20250102T030405"])
def test_a_date_of_another_form_is_refused(date: bytes) -> None:
    with pytest.raises(InputError, match="X-Sdk-Date"):
        SdkHmac().sign(replace(REQUEST, headers=((b"x-sdk-date", date),)), SECRETS, NOW)


@pytest.mark.parametrize("key", ["with blank", "密钥", "line\n"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(InputError) as caught:
        SdkHmac().sign(REQUEST, {**SECRETS, "secret_key": Secret(key)}, NOW)
    assert key not in str(caught.value)


def look_up(*replies: Any, site: Site = SITE, url: str | None = None) -> tuple[Any, Play]:
    signer = SdkHmac() if url is None else SdkHmac(url=url)
    shared = signer.grant(site, SECRETS, None)
    assert shared is not None
    play = Play(*replies)
    return play.run(shared.make()), play


def projects(*entries: tuple[str, str]) -> bytes:
    return json.dumps({"projects": [{"id": ident, "name": name} for ident, name in entries]}).encode()


OK = WireHead(200)


def test_the_project_is_looked_up_with_the_same_keys() -> None:
    found, play = look_up(OK, projects((PROJECT, "cn-southwest-2")))
    assert found == (Grant(project=PROJECT), 7 * 24 * 3600.0)
    wire = play.sent[0].wire
    assert isinstance(wire, HttpRequest)
    assert (wire.method, wire.url) == (
        "GET",
        "https://iam.cn-southwest-2.myhuaweicloud.com/v3/projects?name=cn-southwest-2",
    )
    bare = replace(wire, headers=((b"Content-Type", b"application/json"),))
    assert wire == SdkHmac().sign(bare, SECRETS, play.now + 1e9)


def test_the_look_up_goes_where_the_configuration_says() -> None:
    _, play = look_up(OK, projects((PROJECT, "cn-southwest-2")), url="http://127.0.0.1:9/v3")
    assert play.sent[0].wire.url == "http://127.0.0.1:9/v3/projects?name=cn-southwest-2"


def test_only_the_project_of_that_name_counts() -> None:
    found, _ = look_up(OK, projects(("p-2", "cn-southwest-2_mine"), (PROJECT, "cn-southwest-2")))
    assert found[0].project == PROJECT


@pytest.mark.parametrize("listed", [projects(), projects(("a", "cn-southwest-2"), ("b", "cn-southwest-2"))])
def test_none_and_several_projects_are_told(listed: bytes) -> None:
    with pytest.raises(ConfigError, match=r"has (no|2) project.*Set project_id"):
        look_up(OK, listed)


def test_a_refused_look_up_is_the_gateways_refusal() -> None:
    body = b'{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: verify aksk '
    with pytest.raises(AuthError, match="five wrong signatures"):
        look_up(WireHead(401), body + b'signature fail"}')
    with pytest.raises(PermissionDeniedError, match="Set project_id"):
        look_up(WireHead(403), b'{"error":{"code":403,"message":"Forbidden","title":"Forbidden"}}')


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"projects":1}', b"\xff"])
def test_a_list_that_cannot_be_read_is_told(body: bytes) -> None:
    with pytest.raises(WireError):
        look_up(OK, body)


@pytest.mark.parametrize(
    "site",
    [
        replace(SITE, project=PROJECT),
        replace(SITE, quirks=PANGU.quirks({"path": "whole"})),
        replace(SITE, quirks=OPENAI.quirks({})),
    ],
)
def test_nothing_is_looked_up_where_no_address_needs_it(site: Site) -> None:
    assert SdkHmac().grant(site, SECRETS, None) is None


def test_without_a_region_the_project_must_be_given() -> None:
    with pytest.raises(ConfigError, match="needs a project_id, or a region"):
        SdkHmac().grant(replace(SITE, region=None), SECRETS, None)


def test_what_is_shared_is_named_by_region_and_key_without_telling_it() -> None:
    signer = SdkHmac()

    def key(site: Site = SITE, access: str = FROZEN["access_key"]) -> str:
        shared = signer.grant(site, {**SECRETS, "access_key": Secret(access)}, None)
        assert shared is not None
        return shared.key

    assert key() == key()
    assert len({key(), key(replace(SITE, region="cn-north-4")), key(access="AKFAKE00000000000043")}) == 3
    assert FROZEN["access_key"] not in key()


def test_a_refused_signature_is_never_tried_again() -> None:
    error = AuthError("verify aksk signature fail", status=401, provider_code="APIG.0301")
    assert not SdkHmac().renews(error)
    assert not error.retryable
