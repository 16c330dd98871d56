"""Signatures that Baidu's own packages made, beside the recorded traffic."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from baimo.auth.bce import BceAuthV1
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest
from tests.recorded.cases import FOLDER

FILE = FOLDER.parent / "vectors" / "baidu-bce-auth-v1.json"
FACTS: dict[str, Any] = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else {}
VECTORS = [vector for vector in FACTS.get("vectors", []) if vector["input"]["headers_to_sign"]]


def test_the_vectors_are_there() -> None:
    assert len(VECTORS) >= 5


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_vector_is_signed_to_the_byte(vector: dict[str, Any]) -> None:
    given = vector["input"]
    query = "&".join(
        f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in given["query"].items()
    )
    request = HttpRequest(
        method=given["method"],
        origin=f"https://{given['headers']['Host']}",
        target=(given["path"] + (f"?{query}" if query else "")).encode(),
        headers=tuple((name.encode(), text.encode()) for name, text in given["headers"].items()),
    )
    signer = BceAuthV1(signed=given["headers_to_sign"], expires_s=given["expiration_seconds"])
    secrets = {name: Secret(given[name]) for name in ("access_key", "secret_key")}
    steps = dict(signer.explain(request, secrets, given["clock_unix"]))
    assert steps["prefix"] == vector.get("auth_string_prefix", steps["prefix"])
    assert steps["canonical request"] == vector.get("canonical_request", steps["canonical request"])
    assert steps["signature"] == vector["signature"]
    assert steps["Authorization"] == vector["authorization"]
