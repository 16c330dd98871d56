"""Replies as bytes."""

from __future__ import annotations

import pytest

from baimo.serving.framing import ReplyFramer
from baimo.wire.http import WireHead

COUNTED = WireHead(200, ((b"content-length", b"4"),))


def test_what_goes_beyond_the_length_that_was_told_is_left_out() -> None:
    framer = ReplyFramer("GET")
    assert framer.head(COUNTED).startswith(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n")
    assert framer.piece(b"abc") + framer.piece(b"def") + framer.end() == b"abcd"
    assert framer.reusable


def test_a_body_that_is_too_short_spoils_the_connection() -> None:
    framer = ReplyFramer("GET")
    framer.head(COUNTED)
    assert framer.piece(b"abc") + framer.end() == b"abc"
    assert not framer.reusable


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_some_replies_have_no_body(method: str, status: int) -> None:
    framer = ReplyFramer(method)
    assert b"chunked" not in framer.head(WireHead(status))
    assert framer.piece(b"abc") + framer.end() == b""
    assert framer.reusable


@pytest.mark.parametrize(
    ("framer", "head"),
    [
        (ReplyFramer("GET", keep_alive=False), COUNTED),
        (ReplyFramer("GET"), WireHead(200, ((b"connection", b"close"), (b"content-length", b"0")))),
        (ReplyFramer("GET", version="1.0"), WireHead(200)),
    ],
)
def test_a_connection_is_not_kept_where_somebody_wants_it_closed(framer: ReplyFramer, head: WireHead) -> None:
    assert b"connection: close" in framer.head(head)
    framer.piece(b"abcd")
    framer.end()
    assert not framer.reusable


def test_a_reply_is_reusable_only_at_its_end() -> None:
    framer = ReplyFramer("GET")
    framer.head(WireHead(200))
    assert not framer.reusable
    assert framer.piece(b"") == b""
    assert framer.piece(b"x" * 17) == b"11\r\n" + b"x" * 17 + b"\r\n"
    assert framer.end() == b"0\r\n\r\n"
    assert framer.reusable
