"""Volcengine's signature: what the vendor's own code signs, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from baimo.auth.signer import Explaining, Signer
from baimo.auth.volcengine_v4 import VolcengineV4
from baimo.errors import ConfigError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest

FROZEN = json.loads(
    (Path(__file__).parents[1] / "data" / "vectors" / "volcengine_v4.json").read_text("utf-8")
)
VECTORS: list[dict[str, Any]] = FROZEN["vectors"]
REQUEST = HttpRequest(
    method="POST",
    origin="https://ark.cn-beijing.volcengineapi.com",
    target=b"/?Version=2024-01-01&Action=GetApiKey",
    headers=((b"Content-Type", b"application/json"),),
    body=b"{}",
)
SECRETS = {"access_key": Secret("AKLTfake"), "secret_key": Secret("fake-secret")}
NOW = 1764000123.9


def secrets_of(vector: dict[str, Any]) -> dict[str, Secret]:
    return {
        name: Secret(vector[name])
        for name in ("access_key", "secret_key", "session_token")
        if vector.get(name)
    }


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_we_sign_what_the_vendors_own_code_signs(vector: dict[str, Any]) -> None:
    request = HttpRequest(
        method=vector["method"],
        origin=f"https://{vector['host']}",
        target=vector["target"].encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in vector["headers"]),
        body=vector["body"].encode(),
    )
    signer = VolcengineV4(service=vector["service"], region=vector["region"])
    signed = signer.sign(request, secrets_of(vector), vector["now"])
    sent = {name.decode().lower(): value.decode() for name, value in signed.headers}
    assert sent == {name.lower(): value for name, value in vector["signed"]}
    assert signed.target == vector["sent_target"].encode()


def test_it_meets_the_protocols_and_says_what_it_needs() -> None:
    signer: Signer = VolcengineV4()
    assert isinstance(signer, Explaining)
    assert (signer.needs, signer.timed) == (("access_key", "secret_key"), True)


def test_its_texts_are_shown_without_secrets() -> None:
    secrets = {**SECRETS, "session_token": Secret("fake-session")}
    steps = VolcengineV4().explain(REQUEST, secrets, NOW)
    assert [step.name for step in steps] == [
        "canonical request",
        "string to sign",
        "signature",
        "Authorization",
    ]
    shown = "".join(step.text for step in steps)
    assert "fake-secret" not in shown
    assert "fake-session" not in shown
    assert "x-security-token:****\n" in steps[0].text
    signed = VolcengineV4().sign(REQUEST, secrets, NOW)
    assert dict(signed.headers)[b"Authorization"].decode() == steps[3].text


def test_what_is_signed_is_sent_in_its_canonical_form() -> None:
    request = replace(REQUEST, target="/a b/中?q=x+y&b=%2F&b=1".encode())
    signed = VolcengineV4().sign(request, SECRETS, NOW)
    assert signed.target == b"/a%20b/%E4%B8%AD?b=%2F&b=1&q=x%20y"
    canonical = VolcengineV4().explain(request, SECRETS, NOW)[0].text.split("\n")
    assert canonical[1:3] == ["/a%20b/%E4%B8%AD", "b=%2F&b=1&q=x%20y"]
    assert VolcengineV4().sign(replace(REQUEST, target=b""), SECRETS, NOW).target == b"/"


def test_a_date_or_signature_that_is_there_makes_way() -> None:
    old = ((b"x-date", b"20200101T000000Z"), (b"Authorization", b"old"), (b"Host", b"real.example:443"))
    signed = VolcengineV4().sign(replace(REQUEST, headers=old), SECRETS, NOW)
    names = [name.lower() for name, _ in signed.headers]
    assert sorted(names) == sorted(set(names))
    assert (b"X-Date", b"20251124T160203Z") in signed.headers
    assert (
        b"host:real.example\n"
        in VolcengineV4().explain(replace(REQUEST, headers=old), SECRETS, NOW)[0].text.encode()
    )


def test_only_what_the_provider_asks_for_is_signed() -> None:
    request = replace(REQUEST, headers=((b"Accept", b"*/*"), (b"X-Project-Name", b"p")))
    canonical = VolcengineV4().explain(request, SECRETS, NOW)[0].text
    assert canonical.split("\n")[-2] == "host;x-content-sha256;x-date;x-project-name"


def test_a_field_that_stands_twice_cannot_be_signed() -> None:
    request = replace(REQUEST, headers=((b"X-A", b"1"), (b"x-a", b"2")))
    with pytest.raises(InputError, match="two headers 'x-a'"):
        VolcengineV4().sign(request, SECRETS, NOW)


def test_a_body_in_pieces_is_signed_whole() -> None:
    class Pieces:
        length = 2

        def chunks(self) -> Iterator[bytes]:
            yield from (b"{", b"}")

    one, two = (VolcengineV4().sign(replace(REQUEST, body=body), SECRETS, NOW) for body in (b"{}", Pieces()))
    assert one.headers == two.headers


def test_the_hosts_own_port_is_signed_and_the_usual_one_is_not() -> None:
    for origin, host in (
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://h:80", "h"),
        ("https://h", "h"),
    ):
        signed = VolcengineV4().sign(replace(REQUEST, origin=origin), SECRETS, NOW)
        assert dict(signed.headers)[b"Host"] == host.encode()


@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_a_half_that_is_missing_is_named(missing: str) -> None:
    with pytest.raises(MissingKeyError, match=f"no {missing} is set"):
        VolcengineV4().sign(REQUEST, {n: one for n, one in SECRETS.items() if n != missing}, NOW)


def test_a_key_copied_wrongly_is_refused_without_being_shown() -> None:
    with pytest.raises(InputError, match="the secret_key holds") as caught:
        VolcengineV4().sign(REQUEST, {**SECRETS, "secret_key": Secret("a b")}, NOW)
    assert "a b" not in str(caught.value)


def test_a_socket_cannot_be_signed() -> None:
    socket = SocketRequest(origin="wss://h", target=b"/")
    with pytest.raises(ConfigError, match="WebSocket"):
        VolcengineV4().sign(socket, SECRETS, NOW)
    with pytest.raises(ConfigError, match="WebSocket"):
        VolcengineV4().explain(socket, SECRETS, NOW)


@pytest.mark.parametrize("options", [{"service": ""}, {"region": ""}])
def test_the_scope_is_needed(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="service and a region"):
        VolcengineV4(**options)
