"""The opening handshake of WebSocket."""

from __future__ import annotations

import pytest

from baimo.errors import TransportError
from baimo.wire.http import HeaderFields, SocketRequest, WireHead
from baimo.wire.websocket import UpgradeReply, accept_of, check_accepted, handshake

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # the pair of RFC 6455, section 1.3
GOOD = (
    (b"upgrade", b"WebSocket"),
    (b"connection", b"keep-alive, Upgrade"),
    (b"sec-websocket-accept", ACCEPT),
)
HEAD = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


def asked(*fields: tuple[bytes, bytes]) -> SocketRequest:
    return SocketRequest(origin="wss://a.example", target=b"/x?sign=%2B", headers=fields)


def test_the_request_keeps_target_and_fields_and_replaces_what_is_the_handshakes() -> None:
    made = handshake(asked((b"X-One", b"1"), (b"sec-websocket-KEY", b"theirs"), (b"upgrade", b"h2c")), KEY)
    assert (made.method, made.origin, made.target, made.body) == (
        "GET",
        "wss://a.example",
        b"/x?sign=%2B",
        b"",
    )
    assert made.headers == (
        (b"X-One", b"1"),
        (b"Upgrade", b"websocket"),
        (b"Connection", b"Upgrade"),
        (b"Sec-WebSocket-Key", KEY),
        (b"Sec-WebSocket-Version", b"13"),
    )


def test_the_answer_to_a_key_is_that_of_the_specification() -> None:
    assert accept_of(KEY) == ACCEPT


@pytest.mark.parametrize(
    "more", [(), ((b"sec-websocket-protocol", b"Chat"),), ((b"sec-websocket-extensions", b""),)]
)
def test_a_good_answer_passes(more: HeaderFields) -> None:
    check_accepted(WireHead(101, GOOD + more), handshake(asked((b"Sec-WebSocket-Protocol", b"a, chat")), KEY))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (GOOD[1:], "does not change"),
        (((b"upgrade", b"websocket, h2c"), *GOOD[1:]), "does not change"),
        ((GOOD[0], GOOD[2]), "Connection field"),
        (((b"connection", b"keep-alive"), GOOD[0], GOOD[2]), "Connection field"),
        (GOOD[:2], "our key"),
        ((*GOOD[:2], (b"sec-websocket-accept", ACCEPT.lower())), "our key"),
        ((*GOOD, (b"sec-websocket-accept", ACCEPT)), "our key"),
        ((*GOOD, (b"sec-websocket-extensions", b"permessage-deflate")), "extension"),
        ((*GOOD, (b"sec-websocket-protocol", b"chat")), "subprotocol"),
    ],
)
def test_an_answer_that_is_not_ours_is_told_why(fields: HeaderFields, words: str) -> None:
    with pytest.raises(TransportError, match=words):
        check_accepted(WireHead(101, fields), handshake(asked(), KEY))


@pytest.mark.parametrize("at", range(0, len(HEAD) + 3, 5))
def test_what_follows_the_head_is_found_wherever_it_was_cut(at: int) -> None:
    reply = UpgradeReply()
    data = HEAD + b"\x81\x00"
    rest = b""
    for piece in (data[:at], data[at:]):
        if reply.head is not None:
            rest += piece
            continue
        reply.feed(piece)
        if reply.head is not None and reply.rest_at is not None:
            rest += piece[reply.rest_at :]
    assert reply.head is not None
    assert (reply.head.status, reply.head.get(b"upgrade"), rest) == (101, "websocket", b"\x81\x00")


def test_interim_replies_are_passed_over() -> None:
    reply = UpgradeReply()
    reply.feed(b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n" + HEAD)
    assert reply.head is not None
    assert reply.head.get(b"a") is None


def test_a_change_that_does_not_say_to_what_has_a_head_and_nothing_after_it() -> None:
    for fields in (b"", b"Upgrade: websocket\r\n"):
        reply = UpgradeReply()
        reply.feed(b"HTTP/1.1 101 X\r\n" + fields + b"\r\nmore")
        assert reply.head is not None
        assert reply.rest_at is None


def test_a_refusal_has_a_body() -> None:
    reply = UpgradeReply()
    reply.feed(b"HTTP/1.1 426 No\r\nUpgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nno")
    assert reply.take() == b"no"
    assert reply.take() == b""
    reply.feed(b"surplus that is no HTTP")
    assert not reply.reusable


@pytest.mark.parametrize(
    "data",
    [
        HEAD[:-2] + b"X: y\r\n" * 201 + b"\r\n",
        HEAD[:-2] + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 101 X\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"hello",
    ],
)
def test_a_head_over_the_limits_and_what_is_no_head_are_errors(data: bytes) -> None:
    with pytest.raises(TransportError):
        UpgradeReply().feed(data)
