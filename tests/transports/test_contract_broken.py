"""Replies that are cut off, malformed or without bounds."""

from __future__ import annotations

import gzip
import threading

import pytest

from baimo.errors import TransportError
from tests.transports.carriers import fetch, open_reply, read, read_all
from tests.transports.contract import CHUNKED_HEAD, AnyCarrier, Pieces, get, post
from tests.transports.peer import Connection, chunk, once, peer, reply


@pytest.mark.parametrize("is_reset", [True, False])
def test_a_connection_that_ends_before_the_head_is_an_error(carrier: AnyCarrier, is_reset: bool) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        if is_reset:
            connection.reset()

    with peer(script) as server, pytest.raises(TransportError) as caught:
        fetch(carrier, post(server.origin))
    assert caught.value.sent
    assert caught.value.retryable


CUT_OFF = pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\npart",
        CHUNKED_HEAD + chunk(b"part"),
        CHUNKED_HEAD + chunk(b"part") + b"8\r\nhal",
        reply(gzip.compress(b"part" + bytes(300))[:-4], b"Content-Encoding: gzip"),
    ],
    ids=["length", "chunked", "inside a chunk", "gzip"],
)


@CUT_OFF
def test_a_body_that_is_cut_off_is_never_a_whole_one(carrier: AnyCarrier, raw: bytes) -> None:
    with peer(once(raw)) as server:
        got = open_reply(carrier, get(server.origin))
        with pytest.raises(TransportError):
            read_all(carrier, got)


@CUT_OFF
def test_what_came_before_the_cut_is_handed_out(carrier: AnyCarrier, raw: bytes) -> None:
    with peer(once(raw)) as server:
        got = open_reply(carrier, get(server.origin))
        assert read(carrier, got).startswith(b"part")
        carrier.do(got.abort)


def test_a_connection_that_breaks_in_the_middle_of_an_upload_is_an_error(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.head()
        connection.reset()

    with peer(script) as server, pytest.raises(TransportError) as caught:
        fetch(carrier, post(server.origin, Pieces([b"x" * 65536] * 500, is_length_known=True)))
    assert caught.value.sent


def test_a_reset_in_the_body_is_an_error_after_what_came(carrier: AnyCarrier) -> None:
    was_read = threading.Event()

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD + chunk(b"part"))
        assert was_read.wait(5)
        connection.reset()

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        assert read(carrier, got) == b"part"
        was_read.set()
        with pytest.raises(TransportError):
            read(carrier, got)


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"<html>no</html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        CHUNKED_HEAD + b"zz\r\nhello",
    ],
    ids=["ssh", "html", "two lengths", "bad chunk"],
)
def test_what_is_no_http_reply_is_an_error(carrier: AnyCarrier, raw: bytes) -> None:
    with peer(once(raw)) as server, pytest.raises(TransportError):
        fetch(carrier, get(server.origin))


def test_a_length_beside_chunks_is_an_error(carrier: AnyCarrier) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    with peer(once(raw)) as server, pytest.raises(TransportError):
        fetch(carrier, get(server.origin))


def test_a_change_of_protocol_that_nobody_asked_for_is_an_error(carrier: AnyCarrier) -> None:
    raw = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    with peer(once(raw)) as server, pytest.raises(TransportError):
        fetch(carrier, get(server.origin))


def test_a_coding_that_nobody_asked_for_is_named(carrier: AnyCarrier) -> None:
    with peer(once(reply(b"xyz", b"Content-Encoding: br"))) as server:
        got = open_reply(carrier, get(server.origin))
        with pytest.raises(TransportError, match="br"):
            read(carrier, got)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nX-Endless: " + b"a" * 400_000,
        CHUNKED_HEAD + b"5;" + b"x" * 400_000,
        CHUNKED_HEAD + b"0\r\nX-Trailer: " + b"x" * 400_000,
    ],
    ids=["endless field", "endless chunk extension", "endless trailer"],
)
def test_a_head_or_framing_without_bounds_is_an_error(carrier: AnyCarrier, raw: bytes) -> None:
    with peer(once(raw)) as server, pytest.raises(TransportError):
        fetch(carrier, get(server.origin))


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 66_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 201 + b"\r\n",
    ],
    ids=["65 KiB", "201 fields"],
)
def test_a_whole_head_over_the_limits_is_an_error(carrier: AnyCarrier, raw: bytes) -> None:
    with peer(once(raw)) as server, pytest.raises(TransportError):
        fetch(carrier, get(server.origin))


def test_a_few_bytes_that_unpack_to_very_many_come_in_bounded_pieces(carrier: AnyCarrier) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    with peer(once(reply(bomb, b"Content-Encoding: gzip"))) as server:
        got = open_reply(carrier, get(server.origin))
        total = 0
        while piece := read(carrier, got):
            assert len(piece) <= 1024 * 1024
            total += len(piece)
        carrier.do(got.close)
    assert total == 64 * 1024 * 1024
