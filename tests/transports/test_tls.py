"""TLS: who is trusted, who is not and what is said about it, client certificates, ends without a goodbye."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from baimo.errors import ConfigError, ConnectError, TimedOutError, TransportError
from baimo.transports.options import ClientCertificate, TlsOptions
from baimo.transports.tls import TlsContexts, make_context
from baimo.types.secret import Secret
from tests.transports.carriers import fetch, open_reply, read, read_all
from tests.transports.certificates import Authority
from tests.transports.contract import CHUNKED_HEAD, AnyCarrier, Pieces, get, post
from tests.transports.peer import Connection, chunk, once, peer, reply, serving

Make = Callable[..., AnyCarrier]


def trusting(authority: Authority, **more: object) -> TlsOptions:
    return TlsOptions(ca_file=str(authority.ca_file), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_custom_authority_is_trusted_by_name_and_by_address(
    make: Make, authority: Authority, host: str
) -> None:
    with peer(serving(reply()), context=authority.server_context()) as server:
        carrier = make(tls=trusting(authority))
        origin = f"https://{host}:{server.port}"
        for _ in range(3):
            assert fetch(carrier, post(origin)) == (200, b"hello")
        assert server.accepted == 1


def test_an_authority_may_be_given_as_text(make: Make, authority: Authority) -> None:
    with peer(serving(reply()), context=authority.server_context()) as server:
        carrier = make(tls=TlsOptions(ca_data=authority.ca_file.read_text()))
        assert fetch(carrier, get(server.origin)) == (200, b"hello")


def test_a_stranger_is_refused_with_words_on_how_to_mend_it(make: Make, stranger: Authority) -> None:
    with peer(serving(reply()), context=stranger.server_context()) as server:
        carrier = make()
        with pytest.raises(ConnectError, match="not trusted") as caught:
            fetch(carrier, get(server.origin))
    assert "ca_file" in str(caught.value)
    assert f"127.0.0.1:{server.port}" in str(caught.value)
    assert not caught.value.retryable
    assert not caught.value.sent


def test_a_certificate_for_another_name_is_refused(make: Make, authority: Authority) -> None:
    with peer(serving(reply()), context=authority.server_context()) as server:
        carrier = make(tls=trusting(authority))
        with pytest.raises(ConnectError, match="not trusted"):
            fetch(carrier, get(f"https://other.localhost:{server.port}"))


def test_a_stranger_is_accepted_only_when_told_so(make: Make, stranger: Authority) -> None:
    with peer(serving(reply()), context=stranger.server_context()) as server:
        carrier = make(tls=TlsOptions(verify=False))
        assert fetch(carrier, get(server.origin)) == (200, b"hello")


def test_our_certificate_is_shown_to_a_server_that_asks(make: Make, authority: Authority) -> None:
    mine = ClientCertificate(certificate_file=str(authority.client_file))
    with peer(serving(reply()), context=authority.server_context(wants_client=True)) as server:
        carrier = make(tls=trusting(authority, client_certificate=mine))
        assert fetch(carrier, get(server.origin)) == (200, b"hello")


def test_a_server_that_wants_a_certificate_and_gets_none_ends_the_call(
    make: Make, authority: Authority
) -> None:
    context = authority.server_context(wants_client=True)
    with peer(serving(reply()), context=context) as server, pytest.raises(TransportError):
        fetch(make(tls=trusting(authority)), get(server.origin))


def test_http_1_1_is_what_is_agreed_on(make: Make, authority: Authority) -> None:
    agreed: list[str | None] = []

    def script(connection: Connection) -> None:
        assert isinstance(connection.sock, ssl.SSLSocket)
        agreed.append(connection.sock.selected_alpn_protocol())
        connection.answer(reply())

    with peer(script, context=authority.server_context()) as server:
        fetch(make(tls=trusting(authority)), get(server.origin))
    assert agreed == ["http/1.1"]


def test_a_plain_server_behind_https_is_told_in_words(make: Make) -> None:
    def script(connection: Connection) -> None:
        connection.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.ended_at()

    with peer(script) as server, pytest.raises(ConnectError, match="TLS handshake") as caught:
        fetch(make(), get(server.origin.replace("http:", "https:")))
    assert "its address begins with http://" in str(caught.value.hint)


def test_a_server_that_hangs_up_in_the_handshake_is_told_in_words(make: Make) -> None:
    def script(connection: Connection) -> None:
        connection.sock.recv(65536)
        connection.reset()

    with peer(script) as server, pytest.raises(ConnectError, match="TLS handshake"):
        fetch(make(), get(server.origin.replace("http:", "https:")))


def test_a_handshake_that_hangs_ends_at_the_limit_of_the_connection(make: Make) -> None:
    def script(connection: Connection) -> None:
        connection.ended_at()

    with peer(script) as server, pytest.raises(TimedOutError) as caught:
        open_reply(make(), get(server.origin.replace("http:", "https:")), connect_s=0.1)
    assert caught.value.limit == "connect"


def test_a_stream_and_a_large_upload_pass_through_tls(make: Make, authority: Authority) -> None:
    body = bytes(range(256)) * 8000
    seen: list[bytes] = []
    was_read = threading.Semaphore(0)

    def script(connection: Connection) -> None:
        seen.append(connection.request())
        connection.say(CHUNKED_HEAD)
        for piece in (b"one", b"two"):
            connection.say(chunk(piece))
            assert was_read.acquire(timeout=5)
        connection.say(chunk(body) + chunk(b""))

    with peer(script, context=authority.server_context()) as server:
        carrier = make(tls=trusting(authority))
        got = open_reply(carrier, post(server.origin, Pieces([body], is_length_known=True)))
        for piece in (b"one", b"two"):
            assert read(carrier, got) == piece
            was_read.release()
        assert read_all(carrier, got) == body
    assert seen[0].endswith(body)


def test_a_refusal_in_the_middle_of_an_upload_is_read_through_tls(make: Make, authority: Authority) -> None:
    def script(connection: Connection) -> None:
        connection.head()
        connection.say(reply(b"too large", b"Connection: close", status=b"413 Payload Too Large"))
        connection.ended_at()

    with peer(script, context=authority.server_context()) as server:
        carrier = make(tls=trusting(authority))
        endless = Pieces([b"x" * 65536] * 4000, is_length_known=True)
        assert open_reply(carrier, post(server.origin, endless)).head.status == 413
        assert endless.given < 4000


def test_an_end_without_goodbye_is_no_end_of_a_body(make: Make, authority: Authority) -> None:
    with peer(_cut_without_goodbye, context=authority.server_context()) as server:
        carrier = make(tls=trusting(authority))
        got = open_reply(carrier, get(server.origin))
        assert read(carrier, got) == b"part"
        with pytest.raises(TransportError):
            read(carrier, got)


def test_an_end_with_goodbye_is_the_end_of_a_body_without_framing(make: Make, authority: Authority) -> None:
    with peer(once(b"HTTP/1.1 200 OK\r\n\r\nhello"), context=authority.server_context()) as server:
        assert fetch(make(tls=trusting(authority)), get(server.origin)) == (200, b"hello")


def _cut_without_goodbye(connection: Connection) -> None:
    connection.request()
    connection.say(b"HTTP/1.1 200 OK\r\n\r\npart")
    socket.close(connection.sock.detach())


def test_settings_that_cannot_work_are_a_fault_of_the_settings(make: Make, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    mine = ClientCertificate(certificate_file=str(empty), password=Secret("fake"))
    with peer(serving(reply())) as server:
        origin = server.origin.replace("http:", "https:")
        for tls in (
            TlsOptions(ca_file=str(tmp_path / "missing.pem")),
            TlsOptions(ca_data="no certificate"),
            TlsOptions(client_certificate=mine),
        ):
            with pytest.raises(ConfigError, match="TLS settings"):
                fetch(make(tls=tls), get(origin))


def test_the_operating_systems_authorities_are_trusted_by_default() -> None:
    context = make_context(TlsOptions())
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_context_is_made_once() -> None:
    contexts = TlsContexts(TlsOptions(verify=False))
    assert contexts.for_host("a.test") is contexts.for_host("b.test")
