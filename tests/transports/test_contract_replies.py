"""Whole replies: every framing, every coding, piece by piece."""

from __future__ import annotations

import gzip
import threading
import zlib

import pytest

from baimo.wire.http import HttpRequest
from tests.transports.carriers import fetch, open_reply, read, read_all
from tests.transports.contract import CHUNKED_HEAD, UNTIL_CLOSE_HEAD, AnyCarrier, get
from tests.transports.peer import Connection, chunk, chunked, once, peer, reply, serving


@pytest.mark.parametrize(
    "raw",
    [
        reply(b"hello"),
        chunked(b"he", b"llo"),
        chunked(b"hello", end=b"0\r\nX-Trailer: t\r\n\r\n"),
        UNTIL_CLOSE_HEAD + b"hello",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\n" + reply(b"hello"),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + reply(b"hello"),
        reply(gzip.compress(b"hello"), b"Content-Encoding: gzip"),
        reply(zlib.compress(b"hello"), b"Content-Encoding: deflate"),
        reply(gzip.compress(b"hel") + gzip.compress(b"lo"), b"Content-Encoding: x-gzip"),
    ],
    ids=[
        "length",
        "chunked",
        "trailer",
        "until close",
        "1.0",
        "100",
        "103",
        "gzip",
        "deflate",
        "two members",
    ],
)
def test_a_whole_reply_comes_through_however_it_is_framed(carrier: AnyCarrier, raw: bytes) -> None:
    with peer(once(raw)) as server:
        assert fetch(carrier, get(server.origin)) == (200, b"hello")


@pytest.mark.parametrize("raw", [reply(b"hello"), chunked(b"he", b"llo"), UNTIL_CLOSE_HEAD + b"hello"])
def test_bytes_may_come_one_by_one(carrier: AnyCarrier, raw: bytes) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        for at in range(len(raw)):
            connection.say(raw[at : at + 1])

    with peer(script) as server:
        assert fetch(carrier, get(server.origin)) == (200, b"hello")


def test_a_deflate_body_without_its_wrapping_is_understood(carrier: AnyCarrier) -> None:
    bare = zlib.compressobj(wbits=-15)
    body = bare.compress(b"hello " * 50) + bare.flush()
    with peer(once(reply(body, b"Content-Encoding: deflate"))) as server:
        assert fetch(carrier, get(server.origin)) == (200, b"hello " * 50)


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", b"200 OK"), ("GET", b"204 No Content"), ("GET", b"304 Not Modified")]
)
def test_a_reply_that_has_no_body_by_its_kind_ends_at_its_head(
    carrier: AnyCarrier, method: str, status: bytes
) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        length = b"" if status.startswith(b"204") else b"Content-Length: 5\r\n"
        connection.say(b"HTTP/1.1 " + status + b"\r\n" + length + b"\r\n")
        connection.ended_at()

    with peer(script) as server:
        request = HttpRequest(method=method, origin=server.origin, target=b"/")
        assert fetch(carrier, request) == (int(status[:3]), b"")


def test_status_and_fields_are_handed_on_with_lower_case_names(carrier: AnyCarrier) -> None:
    raw = reply(
        b"no", b"X-Request-ID: 7", b"Set-Cookie: a", b"Set-Cookie: b", status=b"429 Too Many Requests"
    )
    with peer(once(raw)) as server:
        got = open_reply(carrier, get(server.origin))
        assert got.head.status == 429
        assert got.head.get(b"x-request-id") == "7"
        assert [value for name, value in got.head.headers if name == b"set-cookie"] == [b"a", b"b"]
        assert read_all(carrier, got) == b"no"


def test_a_redirect_is_not_followed(carrier: AnyCarrier) -> None:
    with peer(serving(reply(b"", b"Location: /elsewhere", status=b"302 Found"))) as server:
        assert fetch(carrier, get(server.origin)) == (302, b"")
        assert server.accepted == 1


def test_a_large_piece_comes_whole(carrier: AnyCarrier) -> None:
    body = b"0123456789abcdef" * 320 * 1024  # 5 MB
    with peer(serving(chunked(body), reply(body))) as server:
        assert fetch(carrier, get(server.origin)) == (200, body)
        assert fetch(carrier, get(server.origin)) == (200, body)


def test_a_piece_is_handed_out_before_the_next_one_is_sent(carrier: AnyCarrier) -> None:
    was_read = threading.Semaphore(0)

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD)
        for piece in (b"one", b"two", b"three"):
            connection.say(chunk(piece))
            assert was_read.acquire(timeout=5)
        connection.say(chunk(b""))

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        for piece in (b"one", b"two", b"three"):
            assert read(carrier, got) == piece
            was_read.release()
        assert read_all(carrier, got) == b""


def test_a_compressed_stream_is_not_held_back(carrier: AnyCarrier) -> None:
    was_read = threading.Semaphore(0)
    packer = zlib.compressobj(wbits=31)

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD[:-2] + b"Content-Encoding: gzip\r\n\r\n")
        for piece in (b"one", b"two"):
            connection.say(chunk(packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)))
            assert was_read.acquire(timeout=5)
        connection.say(chunk(packer.flush()) + chunk(b""))

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        for piece in (b"one", b"two"):
            assert read(carrier, got) == piece
            was_read.release()
        assert read_all(carrier, got) == b""
