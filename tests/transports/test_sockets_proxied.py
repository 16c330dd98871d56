"""WebSockets by TLS and by proxies."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from baimo.errors import ConnectError
from baimo.transports.options import TlsOptions
from tests.transports.carriers import open_reply, read
from tests.transports.certificates import Authority
from tests.transports.contract import AnyCarrier
from tests.transports.peer import Connection, peer
from tests.transports.proxy_peer import ProxyScript
from tests.transports.websocket_peer import Reader, accepted, ask, close, text

Make = Callable[..., AnyCarrier]


def answering(connection: Connection) -> None:
    """Says back what it is told."""
    connection.say(accepted(connection.head()))
    reader = Reader(connection)
    connection.say(text(reader.next()[1].decode()) + close(1000))
    connection.ended_at()


def talk(carrier: AnyCarrier, origin: str) -> list[bytes]:
    got = open_reply(carrier, ask(origin, "hello"))
    found = [read(carrier, got), read(carrier, got)]
    carrier.do(got.close)
    return found


def test_a_secure_socket(make: Make, authority: Authority) -> None:
    carrier = make(tls=TlsOptions(ca_file=str(authority.ca_file)))
    with peer(answering, context=authority.server_context()) as server:
        assert server.origin.startswith("https")
        for _ in range(2):
            assert talk(carrier, server.origin) == [b"hello", b""]


def test_a_stranger_is_refused(make: Make, stranger: Authority) -> None:
    with (
        peer(answering, context=stranger.server_context()) as server,
        pytest.raises(ConnectError, match="not trusted"),
    ):
        talk(make(), server.origin)


@pytest.mark.parametrize("is_secure", [False, True])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_through_a_tunnel(make: Make, authority: Authority, scheme: str, is_secure: bool) -> None:
    context = authority.server_context()
    script = ProxyScript()
    with (
        peer(answering, context=context if is_secure else None) as server,
        peer(script, context=context if scheme == "https" else None) as proxy,
    ):
        carrier = make(
            proxies={"127.0.0.1": f"{scheme}://localhost:{proxy.port}"},
            tls=TlsOptions(ca_file=str(authority.ca_file)),
        )
        assert talk(carrier, server.origin) == [b"hello", b""]
        assert script.asked == [b"CONNECT 127.0.0.1:%d HTTP/1.1" % server.port]


def test_a_proxy_that_refuses_is_told_in_words(make: Make) -> None:
    with peer(ProxyScript(answer=b"HTTP/1.1 403 Forbidden\r\n\r\n")) as proxy:
        carrier = make(proxies={"127.0.0.1": f"http://localhost:{proxy.port}"})
        with pytest.raises(ConnectError, match="did not open a tunnel: it answered 403") as caught:
            open_reply(carrier, ask("http://127.0.0.1:1"))
    assert not caught.value.sent


@pytest.mark.parametrize(
    ("scheme", "asked"), [("socks5h", b"\x03\x09localhost"), ("socks5", b"\x01\x7f\x00\x00\x01")]
)
def test_by_socks(make: Make, scheme: str, asked: bytes) -> None:
    seen = []

    def script(connection: Connection) -> None:
        assert connection.sock.recv(3) == b"\x05\x01\x00"
        connection.say(b"\x05\x00")
        seen.append(connection.sock.recv(300)[3:-2])
        connection.say(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        answering(connection)

    with peer(script) as proxy:
        carrier = make(proxies={"localhost": f"{scheme}://127.0.0.1:{proxy.port}"})
        assert talk(carrier, "http://localhost:1") == [b"hello", b""]
    assert seen == [asked]
