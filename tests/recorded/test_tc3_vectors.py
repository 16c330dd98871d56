"""Signatures that the vendor's SDKs and documentation made, beside the recorded traffic."""

from __future__ import annotations

import json
from typing import Any

import pytest

from baimo.auth.tc3 import TC3
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest
from tests.recorded.cases import FOLDER

FILE = FOLDER.parent / "vectors" / "tencent-tc3.json"
FACTS: dict[str, Any] = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else {}
PYTHON: list[dict[str, Any]] = FACTS.get("vectors", [])
NODE: list[dict[str, Any]] = FACTS.get("node_sdk", {}).get("vectors", [])
DOCUMENTED: dict[str, Any] = FACTS.get("documentation_example", {"results": []})
OURS = ("authorization", "x-tc-timestamp", "x-tc-token", "content-length")


def test_the_vectors_are_there() -> None:
    assert len(PYTHON) >= 13
    assert NODE
    assert len(DOCUMENTED["results"]) == 2


def secrets_of(given: dict[str, Any]) -> dict[str, Secret]:
    names = ("secret_id", "secret_key", "token")
    return {name: Secret(given[name]) for name in names if given.get(name)}


def content_type(canonical: str) -> str:
    return next(line for line in canonical.split("\n") if line.startswith("content-type:")).partition(":")[2]


@pytest.mark.parametrize("vector", PYTHON, ids=lambda vector: vector["name"])
def test_a_vector_is_signed_to_the_byte(vector: dict[str, Any]) -> None:
    given, canonical = vector["input"], vector["canonical_request"]
    sent = vector.get("request", {})
    kept = [field for field in sent.get("headers", []) if field[0].lower() not in OURS]
    if not kept:
        kept = [["Content-Type", content_type(canonical)], ["Host", given["host"]]]
        kept.append(["X-TC-Action", given.get("action", "ChatCompletions")])
    request = HttpRequest(
        method=given.get("method", "POST"),
        origin=f"https://{given['host']}",
        target=sent.get("target", "/").encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in kept),
        body=(sent["body_utf8"] if sent else vector["body_utf8"]).encode(),
    )
    signed_names = canonical.split("\n")[-2].split(";")
    signer = TC3(service=given.get("service"), signed=signed_names)
    steps = dict(signer.explain(request, secrets_of(given), given["timestamp"]))
    assert steps["canonical request"] == canonical
    assert steps["string to sign"] == vector["string_to_sign"]
    assert steps["signature"] == vector["signature"]
    assert steps["Authorization"] == vector["authorization"]
    signed = signer.sign(request, secrets_of(given), given["timestamp"])
    wanted = {name.lower(): value for name, value in sent.get("headers", [])}
    wanted.pop("content-length", None)
    found = {name.decode().lower(): value.decode() for name, value in signed.headers}
    assert not sent or found == wanted


@pytest.mark.parametrize("vector", NODE, ids=lambda vector: vector["name"])
def test_the_other_sdk_signs_the_same(vector: dict[str, Any]) -> None:
    given = vector["input"]
    request = HttpRequest(
        method="POST",
        origin=f"https://{given['host']}",
        target=b"/",
        headers=((b"Content-Type", given["content_type"].encode()),),
        body=vector["body_utf8"].encode(),
    )
    steps = dict(TC3(service=given["service"]).explain(request, secrets_of(given), given["timestamp"]))
    assert steps["Authorization"] == vector["authorization"]


@pytest.mark.parametrize("result", DOCUMENTED["results"], ids=lambda result: len(result["signed_headers"]))
def test_the_documentations_own_example_comes_out(result: dict[str, Any]) -> None:
    canonical = result["canonical_request"]
    request = HttpRequest(
        method="POST",
        origin="https://cvm.tencentcloudapi.com",
        target=b"/",
        headers=(
            (b"Content-Type", content_type(canonical).encode()),
            (b"X-TC-Action", b"DescribeInstances"),
        ),
        body=DOCUMENTED["body"].encode(),
    )
    signer = TC3(signed=result["signed_headers"])
    steps = dict(signer.explain(request, secrets_of(DOCUMENTED), DOCUMENTED["timestamp"]))
    assert steps["canonical request"] == canonical
    assert steps["string to sign"] == result["string_to_sign"]
    assert steps["signature"] == result["signature"]
