"""The simulator on real ports: what is shared, what each provider has for itself, faults on a real wire."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import baimo
from baimo.client.clock import REAL_CLOCK
from baimo.errors import ConfigError
from baimo.simulator.app import addressed
from baimo.simulator.engine import Simulation
from baimo.simulator.faces import Faces
from baimo.simulator.loopback import Loopback
from baimo.testing import Simulator, scripts
from baimo.wire.http import HttpRequest, SocketRequest

PATIENCE_S = 10.0
BODY = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}'


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("openai", "spark", "deepseek") as simulator:
        yield simulator


def post(origin: str, path: str, key: str, body: bytes = BODY, **fields: str) -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(origin).netloc, timeout=PATIENCE_S)
    try:
        connection.request("POST", path, body, {"Authorization": f"Bearer {key}", **fields})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def test_all_providers_share_an_address_with_their_names_before_the_path(sim: Simulator) -> None:
    key = sim.credentials_of("openai")["api_key"]
    status, body = post(sim.url, "/openai/v1/chat/completions", key)
    assert status == 200
    assert b'"content":"Hi"' in body
    assert sim.last.target == "/v1/chat/completions"


def test_a_provider_is_known_by_its_real_host_too(sim: Simulator) -> None:
    key = sim.credentials_of("openai")["api_key"]
    assert post(sim.url, "/v1/chat/completions", key, Host="api.openai.com")[0] == 200


def test_each_provider_has_a_port_at_whose_root_it_is(sim: Simulator) -> None:
    key = sim.credentials_of("openai")["api_key"]
    assert sim.origin_of("openai") == f"http://127.0.0.1:{sim.port_of('openai')}"
    assert post(sim.origin_of("openai"), "/v1/chat/completions", key)[0] == 200
    assert sim.port_of("deepseek") != sim.port_of("openai")


def test_where_nobody_is_meant_the_names_are_told(sim: Simulator) -> None:
    status, body = post(sim.url, "/v1/chat/completions", "k")
    assert status == 404
    assert body.split(b"\n")[1:4] == [b"/openai/", b"/spark/", b"/deepseek/"]
    with pytest.raises(InvalidStatus, match="404"):
        connect(sim.url.replace("http", "ws") + "/chat", proxy=None)
    assert sim.requests == ()


def test_a_provider_alone_needs_no_name() -> None:
    with Simulator("openai") as sim:
        key = sim.credentials_of("openai")["api_key"]
        assert post(sim.url, "/v1/chat/completions", key)[0] == 200


def test_who_is_meant_is_decided_by_path_then_host() -> None:
    simulation = Simulation(Faces(("openai", "spark")))

    def found(target: bytes, host: bytes) -> Any:
        request = HttpRequest(method="GET", origin="http://h", target=target, headers=((b"host", host),))
        meant = addressed(simulation, request)
        return None if meant is None else (meant[0], meant[1].target)

    assert found(b"/spark/v1/x?a=/b", b"127.0.0.1:1") == ("spark", b"/v1/x?a=/b")
    assert found(b"/spark", b"127.0.0.1:1") == ("spark", b"/")
    assert found(b"/v1/x", b"api.openai.com") == ("openai", b"/v1/x")
    assert found(b"/v1/x", b"127.0.0.1:1") is None
    assert found(b"/v1/x", b"elsewhere.test") is None
    upgrade = SocketRequest(origin="ws://h", target=b"/spark/v4.0/chat", headers=((b"host", b"h"),))
    assert addressed(simulation, upgrade) == (
        "spark",
        SocketRequest(origin="ws://h", target=b"/v4.0/chat", headers=upgrade.headers),
    )


def test_our_own_clients_reach_every_kind_of_wire(sim: Simulator) -> None:
    config = sim.config_for({"spark": "socket"}, loopback=True)
    with baimo.Client(config=config) as client:
        for model in ("openai/gpt-4o", "spark/4.0Ultra"):
            assert client.chat(model, "你好 there").text == "你好 there"
            with client.stream(model, "one two") as stream:
                assert list(stream.text) == ["one", " two"]
    assert {one.outcome for one in sim.requests} == {"answered"}


@pytest.mark.parametrize("model", ["openai/gpt-4o", "spark/4.0Ultra"])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("429", baimo.RateLimitedError),
        ("reset", baimo.TransportError),
        ("cut@600", baimo.StreamInterrupted),
        ("fail@600", baimo.StreamInterrupted),
        ("malformed", baimo.WireError),
        ("no_end", baimo.StreamInterrupted),
        ("refuse@over_quota", baimo.QuotaError),
    ],
)
def test_a_fault_on_a_real_wire_is_what_it_is_in_process(
    sim: Simulator, model: str, fault: str, kind: type[baimo.Error]
) -> None:
    sim.reply("The quick brown fox jumps over the lazy dog.")
    sim.fault(fault)
    errors = []
    real = baimo.Client(config=sim.config_for({"spark": "socket"}, loopback=True), max_retries=0)
    for client in (real, sim.client(endpoints={"spark": "socket"}, max_retries=0)):
        with client, pytest.raises(kind) as caught:
            list(client.stream(model, "Hi"))
        errors.append(caught.value)
    assert errors[0].code == errors[1].code
    whats = [error.partial.text for error in errors if isinstance(error, baimo.StreamInterrupted)]
    assert len(set(whats)) <= 1


def test_a_compressed_body_without_its_end_on_a_real_wire(sim: Simulator) -> None:
    sim.fault("gzip")
    with (
        baimo.Client(config=sim.config_for(loopback=True), max_retries=0) as client,
        pytest.raises(baimo.TransportError, match="compressed"),
    ):
        client.chat("openai/gpt-4o", "Hi")


def test_a_reset_is_one(sim: Simulator) -> None:
    key = sim.credentials_of("openai")["api_key"]
    with pytest.raises((ConnectionResetError, RemoteDisconnected)):
        post(sim.origin_of("openai"), "/v1/chat/completions", key, **{"x-baimo-fault": "reset"})


def test_a_stall_ends_when_the_client_leaves(sim: Simulator) -> None:
    sim.fault("stall@10")
    answered = threading.Event()
    sim.on_answered(lambda received: answered.set())
    with socket.create_connection(("127.0.0.1", sim.port_of("openai")), timeout=PATIENCE_S) as sock:
        key = sim.credentials_of("openai")["api_key"].encode()
        sock.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %b\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (key, len(BODY), BODY)
        )
        assert sock.recv(65536).startswith(b"HTTP/1.1 200")
    assert answered.wait(PATIENCE_S)
    assert (sim.last.outcome, sim.last.fault) == ("left", "stall@10")


def test_a_client_that_leaves_before_its_request_is_whole_is_no_request(sim: Simulator) -> None:
    with socket.create_connection(("127.0.0.1", sim.port_of("openai")), timeout=PATIENCE_S) as sock:
        sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
    sim.stop()
    assert sim.requests == ()


def test_a_socket_whose_client_says_nothing_is_left_alone(sim: Simulator) -> None:
    from baimo.auth.spark_address import SparkUrl
    from baimo.types.secret import Secret

    face = sim.config_for({"spark": "socket"}, loopback=True)["providers"]["spark"]
    secrets = {name: Secret(str(face[name])) for name in ("api_key", "api_secret")}
    request = SocketRequest(origin=str(face["base_url"]), target=b"/v4.0/chat")
    signed = SparkUrl().sign(request, secrets, REAL_CLOCK.wall())
    with connect(signed.url, proxy=None) as sock:
        sock.close(1000)
    sim.stop()
    assert (sim.last.status, sim.last.outcome) == (101, "accepted")


def test_a_script_that_waits_does_not_hold_the_others_up(sim: Simulator) -> None:
    """A real model behind the provider is asked on a thread, its pieces pass one by one."""
    gate = threading.Event()

    class Slow:
        blocks = True

        def __call__(self, request: Any) -> Iterator[str]:
            yield "first "
            if request.messages[-1].text == "wait":
                assert gate.wait(PATIENCE_S)
            yield "last"

    sim.script(Slow())
    with baimo.Client(config=sim.config_for(loopback=True)) as client:
        waiting = client.stream("openai/gpt-4o", "wait")
        pieces = waiting.text
        assert next(iter(pieces)) == "first "
        assert client.chat("openai/gpt-4o", "go").text == "first last"
        gate.set()
        assert list(pieces) == ["last"]
        waiting.close()


def test_what_a_script_raises_is_printed_and_is_a_500(
    sim: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    def bad(request: Any) -> str:
        raise LookupError("mine")

    sim.script(bad)
    key = sim.credentials_of("openai")["api_key"]
    assert post(sim.origin_of("openai"), "/v1/chat/completions", key)[0] == 500
    sim.stop()
    assert "LookupError: mine" in capsys.readouterr().err


def test_ports_follow_a_fixed_one_and_are_known_before_anybody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        loopback = Loopback(Simulation(Faces(("openai", "spark"))), port=port)
        assert loopback.address_of("openai") == f"http://127.0.0.1:{port + 1}"
        assert loopback.address_of("spark") == f"http://127.0.0.1:{port + 2}"
        with pytest.raises(RuntimeError, match="not listen yet"):
            _ = loopback.origin
        with pytest.raises(ConfigError, match=str(port)):
            loopback.start()
    there = Loopback(Simulation(Faces(("openai",))), host="::1", port=9)
    assert there.address_of("openai") == "http://[::1]:10"


def test_a_backed_script_is_one_that_waits() -> None:
    assert scripts.backed.blocks
