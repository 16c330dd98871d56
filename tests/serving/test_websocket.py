"""WebSockets as the server speaks them, seen by the library's own client."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from baimo.serving.asgi import Receive, Scope, Send
from tests.serving.conftest import PATIENCE_S, Serve, Served

HANDSHAKE = (
    b"GET /s?q=1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Says every message back, texts with the target before them."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept", "headers": [(b"x-mine", b"yes")]})
    target = scope["extensions"]["baimo.raw"]["target"].decode()
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") is not None:
            await send({"type": "websocket.send", "text": f"{target} {message['text']}"})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})


def doing(*messages: dict[str, Any], after_frame: bool = False) -> Any:
    """An application that accepts, maybe waits for a message, and sends these."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        if after_frame:
            await receive()
        for message in messages:
            await send(message)

    return app


def client(served: Served, path: str = "/s?q=%41", **more: Any) -> ClientConnection:
    url = f"ws://127.0.0.1:{served.server.port}{path}"
    return connect(url, proxy=None, open_timeout=PATIENCE_S, close_timeout=PATIENCE_S, **more)


def test_messages_go_both_ways_texts_and_bytes(serve: Serve) -> None:
    with client(serve(echo)) as sock:
        assert sock.response is not None
        assert sock.response.headers["x-mine"] == "yes"
        for words in ("héllo", "", "中" * 70_000):
            sock.send(words)
            assert sock.recv() == f"/s?q=%41 {words}"
        sock.send(b"\x00\xff")
        assert sock.recv() == b"\x00\xff"


def test_a_message_in_several_frames_is_one(serve: Serve) -> None:
    with client(serve(echo)) as sock:
        sock.send(iter(["one ", "two ", "three"]))
        assert sock.recv() == "/s?q=%41 one two three"


def test_a_ping_is_answered_while_the_application_waits(serve: Serve) -> None:
    with client(serve(echo)) as sock:
        assert sock.ping().wait(PATIENCE_S)


@pytest.mark.parametrize("code", [1000, 1008, 4001])
def test_the_application_closes_with_a_code_and_a_reason(serve: Serve, code: int) -> None:
    served = serve(doing({"type": "websocket.close", "code": code, "reason": "so"}))
    with client(served) as sock, pytest.raises((ConnectionClosedOK, ConnectionClosedError)) as caught:
        sock.recv()
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (code, "so")


def test_an_application_that_ends_closes_in_good_order(serve: Serve) -> None:
    with client(serve(doing())) as sock, pytest.raises(ConnectionClosedOK):
        sock.recv()


def test_a_handshake_is_refused_with_status_head_and_body(serve: Serve) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        fields = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "websocket.http.response.start", "status": 401, "headers": fields})
        await send({"type": "websocket.http.response.body", "body": b"{}"})

    with pytest.raises(InvalidStatus) as caught:
        client(serve(refuse))
    response = caught.value.response
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/json"
    assert response.body == b"{}"


def test_a_close_before_the_accept_is_a_refusal(serve: Serve) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close"})

    with pytest.raises(InvalidStatus, match="403"):
        client(serve(refuse))


def test_an_application_that_never_accepts_is_a_500(serve: Serve) -> None:
    async def idle(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    with pytest.raises(InvalidStatus, match="500"):
        client(serve(idle))


def test_what_an_application_raises_is_told_and_closes_with_1011(serve: Serve) -> None:
    async def bad(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        raise LookupError("mine")

    served = serve(bad)
    with client(served) as sock, pytest.raises(ConnectionClosedError, match="1011"):
        sock.recv()
    assert [str(fault) for fault in served.faults] == ["mine"]


def test_an_abort_ends_without_a_close(serve: Serve) -> None:
    served = serve(doing({"type": "websocket.send", "text": "half"}, {"type": "baimo.raw.abort"}))
    with client(served) as sock:
        assert sock.recv() == "half"
        with pytest.raises(ConnectionClosedError) as caught:
            sock.recv()
    assert caught.value.rcvd is None


def test_bytes_past_the_framing_break_the_rules(serve: Serve) -> None:
    served = serve(doing({"type": "baimo.raw.send", "body": b"\xff\xff"}, after_frame=True))
    with client(served) as sock:
        sock.send("go")
        with pytest.raises(ConnectionClosedError):
            sock.recv()


def test_a_client_that_leaves_is_told_of_with_its_code(serve: Serve) -> None:
    told: list[Any] = []
    done = threading.Event()

    async def listen(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        told.append(await receive())
        done.set()

    with client(serve(listen)) as sock:
        sock.close(4002, "bye")
    assert done.wait(PATIENCE_S)
    assert (told[0]["type"], told[0]["code"]) == ("websocket.disconnect", 4002)


def test_an_application_is_stopped_when_its_client_is_lost(serve: Serve) -> None:
    begun, stopped = threading.Event(), threading.Event()

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        import asyncio

        await receive()
        await send({"type": "websocket.accept"})
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    with serve(wait).visit() as visitor:
        visitor.say(HANDSHAKE)
        assert visitor.head().startswith(b"HTTP/1.1 101 ")
        assert begun.wait(PATIENCE_S)
    assert stopped.wait(PATIENCE_S)


def test_a_handshake_that_is_none_is_refused(serve: Serve) -> None:
    with serve(echo).visit() as visitor:
        visitor.say(HANDSHAKE.replace(b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Version: 7"))
        assert visitor.rest().startswith(b"HTTP/1.1 400 ")


def test_a_message_that_is_too_large_closes_with_1009(serve: Serve) -> None:
    with client(serve(echo, max_body=1000)) as sock:
        sock.send("x" * 2000)
        with pytest.raises(ConnectionClosedError, match="1009"):
            sock.recv()


def test_a_text_that_is_not_utf8_closes_with_1007(serve: Serve) -> None:
    with client(serve(echo)) as sock:
        sock.send(b"\xff", text=True)
        with pytest.raises(ConnectionClosedError, match="1007"):
            sock.recv()


def test_frames_that_come_with_the_handshake_are_not_lost(serve: Serve) -> None:
    masked = b"\x81\x82\0\0\0\0hi"
    with serve(echo).visit() as visitor:
        visitor.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        visitor.say(HANDSHAKE + masked)
        visitor.head()
        assert visitor.exactly(11) == b"\x81\x09/s?q=1 hi"


def test_stopping_the_server_ends_its_sockets(serve: Serve) -> None:
    served = serve(echo)
    with client(served) as sock:
        served.background.stop(grace_s=0.01)
        with pytest.raises(ConnectionClosedError):
            sock.recv()
