"""Signatures and requests that Huawei's own packages made, beside the recorded traffic."""

from __future__ import annotations

import json
from calendar import timegm
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from baimo.auth.iam import IamToken
from baimo.auth.sdk_hmac import SdkHmac
from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT as OPENAI
from baimo.dialects.pangu import DIALECT
from baimo.errors import ProviderError, RateLimitedError
from baimo.types.fold import fold
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play
from tests.playing import Play
from tests.recorded.cases import FOLDER

VECTORS_FOLDER = FOLDER.parent / "vectors"


def read(name: str, key: str) -> list[dict[str, Any]]:
    file = VECTORS_FOLDER / name
    found: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))[key] if file.is_file() else []
    return found


VECTORS = read("huawei-sdk-hmac-sha256.json", "vectors")
WIRE = read("huawei-wire.json", "samples")
V1 = read("huawei-pangu-v1-wire.json", "samples")
MAAS = [one for one in read("openai-compatible-wire.json", "samples") if one["name"].startswith("maas")]
CHATS = [one for one in (*WIRE, *V1) if "/chat/completions" in one["request"]["target"]]
SITE = Site(base_url="https://pangu.cn-southwest-2.myhuaweicloud.com", provider="pangu", codes="huawei")


def named(one: dict[str, Any]) -> str:
    return str(one["name"])


def test_the_vectors_are_there() -> None:
    assert len(VECTORS) >= 13
    assert len(WIRE) >= 10
    assert len(V1) >= 4
    assert MAAS


def request_of(given: dict[str, Any]) -> HttpRequest:
    pairs = [
        f"{quote(name, safe='')}={quote(str(one).lower() if isinstance(one, bool) else str(one), safe='')}"
        for name, value in given["query"]
        for one in (value if isinstance(value, list) else [value])
    ]
    return HttpRequest(
        method=given["method"],
        origin=f"https://{given['host']}",
        target=f"{given['path']}{'?' if pairs else ''}{'&'.join(pairs)}".encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in given["headers"].items()),
        body=given["body_utf8"].encode(),
    )


@pytest.mark.parametrize("vector", VECTORS, ids=named)
def test_a_vector_is_signed_to_the_byte(vector: dict[str, Any]) -> None:
    given = vector["input"]
    token = given["security_token"]
    secrets = {"access_key": Secret(given["ak"]), "secret_key": Secret(given["sk"])}
    if token:
        secrets["security_token"] = Secret(token)
    now = timegm(datetime.strptime(given["clock_utc"], "%Y%m%dT%H%M%SZ").timetuple())
    signed = SdkHmac().sign(request_of(given), secrets, now)
    sent = {name.decode().lower(): value.decode() for name, value in signed.headers}
    assert sent == {name.lower(): value for name, value in vector["sent_headers"].items()}
    assert signed.target.decode() == vector["request_uri"]
    steps = dict(SdkHmac().explain(request_of(given), secrets, now))
    assert steps["canonical request"] == vector["canonical_request"].replace(token or "\0", "****")
    assert steps["string to sign"] == vector["string_to_sign"]
    assert steps["signature"] == vector["signature"]


@pytest.mark.parametrize(
    "sample", [one for one in WIRE if "Authorization" in dict(one["request"]["headers"])], ids=named
)
def test_a_real_clients_request_is_signed_to_the_byte(sample: dict[str, Any]) -> None:
    request = sample["request"]
    fields = dict(request["headers"])
    wanted, host = fields.pop("Authorization"), fields.pop("Host")
    bare = HttpRequest(
        method=request["method"],
        origin=f"https://{host}",
        target=request["target"].encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in fields.items()),
        body=request["body_utf8"].encode(),
    )
    keys = next(one["input"] for one in VECTORS)
    secrets = {"access_key": Secret(keys["ak"]), "secret_key": Secret(keys["sk"])}
    assert dict(SdkHmac().sign(bare, secrets, 0.0).headers)[b"Authorization"].decode() == wanted


@pytest.mark.parametrize("sample", CHATS, ids=named)
def test_a_real_clients_chat_is_what_we_would_send(sample: dict[str, Any]) -> None:
    request = sample["request"]
    asked = DIALECT.decode_request(
        HttpRequest(
            method="POST",
            origin="http://h",
            target=request["target"].encode(),
            body=request["body_utf8"].encode(),
        )
    )
    parts = request["target"].split("/")
    quirks = DIALECT.quirks({"pool_id": parts[4]} if parts[3] == "pools" else {})
    wire = DIALECT.encode_request(asked, msgspec.structs.replace(SITE, project=parts[2], quirks=quirks))
    assert wire.target.decode() == request["target"]
    assert isinstance(wire.body, bytes)
    wanted = {name: value for name, value in request["body_json"].items() if value is not False}
    assert json.loads(wire.body) == wanted


@pytest.mark.parametrize("sample", [one for one in (*WIRE, *V1) if one.get("reply")], ids=named)
def test_a_reply_is_read_as_the_real_client_reads_it(sample: dict[str, Any]) -> None:
    reply, result = sample["reply"], sample["sdk_result"]
    if "/auth/tokens" in sample["request"]["target"]:
        return
    kind = reply.get("content_type", "application/json")
    head = WireHead(reply["status"], ((b"content-type", kind.encode()), (b"x-request-id", b"rq-1")))
    body = reply.get("body_utf8", reply.get("body", "")).encode()
    events, error = play(DIALECT.decoder(head, SITE), [body])
    if reply["status"] < 300:
        assert error is None
        wanted = result.get("text", "".join(result.get("pieces", ["你好"])))
        assert fold(events).text == wanted
        return
    assert isinstance(error, ProviderError)
    assert (error.status, error.request_id) == (reply["status"], "rq-1")
    if "error_code" in result and result["error_code"] != str(reply["status"]):
        assert (error.provider_code, error.message) == (str(result["error_code"]), result["error_msg"])


@pytest.mark.parametrize("sample", [one for one in WIRE if one["name"].startswith("iam-token")], ids=named)
def test_a_token_is_asked_for_and_read_as_the_real_clients_do(sample: dict[str, Any]) -> None:
    wanted, result = sample["request"]["body_json"]["auth"], sample["sdk_result"]
    identity = wanted["identity"]
    method = identity["methods"][0]
    if method == "password":
        user = identity["password"]["user"]
        texts = {
            "iam_user": user["name"],
            "iam_password": user["password"],
            "iam_domain": user["domain"]["name"],
        }
    else:
        pair = identity["hw_ak_sk"]
        texts = {"access_key": pair["access"]["key"], "secret_key": pair["secret"]["key"]}
    site = Site(base_url="https://h", region=wanted["scope"]["project"]["name"])
    secrets = {name: Secret(text) for name, text in texts.items()}
    token = result.get("x_subject_token") or result["returned"]
    script = Play(WireHead(201, ((b"x-subject-token", token.encode()),)), sample["reply"]["body"].encode())
    grant, lives_s = script.run(IamToken(method=method).grant(site, secrets, None).make())
    sent = script.sent[0].wire
    assert isinstance(sent, HttpRequest)
    assert isinstance(sent.body, bytes)
    assert json.loads(sent.body) == {"auth": wanted}
    assert grant.secrets["iam_token"].reveal() == token
    assert lives_s > 0
    if "token" in result:
        assert grant.project == result["token"]["project"]["id"]


def test_a_refusal_of_maas_is_told_by_its_code() -> None:
    sample = next(one for one in MAAS if one["reply"]["status"] == 429)
    head = WireHead(429, ((b"content-type", b"application/json"),))
    _, error = play(OPENAI.decoder(head, SITE), [sample["reply"]["body_utf8"].encode()])
    assert isinstance(error, RateLimitedError)
    assert error.provider_code == "ModelArts.81101"
