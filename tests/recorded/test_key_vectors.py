"""Tokens and signatures that the SDKs of Zhipu, SenseNova and Volcengine made."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from baimo.auth.sensenova_jwt import SenseNovaJwt
from baimo.auth.volcengine_v4 import VolcengineV4
from baimo.auth.zhipu_jwt import ZhipuJwt
from baimo.errors import InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest
from tests.recorded.cases import FOLDER


def facts(name: str) -> dict[str, Any]:
    file = FOLDER.parent / "vectors" / f"{name}.json"
    return json.loads(file.read_text("utf-8")) if file.is_file() else {}


ZHIPU, SENSENOVA, VOLCENGINE = facts("zhipu-jwt"), facts("sensenova-jwt"), facts("volcengine-v4")
ASKED = HttpRequest(method="POST", origin="https://api.example", target=b"/chat/completions")


def test_the_vectors_are_there() -> None:
    counts = [len(one.get("vectors", ())) for one in (ZHIPU, SENSENOVA, VOLCENGINE)]
    assert counts >= [4, 2, 5]


@pytest.mark.parametrize("vector", ZHIPU.get("vectors", ()), ids=lambda vector: vector["name"])
def test_zhipus_token_is_the_same_to_the_byte(vector: dict[str, Any]) -> None:
    secrets, now = {"api_key": Secret(vector["input"]["api_key"])}, vector["input"]["clock_unix"]
    steps = dict(ZhipuJwt().explain(ASKED, secrets, now))
    assert steps["header"] == vector["header_json"]
    assert steps["payload"] == vector["payload_json"]
    assert steps["string to sign"] == vector["signing_input"]
    assert steps["signature"] == vector["signature_b64url"]
    signed = ZhipuJwt().sign(ASKED, secrets, now)
    assert signed.headers == ((b"Authorization", vector["authorization"].encode()),)


@pytest.mark.parametrize("key", ZHIPU.get("malformed_keys", ()), ids=lambda key: key["api_key"])
def test_a_key_that_zhipus_package_refuses_is_refused(key: dict[str, Any]) -> None:
    with pytest.raises((InputError, MissingKeyError)):
        ZhipuJwt().sign(ASKED, {"api_key": Secret(key["api_key"])}, 0)


@pytest.mark.parametrize("vector", SENSENOVA.get("vectors", ()), ids=lambda vector: vector["name"])
def test_sensenovas_token_is_the_same_to_the_byte(vector: dict[str, Any]) -> None:
    given = vector["input"]
    secrets = {
        "access_key": Secret(given["access_key_id"]),
        "secret_key": Secret(given["secret_access_key"]),
    }
    steps = dict(SenseNovaJwt().explain(ASKED, secrets, given["clock_unix"]))
    assert steps["payload"] == vector["payload_json"]
    assert steps["string to sign"] == vector["signing_input"]
    assert steps["Authorization"] == vector["authorization"]


@pytest.mark.parametrize("vector", VOLCENGINE.get("vectors", ()), ids=lambda vector: vector["name"])
def test_volcengines_signature_is_the_same_to_the_byte(vector: dict[str, Any]) -> None:
    given = vector["input"]
    names = (("access_key", "ak"), ("secret_key", "sk"), ("session_token", "session_token"))
    secrets = {ours: Secret(given[theirs]) for ours, theirs in names if given[theirs]}
    request = HttpRequest(
        method=given["method"],
        origin=f"https://{given['headers']['Host']}",
        target=f"{given['path']}?{urlencode(given['query'])}".encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in given["headers"].items()),
        body=given["body_utf8"].encode(),
    )
    now = datetime.strptime(given["clock_utc"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    signer = VolcengineV4(service=given["service"], region=given["region"])
    steps = dict(signer.explain(request, secrets, now))
    canonical = vector["canonical_request"]
    if given["session_token"]:
        canonical = canonical.replace(given["session_token"], "****")
    assert steps["canonical request"] == canonical
    assert steps["string to sign"] == vector["string_to_sign"]
    assert steps["Authorization"] == vector["authorization"]
    signed = signer.sign(request, secrets, now)
    sent = {name.decode().lower(): value.decode() for name, value in signed.headers}
    assert sent == {name.lower(): value for name, value in vector["sent_headers"].items()}
