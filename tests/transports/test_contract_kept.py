"""Connections that are used again, and those that must not be; the pool's limits."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable

import pytest

from baimo.errors import StaleConnectionError, TimedOutError, TransportError
from tests.transports.carriers import fetch, open_reply, read, read_all
from tests.transports.contract import AnyCarrier, get, pool_of, post, wait_until
from tests.transports.peer import Connection, chunked, peer, reply, serving


def test_a_connection_is_used_again(carrier: AnyCarrier) -> None:
    with peer(
        serving(reply(), chunked(b"hello"), reply(gzip.compress(b"hello"), b"Content-Encoding: gzip"))
    ) as server:
        for _ in range(5):
            assert fetch(carrier, post(server.origin)) == (200, b"hello")
        assert server.accepted == 1


@pytest.mark.parametrize(
    "raw",
    [
        reply(b"hello", b"Connection: close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    ],
    ids=["connection: close", "1.0"],
)
def test_a_connection_that_the_server_will_not_keep_is_not_used_again(
    carrier: AnyCarrier, raw: bytes
) -> None:
    _used_once(carrier, raw)


@pytest.mark.parametrize("surplus", [b"MORE", reply(b"another")], ids=["junk", "a reply nobody asked for"])
def test_a_connection_with_bytes_after_the_reply_is_not_used_again(
    carrier: AnyCarrier, surplus: bytes
) -> None:
    _used_once(carrier, reply(b"hello") + surplus)


def _used_once(carrier: AnyCarrier, raw: bytes) -> None:
    def script(connection: Connection) -> None:
        connection.answer(raw)
        connection.ended_at()

    with peer(script) as server:
        for count in (1, 2):
            assert fetch(carrier, post(server.origin)) == (200, b"hello")
            assert server.accepted == count


def test_a_reply_given_up_before_its_end_closes_its_connection(carrier: AnyCarrier) -> None:
    ended = threading.Event()

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\npart")
        connection.ended_at()
        ended.set()

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        assert read(carrier, got) == b"part"
        carrier.do(got.close)
        assert ended.wait(5)
        with pytest.raises(TransportError):
            read(carrier, got)


def test_a_half_closed_connection_gives_its_reply_and_is_not_used_again(carrier: AnyCarrier) -> None:
    half_closed = threading.Event()

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(reply())
        connection.end_writing()
        half_closed.set()
        connection.ended_at()

    with peer(script) as server:
        for count in (1, 2):
            half_closed.clear()
            assert fetch(carrier, post(server.origin)) == (200, b"hello")
            assert server.accepted == count
            assert half_closed.wait(5)
            carrier.do(lambda: None)  # a loop that is asked for something has seen the end before


def test_a_connection_that_ended_while_idle_is_replaced_unseen(carrier: AnyCarrier) -> None:
    closed = threading.Event()

    def script(connection: Connection) -> None:
        if connection.number > 1:
            serving(reply())(connection)
            return
        connection.answer(reply())
        connection.sock.close()
        closed.set()

    with peer(script) as server:
        assert fetch(carrier, post(server.origin)) == (200, b"hello")
        assert closed.wait(5)
        for _ in range(3):
            assert fetch(carrier, post(server.origin)) == (200, b"hello")
        assert server.accepted == 2


@pytest.mark.parametrize("is_reset", [True, False])
def test_a_kept_connection_that_ends_before_any_byte_is_called_stale(
    carrier: AnyCarrier, is_reset: bool
) -> None:
    def script(connection: Connection) -> None:
        connection.answer(reply())
        connection.request()
        if is_reset:
            connection.reset()

    with peer(script) as server:
        fetch(carrier, post(server.origin))
        with pytest.raises(StaleConnectionError) as caught:
            fetch(carrier, post(server.origin))
        assert caught.value.sent
        assert server.accepted == 1


def test_a_full_pool_makes_calls_wait_in_line(make: Callable[..., AnyCarrier]) -> None:
    carrier = make(max_connections=1)
    order: list[bytes] = []

    def script(connection: Connection) -> None:
        while request := connection.request():
            order.append(request.split()[1])
            connection.say(reply())

    with peer(script) as server:
        first = open_reply(carrier, get(server.origin, b"/0"))
        waiting = []
        for number in range(1, 4):
            call = carrier.start(get(server.origin, b"/%d" % number))
            waiting.append(call)
            wait_until(lambda: len(pool_of(carrier, server.origin).waiting) == number)  # noqa: B023
        read_all(carrier, first)
        for call in waiting:
            assert read_all(carrier, call.result(10)) == b"hello"
        assert order == [b"/0", b"/1", b"/2", b"/3"]
        assert server.accepted == 1


def test_who_gives_up_waiting_leaves_no_place_behind(make: Callable[..., AnyCarrier]) -> None:
    carrier = make(max_connections=1)
    with peer(serving(reply())) as server:
        first = open_reply(carrier, get(server.origin))
        with pytest.raises(TimedOutError) as caught:
            open_reply(carrier, get(server.origin), connect_s=0.05)
        assert caught.value.limit == "connect"
        assert not caught.value.sent
        pool = pool_of(carrier, server.origin)
        assert not pool.waiting
        read_all(carrier, first)
        assert pool.in_use == 0
        assert fetch(carrier, get(server.origin)) == (200, b"hello")
