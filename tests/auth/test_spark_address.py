"""iFlytek's URL signature: the same bytes as the provider's own packages, whatever the locale."""

from __future__ import annotations

import json
import locale
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.auth.signer import Explaining, Signer
from baimo.auth.spark_address import SparkUrl, http_date
from baimo.errors import ConfigError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest, WireRequest

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "vectors" / "spark_url.json").read_text("utf-8")
)
SECRETS = {"api_key": Secret("fakekey0123456789"), "api_secret": Secret("fakesecret+/=0123")}


def unsigned(url: str, method: str = "GET", **fields: Any) -> WireRequest:
    parts = urlsplit(url)
    origin, target = f"{parts.scheme}://{parts.netloc}", parts.path.encode()
    if parts.scheme.startswith("ws"):
        return SocketRequest(origin=origin, target=target, **fields)
    return HttpRequest(method=method, origin=origin, target=target, **fields)


def secrets_of(vector: dict[str, Any]) -> dict[str, Secret]:
    return {name: Secret(vector[name]) for name in ("api_key", "api_secret")}


@pytest.mark.parametrize("vector", VECTORS["query"], ids=lambda v: f"{v['url']}@{v['now']}")
def test_the_address_is_signed_as_the_providers_packages_sign_it(vector: dict[str, Any]) -> None:
    request, secrets = unsigned(vector["url"], vector["method"]), secrets_of(vector)
    signed = SparkUrl().sign(request, secrets, vector["now"])
    path, _, query = signed.url.partition("?")
    assert path == vector["url"]
    assert [part.partition("=")[0] for part in query.split("&")] == ["authorization", "date", "host"]
    told = {name: values[0] for name, values in parse_qs(query).items()}
    assert b64decode(told["authorization"]).decode() == vector["authorization"]
    assert (told["date"], told["host"]) == (vector["date"], vector["host"])
    assert signed.headers == request.headers
    steps = dict(SparkUrl().explain(request, secrets, vector["now"]))
    assert steps["signature"] == vector["signature"]
    assert steps["date"] == vector["date"]


@pytest.mark.parametrize("vector", VECTORS["header"], ids=lambda v: f"{v['url']}@{v['now']}")
def test_the_form_with_a_digest_stands_in_the_head(vector: dict[str, Any]) -> None:
    request = unsigned(vector["url"], "POST", body=vector["body"].encode())
    signed = SparkUrl(form="header").sign(request, secrets_of(vector), vector["now"])
    assert signed.target == request.target
    wanted = {name.lower(): value for name, value in vector["headers"].items()}
    assert {name.decode(): value.decode() for name, value in signed.headers} == wanted
    steps = dict(SparkUrl(form="header").explain(request, secrets_of(vector), vector["now"]))
    assert steps["digest"] == vector["headers"]["Digest"]
    assert steps["string to sign"].endswith(f"\ndigest: {steps['digest']}")


def test_a_body_in_pieces_is_digested_whole() -> None:
    class Pieces:
        length = 4

        def chunks(self) -> Iterator[bytes]:
            yield from (b"ab", b"cd")

    heads = [
        SparkUrl(form="header").sign(unsigned("https://h.example/x", "POST", body=body), SECRETS, 0).headers
        for body in (b"abcd", Pieces())
    ]
    assert heads[0] == heads[1]


def test_it_meets_the_protocols_and_says_what_it_needs() -> None:
    signer: Signer = SparkUrl()
    assert isinstance(signer, Explaining)
    assert signer.needs == ("api_key", "api_secret")
    assert signer.timed


@given(now=st.integers(0, 4_000_000_000))
def test_the_date_is_that_of_http(now: int) -> None:
    assert http_date(now + 0.999) == format_datetime(datetime.fromtimestamp(now, UTC), usegmt=True)


def test_the_date_is_english_wherever_the_process_runs() -> None:
    before = locale.setlocale(locale.LC_TIME)
    known = [name for name in ("zh_CN.UTF-8", "zh_CN.utf8", "de_DE.UTF-8", "") if _can_be_set(name)]
    try:
        locale.setlocale(locale.LC_TIME, known[0])
        assert http_date(1683283419) == "Fri, 05 May 2023 10:43:39 GMT"
    finally:
        locale.setlocale(locale.LC_TIME, before)


def _can_be_set(name: str) -> bool:
    before = locale.setlocale(locale.LC_TIME)
    try:
        locale.setlocale(locale.LC_TIME, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_TIME, before)
    return True


def test_a_query_that_is_there_stays_and_is_not_signed() -> None:
    bare = SocketRequest(origin="wss://h.example", target=b"/v1.1/chat")
    asked = SocketRequest(origin="wss://h.example", target=b"/v1.1/chat?lang=cn")
    one, two = (SparkUrl().sign(request, SECRETS, 7).target for request in (bare, asked))
    assert two == one.replace(b"?", b"?lang=cn&")


def test_base64_and_port_are_percent_encoded() -> None:
    signed = SparkUrl().sign(SocketRequest(origin="ws://127.0.0.1:8080", target=b"/v3.5/chat"), SECRETS, 0)
    query = signed.target.partition(b"?")[2]
    assert query.endswith(b"&date=Thu%2C+01+Jan+1970+00%3A00%3A00+GMT&host=127.0.0.1%3A8080")
    assert b"+" not in query.partition(b"&")[0]
    assert query.count(b"=") == 3


def test_a_host_field_of_the_callers_own_is_the_signed_host() -> None:
    request = SocketRequest(
        origin="ws://127.0.0.1:80", target=b"/x", headers=((b"X", b"y"), (b"Host", b"real.example"))
    )
    signed = SparkUrl().sign(request, SECRETS, 0)
    assert signed.target.endswith(b"&host=real.example")
    assert SparkUrl().explain(request, SECRETS, 0)[1].text.startswith("host: real.example\n")


def test_an_empty_path_is_signed_as_the_root() -> None:
    steps = dict(SparkUrl().explain(HttpRequest(method="POST", origin="https://h", target=b""), SECRETS, 0))
    assert steps["string to sign"] == "host: h\ndate: Thu, 01 Jan 1970 00:00:00 GMT\nPOST / HTTP/1.1"


def test_no_secret_is_among_the_steps() -> None:
    request = SocketRequest(origin="wss://h", target=b"/v1.1/chat")
    told = "".join(step.text for step in SparkUrl().explain(request, SECRETS, 0))
    for secret in SECRETS.values():
        assert secret.reveal() not in told


@pytest.mark.parametrize("name", ["api_key", "api_secret"])
def test_a_secret_that_is_missing_is_named(name: str) -> None:
    secrets = {other: secret for other, secret in SECRETS.items() if other != name}
    with pytest.raises(MissingKeyError, match=f"no {name} is set"):
        SparkUrl().sign(unsigned("wss://h/x"), secrets, 0)


@pytest.mark.parametrize("text", ["a b", "密钥", 'a"b', "a\n"])
def test_a_secret_copied_wrongly_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(InputError, match="api_secret") as caught:
        SparkUrl().sign(unsigned("wss://h/x"), {**SECRETS, "api_secret": Secret(text)}, 0)
    assert text not in str(caught.value)


def test_a_handshake_has_no_digest() -> None:
    with pytest.raises(InputError, match="handshake"):
        SparkUrl(form="header").sign(unsigned("wss://h/x"), SECRETS, 0)


def test_there_are_two_forms() -> None:
    with pytest.raises(ConfigError, match="'query' or 'header'"):
        SparkUrl(form="url")  # type: ignore[arg-type]


def test_whatever_base64_holds_survives_the_query() -> None:
    """A key of such characters makes base64 with plus signs and slashes."""
    for key in ("~~~???>>>", "a~~~???>>>", "ab~~~???>>>"):
        signed = SparkUrl().sign(unsigned("wss://h/x"), {**SECRETS, "api_key": Secret(key)}, 0)
        told = parse_qs(urlsplit(signed.url).query)
        assert b64decode(told["authorization"][0]).startswith(b'api_key="' + key.encode())
