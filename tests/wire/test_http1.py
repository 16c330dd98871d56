"""The receiving side of HTTP/1.1: any cut of the bytes, limits, ends, and reuse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.errors import TransportError
from baimo.wire.http1 import MAX_HEAD_BYTES, Http1Connection, content_codings

OK = b"HTTP/1.1 200 OK\r\n"
WHOLE = {
    "length": OK + b"Content-Length: 11\r\nX-A: 1\r\nX-A: 2\r\n\r\nhello world",
    "chunked": OK + b"Transfer-Encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: v\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\n"
    + OK
    + b"Content-Length: 11\r\n\r\nhello world",
}


def took(connection: Http1Connection) -> bytes:
    out = b""
    while piece := connection.take():
        out += piece
    return out


@pytest.mark.parametrize("raw", WHOLE.values(), ids=WHOLE)
def test_the_same_reply_however_the_bytes_are_cut(raw: bytes) -> None:
    whole = Http1Connection()
    whole.feed(raw)
    for at in range(1, len(raw)):
        connection = Http1Connection()
        connection.feed(raw[:at])
        body = took(connection)
        connection.feed(raw[at:])
        assert body + took(connection) == b"hello world"
        assert connection.head == whole.head
        assert connection.complete
        assert connection.reusable
        assert connection.take() == b""


@given(st.binary(max_size=300), st.integers(1, 40))
def test_no_bytes_at_all_make_it_fail_otherwise_than_by_its_own_error(data: bytes, step: int) -> None:
    connection = Http1Connection()
    try:
        for at in range(0, len(data), step):
            connection.feed(data[at : at + step])
        connection.eof()
        took(connection)
    except TransportError:
        assert not connection.reusable


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(1, 40))
def test_a_good_head_with_any_bytes_after_it_ends_whole_or_in_its_own_error(
    data: bytes, length: int, step: int
) -> None:
    raw = OK + b"Content-Length: %d\r\n\r\n" % length + data
    connection = Http1Connection()
    try:
        for at in range(0, len(raw), step):
            connection.feed(raw[at : at + step])
        connection.eof()
    except TransportError:
        assert len(data) < length
    else:
        assert took(connection) == data[:length]
        assert len(data) >= length


def test_no_body_is_there_before_it_came() -> None:
    connection = Http1Connection()
    connection.feed(OK + b"Content-Length: 5\r\n\r\n")
    assert connection.head is not None
    assert connection.take() is None
    connection.feed(b"he")
    assert connection.buffered == 2
    assert connection.take() == b"he"
    assert connection.take() is None
    assert not connection.complete


def test_pieces_of_one_read_come_as_one() -> None:
    connection = Http1Connection()
    connection.feed(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n")
    assert connection.take() == b"ab"


def test_one_connection_carries_one_reply_after_the_other() -> None:
    connection = Http1Connection()
    for raw in (*WHOLE.values(), *WHOLE.values()):
        connection.start("POST")
        assert connection.head is None
        assert not connection.started
        connection.feed(raw)
        assert took(connection) == b"hello world"
        assert connection.reusable


@pytest.mark.parametrize(
    ("method", "raw"),
    [
        ("HEAD", OK + b"Content-Length: 5\r\n\r\n"),
        ("HEAD", OK + b"Transfer-Encoding: chunked\r\n\r\n"),
        ("HEAD", OK + b"Content-Encoding: br\r\nContent-Length: 5\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    ],
)
def test_some_replies_have_no_body_by_their_kind(method: str, raw: bytes) -> None:
    connection = Http1Connection()
    connection.start(method)
    connection.feed(raw)
    assert connection.complete
    assert connection.take() == b""


def test_bytes_that_follow_a_reply_to_head_are_no_body() -> None:
    connection = Http1Connection()
    connection.start("HEAD")
    connection.feed(OK + b"Content-Length: 5\r\n\r\nhello")
    assert connection.take() == b""
    assert not connection.reusable


@pytest.mark.parametrize(
    "raw",
    [
        OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        OK + b"Content-Length: 0\r\n\r\nX",
        OK + b"Content-Length: 0\r\n\r\n" + OK,
        OK + b"Connection: close\r\nContent-Length: 0\r\n\r\nX",
    ],
)
def test_a_whole_reply_may_still_end_its_connection(raw: bytes) -> None:
    connection = Http1Connection()
    connection.feed(raw)
    assert connection.complete
    assert connection.take() == b""
    assert not connection.reusable


@pytest.mark.parametrize("spoil", [lambda it: it.feed(b"x"), Http1Connection.eof], ids=["bytes", "end"])
def test_bytes_and_an_end_after_a_whole_reply_make_it_unusable(
    spoil: Callable[[Http1Connection], None],
) -> None:
    connection = Http1Connection()
    connection.feed(WHOLE["length"])
    assert connection.reusable
    spoil(connection)
    assert connection.complete
    assert not connection.reusable


def test_the_end_of_the_connection_ends_a_body_without_framing_only() -> None:
    connection = Http1Connection()
    connection.feed(OK + b"\r\nhello")
    assert connection.take() == b"hello"
    assert connection.take() is None
    connection.eof()
    assert connection.take() == b""
    assert not connection.reusable


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "before the head"),
        (b"HTTP/1.1 200", "before the head"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "before the head"),
        (OK + b"Content-Length: 5\r\n\r\nhell", "before the end of the body"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "before the end of the body"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "before the end of the body"),
    ],
)
def test_an_end_that_comes_too_early_is_an_error(raw: bytes, words: str) -> None:
    connection = Http1Connection()
    if raw:
        connection.feed(raw)
    with pytest.raises(TransportError, match=words):
        connection.eof()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "not valid HTTP"),
        (OK + b"Content-Length: x\r\n\r\n", "not valid HTTP"),
        (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "not valid HTTP"),
        (OK + b"Transfer-Encoding: gzip\r\n\r\n", "transfer coding"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "transfer coding"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "status 101"),
        (b"HTTP/1.1 000 None\r\n\r\n", "status 0"),
        (OK + b"X-A: 1\r\n" * 201 + b"\r\n", "over 200 fields"),
        (OK + b"X: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n", "over 65536 bytes"),
    ],
)
def test_a_broken_head_is_an_error_and_never_a_reply(raw: bytes, words: str) -> None:
    connection = Http1Connection()
    with pytest.raises(TransportError, match=words):
        connection.feed(raw)
    assert connection.head is None
    with pytest.raises(TransportError):
        connection.eof()
    connection.feed(OK + b"\r\n")
    assert connection.head is None
    assert not connection.reusable


@pytest.mark.parametrize("line", [b"X-Long: " + b"a" * 500, b"X: y\r\n" * 50])
def test_an_unfinished_head_is_bounded(line: bytes) -> None:
    connection = Http1Connection()
    connection.feed(OK)
    with pytest.raises(TransportError, match="over"):
        for _ in range(200):
            connection.feed(line)


def test_a_head_of_just_the_allowed_size_passes() -> None:
    field = b"X: " + b"a" * (MAX_HEAD_BYTES - 40) + b"\r\n"
    connection = Http1Connection()
    connection.feed(OK + field + b"Content-Length: 3\r\n\r\nabc")
    assert took(connection) == b"abc"


def test_a_large_body_beside_a_small_head_is_no_large_head() -> None:
    connection = Http1Connection()
    connection.feed(OK + b"Content-Length: 200000\r\n\r\n" + bytes(200_000))
    assert len(took(connection)) == 200_000


@pytest.mark.parametrize("endless", [b"5;" + b"x" * 1000, b"0\r\nT: " + b"x" * 1000])
def test_framing_without_body_is_bounded(endless: bytes) -> None:
    connection = Http1Connection()
    connection.feed(OK + b"Transfer-Encoding: chunked\r\n\r\n" + endless)
    with pytest.raises(TransportError, match="framing"):
        for _ in range(100):
            connection.feed(b"x" * 1000)


def test_a_long_stream_of_small_chunks_is_not_taken_for_framing() -> None:
    connection = Http1Connection()
    connection.feed(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(20_000):
        connection.feed(b"1\r\n")
        connection.feed(b"x\r\n")
    assert took(connection) == b"x" * 20_000


def test_what_came_before_a_fault_can_still_be_taken() -> None:
    connection = Http1Connection()
    with pytest.raises(TransportError):
        connection.feed(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n")
    assert connection.take() == b"ab"
    assert connection.take() is None


def test_content_codings_are_listed_without_identity() -> None:
    assert content_codings(b" GZip , identity,, deflate ") == (b"gzip", b"deflate")


def test_nothing_is_fed_after_the_parser_was_let_go() -> None:
    connection = Http1Connection()
    connection.forget()
    connection.feed(WHOLE["length"])
    assert connection.head is None
    connection.start("GET")
    connection.feed(WHOLE["length"])
    assert connection.complete


@pytest.mark.parametrize(
    "moment",
    ["on_message_begin", "on_header", "on_headers_complete", "on_body", "on_message_complete"],
)
def test_ctrl_c_in_the_middle_of_the_parser_is_no_fault_of_the_reply(moment: str) -> None:
    def stop(self: Http1Connection, *_: object) -> None:
        raise KeyboardInterrupt

    connection = type("Stopped", (Http1Connection,), {moment: stop})()
    with pytest.raises(KeyboardInterrupt):
        connection.feed(WHOLE["length"])
    assert not connection.reusable
