"""The face of Volcengine: its words for errors, and a control plane that checks signatures."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from baimo.auth.volcengine_v4 import VolcengineV4
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    NotFoundError,
    OverloadedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.simulator import faces
from baimo.simulator.engine import Simulation
from baimo.simulator.faces.volcengine import FETCHED, VolcengineFace
from baimo.simulator.reply import Reply
from baimo.simulator.words import Why
from baimo.testing import Simulator
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest
from tests.simulator.faces.test_openai import answer, post, read

KEY = "fake-ark-key-000000000000000001234"
NOW = 1_790_000_000.0
PAIR = {
    "access_key": "AKLTfakefakefakefakefakefakefake0001",
    "secret_key": "ZmFrZXNlY3JldGZha2VzZWNyZXQwMDAwMDAwMQ==",
}


def ask(key: str | None = KEY, **fields: Any) -> HttpRequest:
    body = {"model": "doubao-seed-2-1-lite-260915", "messages": [{"role": "user", "content": "Hi"}], **fields}
    return post(body, "/api/v3/chat/completions", key=key)


def control(now: float = NOW, **pair: str) -> HttpRequest:
    """A signed request for a key, its header names as servers see them."""
    wire = HttpRequest(
        method="POST",
        origin="http://127.0.0.1",
        target=b"/?Action=GetApiKey&Version=2024-01-01",
        headers=((b"host", b"127.0.0.1"), (b"content-type", b"application/json")),
        body=b"{}",
    )
    secrets = {name: Secret(value) for name, value in {**PAIR, **pair}.items()}
    signed = VolcengineV4().sign(wire, secrets, now)
    return replace(signed, headers=tuple((name.lower(), value) for name, value in signed.headers))


@pytest.fixture
def simulation() -> Simulation:
    return Simulation([VolcengineFace()])


def test_the_face_is_found_by_its_name() -> None:
    face = faces.make("volcengine")
    assert face.credentials() == {"api_key": KEY, **PAIR}
    assert face.operation(SocketRequest(origin="ws://h", target=b"/")) is None
    assert face.operation(post({}, "/api/v3/models")) is None


@pytest.mark.parametrize("key", [KEY, FETCHED])
def test_both_keys_open_chat(simulation: Simulation, key: str) -> None:
    response, error = read(simulation, ask(key))
    assert error is None
    assert response.text == "Hi"


def test_a_signed_request_is_given_a_key(simulation: Simulation) -> None:
    head, body = answer(simulation, control())
    assert head.status == 200
    assert FETCHED.encode() in body


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (control(secret_key="another"), b"SignatureDoesNotMatch"),
        (control(now=NOW - 1000), b"SignatureDoesNotMatch"),
        (replace(control(), headers=((b"host", b"127.0.0.1"),)), b"SignatureDoesNotMatch"),
        (
            replace(control(), headers=((b"host", b"127.0.0.1"), (b"authorization", b"HMAC-SHA256 x"))),
            b"SignatureDoesNotMatch",
        ),
        (
            replace(
                control(), headers=(*control().headers[:1], (b"authorization", b"x"), (b"x-date", b"noon"))
            ),
            b"SignatureDoesNotMatch",
        ),
    ],
)
def test_another_signature_is_refused(simulation: Simulation, request_: HttpRequest, code: bytes) -> None:
    head, body = answer(simulation, request_)
    assert head.status == 401
    assert code in body


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        (Why.WRONG_SECRET, AuthError),
        (Why.UNKNOWN_MODEL, NotFoundError),
        (Why.OVER_QUOTA, QuotaError),
        (Why.OVER_RATE, RateLimitedError),
        (Why.OVERLOADED, OverloadedError),
        (Why.INPUT_MODERATED, ContentFilteredError),
        (Why.SERVER_ERROR, ServerError),
    ],
)
def test_a_refusal_reads_back_as_its_kind(why: Why, kind: type[ProviderError]) -> None:
    with Simulator("volcengine") as simulator, simulator.client(max_retries=0) as client:
        simulator.refuse(why)
        with pytest.raises(kind):
            client.chat("volcengine/doubao-seed-2-1-lite-260915", "Hi")


def test_thinking_is_on_unless_it_is_switched_off() -> None:
    with Simulator("volcengine") as simulator, simulator.client() as client:
        simulator.reply(Reply(thinking="a", text="b"), "c")
        assert client.chat("volcengine/ep-1", "Hi", reasoning="low").thinking == "a"
        assert simulator.last.asked.reasoning.effort == "low"  # type: ignore[union-attr]
        client.chat("volcengine/ep-1", "Hi", reasoning="off")
        assert simulator.last.asked.reasoning.enabled is False  # type: ignore[union-attr]


def test_our_client_fetches_a_key_with_an_access_key_once() -> None:
    with Simulator("volcengine") as simulator:
        told = simulator.config["providers"]["volcengine"]
        table = {name: value for name, value in told.items() if name != "api_key"}
        origin = str(table["base_url"]).removesuffix("/api/v3")
        keys = {"volcengine": {**PAIR, "endpoint_id": "ep-1"}}
        config = {"providers": {"volcengine": {**table, "control_url": origin}}}
        with simulator.client(config=config, keys=keys) as client:
            for _ in range(2):
                assert client.chat("volcengine/ep-1", "Hi").text == "Hi"
        operations = [received.operation for received in simulator.requests]
        assert operations == ["key", "chat", "chat"]
