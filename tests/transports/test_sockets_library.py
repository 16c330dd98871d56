"""WebSockets with a server that we did not write."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from baimo.errors import TransportError, UnsupportedError
from baimo.local.run import AsyncLocalTransport, LocalTransport
from baimo.transports.options import TransportOptions
from tests.transports.carriers import ADAPTED, AsyncCarrier, SyncCarrier, open_reply, read
from tests.transports.contract import AnyCarrier, wait_until
from tests.transports.peer import Connection, peer
from tests.transports.websocket_peer import accepted, ask

Make = Callable[..., AnyCarrier]


@contextmanager
def library_server(handler: Callable[[ServerConnection], None]) -> Iterator[str]:
    with serve(handler, "127.0.0.1", 0, max_size=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def test_a_conversation_with_the_librarys_own_server(make: Make) -> None:
    said: list[str | bytes] = []
    ends: list[tuple[int | None, str | None]] = []

    def handler(websocket: ServerConnection) -> None:
        assert websocket.request is not None
        said.append(websocket.request.path)
        try:
            for message in websocket:
                said.append(message)
                websocket.ping()
                websocket.send([message[:1], message[1:]])  # in fragments
        except ConnectionClosed:
            raise AssertionError("no clean end") from None
        ends.append((websocket.close_code, websocket.close_reason))

    carrier = make()
    big = "𝄞" * 500_000
    with library_server(handler) as origin:
        got = open_reply(carrier, ask(origin, "one", b"\x00\x01", big))
        assert [read(carrier, got) for _ in range(3)] == [b"one", b"\x00\x01", big.encode()]
        carrier.do(got.close)
        wait_until(lambda: bool(ends))
    assert said == ["/chat?a=%2F", "one", b"\x00\x01", big]
    assert ends == [(1000, "")]


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 3999])
def test_how_the_librarys_server_closes(make: Make, code: int) -> None:
    ends = []

    def handler(websocket: ServerConnection) -> None:
        websocket.send("a")
        websocket.close(code, "why")
        ends.append(websocket.close_code)

    carrier = make()
    with library_server(handler) as origin:
        got = open_reply(carrier, ask(origin))
        assert read(carrier, got) == b"a"
        if code < 1002:
            assert read(carrier, got) == b""
            carrier.do(got.close)
        else:
            with pytest.raises(TransportError, match=f"{code} .*why"):
                read(carrier, got)
        wait_until(lambda: bool(ends))
    assert ends == [code]


@pytest.mark.parametrize("kind", list(ADAPTED))
def test_a_client_of_the_users_says_that_it_cannot(kind: str) -> None:
    carrier = ADAPTED[kind](TransportOptions())
    try:
        with pytest.raises(UnsupportedError, match="cannot carry a WebSocket") as caught:
            open_reply(carrier, ask("http://127.0.0.1:1"))
        assert "Leave `transport` out" in str(caught.value.hint)
    finally:
        carrier.close()


def test_the_embedded_model_says_that_it_cannot() -> None:
    carriers = (
        SyncCarrier("local", LocalTransport()),
        AsyncCarrier("local", lambda _: AsyncLocalTransport()),
    )
    for carrier in carriers:
        try:
            with pytest.raises(UnsupportedError, match="embedded model cannot carry a WebSocket"):
                open_reply(carrier, ask("http://127.0.0.1:1"))
        finally:
            carrier.close()


def test_frames_are_never_logged(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)

    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()) + b"\x81\x06secret\xc1\x00")
        connection.ended_at()

    carrier = make()
    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin, "also secret"))
        assert read(carrier, got) == b"secret"
        with pytest.raises(TransportError):
            read(carrier, got)
    assert "secret" not in caplog.text


def test_a_program_that_speaks_http_alone_does_not_load_the_library() -> None:
    program = "import sys, baimo.transports.sync, baimo.transports.aio, baimo.client.client\n"
    program += "print([name for name in sys.modules if name.startswith('websockets')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "[]", done.stderr
