"""Signatures, frames and vectors of iFlytek's own packages, byte for byte."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from baimo.auth.spark_url import SparkUrl
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest, WireRequest
from tests.recorded.cases import FOLDER

VECTORS = FOLDER.parent / "vectors"


def load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / name).read_text("utf-8"))
    return found


SIGNED = load("iflytek-spark-url.json")


def request_of(url: str, method: str, body: bytes = b"") -> WireRequest:
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme == "wss":
        return SocketRequest(origin=origin, target=parts.path.encode())
    return HttpRequest(method=method, origin=origin, target=parts.path.encode(), body=body)


def secrets_of(given: dict[str, Any]) -> dict[str, Secret]:
    return {name: Secret(given[name]) for name in ("api_key", "api_secret")}


@pytest.mark.parametrize("vector", SIGNED["vectors"], ids=lambda vector: vector["name"])
def test_a_signature_is_that_of_both_packages(vector: dict[str, Any]) -> None:
    given = vector["input"]
    request, secrets = request_of(given["url"], given["method"]), secrets_of(given)
    steps = dict(SparkUrl().explain(request, secrets, given["unix_time"]))
    assert steps["date"] == vector["date"]
    assert steps["string to sign"] == vector["signature_origin"]
    assert steps["signature"] == vector["signature_base64"]
    told = parse_qs(urlsplit(SparkUrl().sign(request, secrets, given["unix_time"]).url).query)
    wanted = parse_qs(urlsplit(vector["signed_url"]).query)
    if "authorization_base64_second_sdk" in vector:
        wanted["authorization"] = [vector["authorization_base64_second_sdk"]]
    assert told == wanted


def test_the_form_with_a_digest_is_that_of_the_package() -> None:
    form = SIGNED["http_header_digest_form"]
    host = re.search("host: (.*)", form["signature_origin"])
    path = re.search("POST (.*) HTTP", form["signature_origin"])
    assert host and path
    request = request_of(f"https://{host[1]}{path[1]}", "POST", form["body_utf8"].encode())
    signed = SparkUrl(form="header").sign(request, secrets_of(form), form["unix_time"])
    for name, value in signed.headers:
        assert value.decode() == form["headers"][name.decode().capitalize()]
