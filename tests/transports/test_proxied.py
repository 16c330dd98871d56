"""Calls by proxies: forwarded, through tunnels, by SOCKS, with logins, and each refusal in words."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from baimo.errors import ConnectError, TimedOutError
from baimo.transports.options import TlsOptions
from tests.transports.carriers import fetch, open_reply
from tests.transports.certificates import Authority
from tests.transports.contract import AnyCarrier, get, wait_until
from tests.transports.peer import Connection, peer, reply, serving
from tests.transports.proxy_peer import ProxyScript

Make = Callable[..., AnyCarrier]
LOGIN = "m%C3%A9:p%40ss%3Aword@"
SECRET = "p@ss:word"


def by(port: int, *, login: str = "", scheme: str = "http", host: str = "127.0.0.1") -> dict[str, str]:
    return {host: f"{scheme}://{login}localhost:{port}"}


@pytest.mark.parametrize("login", ["", LOGIN])
def test_a_plain_request_is_forwarded_in_absolute_form(make: Make, login: str) -> None:
    script = ProxyScript(wants_login=bool(login))
    with peer(serving(reply())) as server, peer(script) as proxy:
        carrier = make(proxies=by(proxy.port, login=login))
        for _ in range(2):
            assert fetch(carrier, get(server.origin, b"/a?b=%2F")) == (200, b"hello")
        assert script.asked == [b"GET %b/a?b=%%2F HTTP/1.1" % server.origin.encode()] * 2
        assert proxy.accepted == 1


@pytest.mark.parametrize("login", ["", LOGIN])
def test_an_https_request_goes_through_a_tunnel(make: Make, authority: Authority, login: str) -> None:
    script = ProxyScript(wants_login=bool(login))
    with peer(serving(reply()), context=authority.server_context()) as server, peer(script) as proxy:
        carrier = make(proxies=by(proxy.port, login=login), tls=TlsOptions(ca_file=str(authority.ca_file)))
        for _ in range(2):
            assert fetch(carrier, get(server.origin)) == (200, b"hello")
        assert script.asked == [b"CONNECT 127.0.0.1:%d HTTP/1.1" % server.port]


@pytest.mark.parametrize("is_secure", [False, True])
def test_a_proxy_may_itself_be_reached_by_tls(make: Make, authority: Authority, is_secure: bool) -> None:
    script = ProxyScript(wants_login=True)
    context = authority.server_context()
    with (
        peer(serving(reply()), context=context if is_secure else None) as server,
        peer(script, context=context) as proxy,
    ):
        carrier = make(
            proxies=by(proxy.port, login=LOGIN, scheme="https"),
            tls=TlsOptions(ca_file=str(authority.ca_file)),
        )
        for _ in range(3):
            assert fetch(carrier, get(server.origin)) == (200, b"hello")
        assert proxy.accepted == 1


def test_a_stranger_behind_a_trusted_proxy_is_refused(
    make: Make, authority: Authority, stranger: Authority
) -> None:
    with (
        peer(serving(reply()), context=stranger.server_context()) as server,
        peer(ProxyScript(), context=authority.server_context()) as proxy,
    ):
        carrier = make(proxies=by(proxy.port, scheme="https"), tls=TlsOptions(ca_file=str(authority.ca_file)))
        with pytest.raises(ConnectError, match="not trusted") as caught:
            fetch(carrier, get(server.origin))
    assert f"127.0.0.1:{server.port}" in str(caught.value)


def test_a_large_body_passes_through_tls_inside_tls(make: Make, authority: Authority) -> None:
    body = bytes(range(256)) * 4000
    context = authority.server_context()
    with peer(serving(reply(body)), context=context) as server, peer(ProxyScript(), context=context) as proxy:
        carrier = make(proxies=by(proxy.port, scheme="https"), tls=TlsOptions(ca_file=str(authority.ca_file)))
        assert fetch(carrier, get(server.origin)) == (200, body)


@pytest.mark.parametrize("is_secure", [False, True])
@pytest.mark.parametrize("login", ["", "me:fake-wrong@"])
def test_a_login_that_fails_is_told_without_the_login(
    make: Make, authority: Authority, is_secure: bool, login: str
) -> None:
    context = authority.server_context() if is_secure else None
    with peer(serving(reply()), context=context) as server, peer(ProxyScript(wants_login=True)) as proxy:
        carrier = make(proxies=by(proxy.port, login=login))
        with pytest.raises(ConnectError, match="407") as caught:
            fetch(carrier, get(server.origin))
    words = str(caught.value)
    assert ("refuses the user name" if login else "asks for a user name") in words
    assert f"http://localhost:{proxy.port}" in words
    assert "fake-wrong" not in words + repr(caught.value.__cause__)
    assert not caught.value.retryable
    assert not caught.value.sent


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "403"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "502"),
        (b"hello?\r\n\r\n", "did not answer in HTTP"),
        (b"", "ended the connection"),
        (b"HTTP/1.1 200 OK\r\n\r\nsurplus", "bytes of its own"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_tunnel_that_does_not_open_is_told_in_words(
    make: Make, authority: Authority, scheme: str, answer: bytes, words: str
) -> None:
    context = authority.server_context() if scheme == "https" else None
    with peer(ProxyScript(answer=answer), context=context) as proxy:
        carrier = make(proxies=by(proxy.port, scheme=scheme), tls=TlsOptions(ca_file=str(authority.ca_file)))
        with pytest.raises(ConnectError, match=words) as caught:
            fetch(carrier, get("https://127.0.0.1:1"))
    assert not caught.value.sent


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
def test_a_proxy_that_does_not_answer_ends_at_the_limit_of_the_connection(make: Make, scheme: str) -> None:
    ended = threading.Event()

    def script(connection: Connection) -> None:
        connection.ended_at()
        ended.set()

    with peer(script) as proxy:
        carrier = make(proxies=by(proxy.port, scheme=scheme), tls=TlsOptions(verify=False))
        with pytest.raises(TimedOutError) as caught:
            open_reply(carrier, get("https://127.0.0.1:1"), connect_s=0.3)
        assert caught.value.limit == "connect"
        assert ended.wait(5)


def test_a_proxy_that_is_not_there_is_told_by_its_name(make: Make, closed_port: int) -> None:
    carrier = make(proxies=by(closed_port, login="me:fake-secret@"))
    with pytest.raises(ConnectError, match=f"by the proxy http://localhost:{closed_port}") as caught:
        fetch(carrier, get("http://127.0.0.1:1"))
    assert "fake-secret" not in str(caught.value)


class SocksScript:
    """A SOCKS5 proxy without a login that connects to whatever it is asked for."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def __call__(self, connection: Connection) -> None:
        sock = connection.sock
        assert sock.recv(3) == b"\x05\x01\x00"
        connection.say(b"\x05\x00")
        request = sock.recv(300)
        self.asked.append(request[3:-2])
        connection.say(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        connection.answer(reply())


@pytest.mark.parametrize(
    ("scheme", "asked"), [("socks5h", b"\x03\x09localhost"), ("socks5", b"\x01\x7f\x00\x00\x01")]
)
def test_the_kind_of_socks_says_who_looks_the_name_up(make: Make, scheme: str, asked: bytes) -> None:
    script = SocksScript()
    with peer(script) as proxy:
        carrier = make(proxies=by(proxy.port, scheme=scheme, host="localhost"))
        assert fetch(carrier, get("http://localhost:1")) == (200, b"hello")
        assert script.asked == [asked]


def test_giving_up_in_the_middle_of_a_tunnel_leaves_nothing_open(make: Make) -> None:
    asked, ended = threading.Event(), threading.Event()

    def script(connection: Connection) -> None:
        connection.head()
        asked.set()
        connection.ended_at()
        ended.set()

    with peer(script) as proxy:
        carrier = make(proxies=by(proxy.port), max_connections=1)
        call = carrier.start(get("https://127.0.0.1:1"), connect_s=0.5)
        assert asked.wait(5)
        call.cancel()
        assert ended.wait(5)
        wait_until(call.done)
