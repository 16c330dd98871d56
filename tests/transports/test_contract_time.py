"""Time limits: connect, head, idle."""

from __future__ import annotations

import threading

import pytest

from baimo.errors import ConnectError, TimedOutError
from tests.transports.carriers import open_reply, read
from tests.transports.contract import CHUNKED_HEAD, AnyCarrier, get, post
from tests.transports.peer import Connection, chunk, peer


def test_a_head_that_does_not_come_in_time_is_told_as_such(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        connection.ended_at()

    with peer(script) as server, pytest.raises(TimedOutError) as caught:
        open_reply(carrier, post(server.origin), head_s=0.05)
    assert caught.value.limit == "head"
    assert caught.value.sent


def test_a_head_that_drips_does_not_move_its_limit(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        connection.say(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        pause = threading.Event()
        for _ in range(500):
            connection.say(b"a")
            pause.wait(0.01)

    with peer(script) as server, pytest.raises(TimedOutError) as caught:
        open_reply(carrier, post(server.origin), head_s=0.1)
    assert caught.value.limit == "head"


def test_a_body_that_stops_is_told_as_such(carrier: AnyCarrier) -> None:
    ended = threading.Event()

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD + chunk(b"part"))
        connection.ended_at()
        ended.set()

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        assert read(carrier, got, 0.5) == b"part"
        with pytest.raises(TimedOutError) as caught:
            read(carrier, got, 0.05)
        assert caught.value.limit == "idle"
        assert ended.wait(5)


def test_framing_that_drips_does_not_move_the_limit(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD + b"5;")
        pause = threading.Event()
        for _ in range(500):
            connection.say(b"x")
            pause.wait(0.01)

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        with pytest.raises(TimedOutError) as caught:
            read(carrier, got, 0.1)
        assert caught.value.limit == "idle"


def test_a_peer_that_takes_nothing_of_a_request_is_told_as_such(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.head()
        was_given_up.wait(5)

    was_given_up = threading.Event()
    with peer(script) as server:
        with pytest.raises(TimedOutError) as caught:
            open_reply(carrier, post(server.origin, bytes(64 * 1024 * 1024)), head_s=0.2)
        was_given_up.set()
    assert caught.value.limit == "head"


def test_each_piece_has_its_own_time(carrier: AnyCarrier) -> None:
    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD)
        pause = threading.Event()
        for _ in range(6):
            pause.wait(0.05)
            connection.say(chunk(b"x"))
        connection.say(chunk(b""))

    with peer(script) as server:
        got = open_reply(carrier, get(server.origin))
        assert b"".join(iter(lambda: read(carrier, got, 0.2), b"")) == b"xxxxxx"


def test_a_connection_that_is_not_made_in_time_is_told_as_such(carrier: AnyCarrier, full_port: int) -> None:
    with pytest.raises(TimedOutError) as caught:
        open_reply(carrier, get(f"http://127.0.0.1:{full_port}"), connect_s=0.05)
    assert caught.value.limit == "connect"
    assert not caught.value.sent


def test_an_address_where_nobody_listens_is_told_in_words(carrier: AnyCarrier, closed_port: int) -> None:
    with pytest.raises(ConnectError, match=f"127.0.0.1:{closed_port}") as caught:
        open_reply(carrier, get(f"http://127.0.0.1:{closed_port}"))
    assert not caught.value.sent
