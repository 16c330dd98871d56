"""CONNECT: the request and the proxy's answer, however it is cut."""

from __future__ import annotations

import pytest

from baimo.errors import ConnectError
from baimo.wire.http import WireHead
from baimo.wire.http1_tunnel import TunnelReply, render_connect


def test_the_request_names_the_place_and_carries_the_proxys_fields() -> None:
    assert render_connect(b"api.example.test:443", ((b"Proxy-Authorization", b"Basic eDp5"),)) == (
        b"CONNECT api.example.test:443 HTTP/1.1\r\n"
        b"Host: api.example.test:443\r\n"
        b"Proxy-Authorization: Basic eDp5\r\n\r\n"
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 Connection established\r\nVia: p\r\n\r\n",
        b"HTTP/1.0 200\r\nVIA:  p \r\n\r\n",
        b"HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 200 OK\r\nVia: p\r\n\r\n",
    ],
)
def test_an_open_tunnel_is_understood_however_it_is_cut(raw: bytes) -> None:
    for at in range(len(raw)):
        reply = TunnelReply()
        assert reply.feed(raw[:at]) is None
        assert reply.feed(raw[at:]) == WireHead(200, ((b"via", b"p"),))


def test_a_refusal_may_have_a_body() -> None:
    head = TunnelReply().feed(b"HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno")
    assert head is not None
    assert head.status == 407


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"SOCKS\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno field\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad : field\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 201 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000,
    ],
)
def test_anything_else_is_an_error_of_the_connection(raw: bytes) -> None:
    with pytest.raises(ConnectError):
        TunnelReply().feed(raw)
