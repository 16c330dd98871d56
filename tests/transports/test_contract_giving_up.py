"""Giving up: the server sees it at once, and nothing stays behind."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError

import pytest

from baimo.errors import ConnectError, TimedOutError, TransportError
from tests.transports.carriers import OURS, SyncCarrier, fetch, open_reply, read
from tests.transports.contract import CHUNKED_HEAD, AnyCarrier, get, pool_of, post, wait_until
from tests.transports.peer import Connection, chunk, peer, reply, serving


def test_giving_up_before_the_head_is_seen_at_the_server_at_once(carrier: AnyCarrier) -> None:
    asked, ended = threading.Event(), []

    def script(connection: Connection) -> None:
        connection.request()
        asked.set()
        ended.append(connection.ended_at())

    with peer(script) as server:
        call = carrier.start(post(server.origin))
        assert asked.wait(5)
        given_up_at = time.monotonic()
        give_up(carrier, call)
        wait_until(lambda: bool(ended))
    assert ended[0] - given_up_at < 0.04


def test_giving_up_in_the_body_is_seen_at_the_server_at_once(carrier: AnyCarrier) -> None:
    ended = []

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD + chunk(b"part"))
        ended.append(connection.ended_at())

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        assert read(carrier, got) == b"part"
        call = carrier.start_read(got)
        wait_until(call.running) if isinstance(carrier, SyncCarrier) else carrier.do(lambda: None)
        given_up_at = time.monotonic()
        if isinstance(carrier, SyncCarrier):
            got.abort()
            with pytest.raises(TransportError):
                call.result(5)
        else:
            call.cancel()
        wait_until(lambda: bool(ended))
        carrier.do(got.abort)
    assert ended[0] - given_up_at < 0.04


def give_up(carrier: AnyCarrier, call: object) -> None:
    """Cancels an asynchronous call; a blocking one ends only with its transport."""
    if isinstance(carrier, SyncCarrier):
        carrier.close_transport()
        with pytest.raises(TransportError):
            call.result(5)  # type: ignore[attr-defined]
    else:
        call.cancel()  # type: ignore[attr-defined]
        with pytest.raises(CancelledError):
            call.result(5)  # type: ignore[attr-defined]


def test_calls_after_cancelled_ones_are_all_right(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        while request := connection.request():
            if b"/hang" not in request.split(b"\r\n")[0]:
                connection.say(reply())

    with peer(script) as server:
        for _ in range(10):
            with pytest.raises(TimedOutError):
                open_reply(carrier, get(server.origin, b"/hang"), head_s=0.01)
        for _ in range(10):
            assert fetch(carrier, get(server.origin)) == (200, b"hello")
        if carrier.name in OURS:
            assert pool_of(carrier, server.origin).in_use == 0


def test_closing_the_transport_ends_reads_that_wait(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD + chunk(b"part"))
        connection.ended_at()

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        assert read(carrier, got) == b"part"
        call = carrier.start_read(got)
        carrier.close_transport()
        with pytest.raises(TransportError):
            call.result(5)


def test_a_closed_transport_takes_no_more_calls(carrier: AnyCarrier) -> None:
    with peer(serving(reply())) as server:
        fetch(carrier, get(server.origin))
        carrier.close_transport()
        with pytest.raises(ConnectError) as caught:
            fetch(carrier, get(server.origin))
    assert not caught.value.retryable
