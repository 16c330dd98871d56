"""WebSockets that take too long, are given up, or are left behind by a transport or a process."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError

import pytest

from baimo.errors import ConnectError, TimedOutError, TransportError
from tests.transports.carriers import SyncCarrier, open_reply, read
from tests.transports.contract import AnyCarrier, wait_until
from tests.transports.peer import Connection, peer
from tests.transports.websocket_peer import (
    CLOSE,
    PING,
    PONG,
    Reader,
    accepted,
    ask,
    close,
    frame,
    sending,
    socket_pool,
    text,
)

Make = Callable[..., AnyCarrier]


def test_a_handshake_that_is_not_answered_ends_at_the_limit_of_the_head(make: Make) -> None:
    ended = threading.Event()

    def script(connection: Connection) -> None:
        connection.head()
        pause = threading.Event()
        try:
            for byte in b"HTTP/1.1 101 Switching" * 20:  # dripping does not move the limit
                connection.say(bytes([byte]))
                pause.wait(0.01)
        finally:
            ended.set()

    carrier = make()
    with peer(script) as server:
        with pytest.raises(TimedOutError) as caught:
            open_reply(carrier, ask(server.origin), head_s=0.1)
        assert caught.value.limit == "head"
        assert ended.wait(5)


def test_a_connection_that_is_not_made_in_time_is_told_as_such(make: Make, full_port: int) -> None:
    with pytest.raises(TimedOutError) as caught:
        open_reply(make(), ask(f"http://127.0.0.1:{full_port}"), connect_s=0.05)
    assert caught.value.limit == "connect"
    assert not caught.value.sent


def test_silence_after_a_message_is_told_as_such(make: Make) -> None:
    ended = threading.Event()

    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()) + text("a"))
        connection.ended_at()
        ended.set()

    carrier = make()
    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin))
        assert read(carrier, got) == b"a"
        with pytest.raises(TimedOutError) as caught:
            read(carrier, got, 0.05)
        assert caught.value.limit == "idle"
        assert ended.wait(5)


def test_pings_are_no_pieces_and_do_not_move_the_limit(make: Make) -> None:
    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()))
        pause = threading.Event()
        for _ in range(500):
            connection.say(frame(PING, b"alive"))
            pause.wait(0.01)

    carrier = make()
    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin))
        with pytest.raises(TimedOutError) as caught:
            read(carrier, got, 0.1)
        assert caught.value.limit == "idle"


def test_a_peer_that_takes_nothing_of_a_large_frame_ends_at_a_limit(make: Make) -> None:
    given_up = threading.Event()

    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()))
        given_up.wait(10)

    carrier = make()
    with peer(script) as server:
        with pytest.raises(TimedOutError):
            read(carrier, open_reply(carrier, ask(server.origin, bytes(32 * 1024 * 1024)), head_s=0.3), 0.3)
        given_up.set()


def test_a_peer_that_pings_without_end_and_reads_nothing_does_not_fill_the_memory(make: Make) -> None:
    def script(connection: Connection) -> None:
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.say(accepted(connection.head()))
        flood = frame(PING, bytes(125)) * 500
        for _ in range(600):
            connection.say(flood)

    carrier = make()
    is_blocking = isinstance(carrier, SyncCarrier)  # then it waits in vain for its answers to leave
    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin))
        with pytest.raises(TransportError, match="within 0.5 s" if is_blocking else "does not read"):
            read(carrier, got, 0.5 if is_blocking else 10)


def test_messages_that_nobody_takes_make_the_peer_wait(make: Make) -> None:
    sent = []

    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()) + text("first"))
        for _ in range(1000):
            connection.say(text("x" * 60_000))
            sent.append(1)
        connection.say(close(1000))
        connection.ended_at()

    carrier = make()
    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin))
        assert read(carrier, got) == b"first"
        wait_until_still(sent)
        assert len(sent) < 700
        count = 0
        while read(carrier, got):
            count += 1
        assert count == 1000
        carrier.do(got.close)


def wait_until_still(numbers: list[int]) -> None:
    """Turns until another thread has stopped adding."""
    before, still = -1, 0
    while still < 5:
        still = still + 1 if len(numbers) == before else 0
        before = len(numbers)
        threading.Event().wait(0.02)


@pytest.mark.parametrize("is_open", [False, True])
def test_giving_up_is_seen_at_the_server_at_once(make: Make, is_open: bool) -> None:
    asked, ended = threading.Event(), []

    def script(connection: Connection) -> None:
        head = connection.head()
        if is_open:
            connection.say(accepted(head))
        asked.set()
        ended.append(connection.ended_at())

    carrier = make()
    with peer(script) as server:
        call = carrier.start(ask(server.origin))
        assert asked.wait(5)
        if is_open:
            call = carrier.start_read(call.result(5))
            wait_until(call.running) if isinstance(carrier, SyncCarrier) else carrier.do(lambda: None)
        given_up_at = time.monotonic()
        if isinstance(carrier, SyncCarrier):
            carrier.close_transport()
        else:
            call.cancel()
        with pytest.raises((TransportError, CancelledError)):
            call.result(5)
        wait_until(lambda: bool(ended))
        assert socket_pool(carrier, server.origin).in_use == 0
    assert ended[0] - given_up_at < 0.04


def test_abort_from_another_thread_ends_a_read(make: Make) -> None:
    carrier = make()
    with peer(sending(text("a"))) as server:
        got = open_reply(carrier, ask(server.origin))
        assert read(carrier, got) == b"a"
        call = carrier.start_read(got)
        wait_until(call.running) if isinstance(carrier, SyncCarrier) else carrier.do(lambda: None)
        carrier.do(got.abort)
        carrier.do(got.abort)
        if isinstance(carrier, SyncCarrier):
            with pytest.raises(TransportError):
                call.result(5)
        else:
            call.cancel()  # one task closes a reply that another one reads: its own limit would end it


def test_closing_while_another_reads_ends_the_read(make: Make) -> None:
    carrier = make()
    with peer(sending(text("a"))) as server:
        got = open_reply(carrier, ask(server.origin))
        assert read(carrier, got) == b"a"
        call = carrier.start_read(got)
        wait_until(call.running) if isinstance(carrier, SyncCarrier) else carrier.do(lambda: None)
        carrier.do(got.close)
        with pytest.raises(TransportError, match="on our side"):
            call.result(5)


def test_closing_the_transport_ends_open_sockets(make: Make) -> None:
    ended = []

    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()) + text("a"))
        ended.append(connection.ended_at())

    carrier = make()
    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin))
        carrier.close_transport()
        wait_until(lambda: bool(ended))
        with pytest.raises(TransportError):
            while read(carrier, got):
                continue
        with pytest.raises(ConnectError):
            open_reply(carrier, ask(server.origin))


def test_a_peer_that_does_not_take_our_goodbye_is_left_without_it(make: Make) -> None:
    carrier = make()
    given_up = threading.Event()

    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()) + text("a"))
        given_up.wait(10)

    with peer(script) as server:
        # A blocking transport has sent all of a frame before anybody can close.
        unsent = b"" if isinstance(carrier, SyncCarrier) else bytes(8 * 1024 * 1024)
        got = open_reply(carrier, ask(server.origin, unsent))
        began = time.monotonic()
        carrier.do(got.close)
        assert time.monotonic() - began < 0.5
        wait_until(lambda: socket_pool(carrier, server.origin).in_use == 0)
        given_up.set()


def test_calls_in_line_wait_for_a_socket_to_end(make: Make) -> None:
    carrier = make(max_connections=1)
    with peer(sending(text("a"))) as server:
        got = open_reply(carrier, ask(server.origin))
        with pytest.raises(TimedOutError, match="no free connection"):
            open_reply(carrier, ask(server.origin), connect_s=0.05)
        second = carrier.start(ask(server.origin))
        carrier.do(got.close)
        assert read(carrier, second.result(5)) == b"a"


def test_a_child_process_leaves_its_parents_socket_alone(make: Make) -> None:
    seen = []
    may_speak, ended = threading.Event(), threading.Event()

    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()) + text("a"))
        may_speak.wait(10)
        connection.say(text("b"))
        reader = Reader(connection)
        with pytest.raises(ConnectionError):
            while True:
                seen.append(reader.next())
        ended.set()

    carrier = make()
    with peer(script) as server:
        got = open_reply(carrier, ask(server.origin))
        assert read(carrier, got) == b"a"
        if isinstance(carrier, SyncCarrier):
            child = os.fork()
            if child == 0:
                got.close()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        may_speak.set()
        assert read(carrier, got) == b"b"
        carrier.do(got.close)
        assert ended.wait(5)
    assert seen == [(CLOSE, b"\x03\xe8")]


def test_answers_wait_until_the_peer_takes_what_was_sent_before(make: Make) -> None:
    size = 8 * 1024 * 1024
    may_ask, may_read = threading.Event(), threading.Event()
    seen = []

    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()) + text("a"))
        may_ask.wait(5)
        connection.say(frame(PING, b"early") + text("b"))
        may_read.wait(5)
        reader = Reader(connection)
        reader.skip(14 + size)
        seen.append(reader.next())
        connection.say(close(1000))
        connection.ended_at()

    carrier = make()
    with peer(script) as server:
        if isinstance(carrier, SyncCarrier):  # it sends all of the frame before anybody can read
            may_ask.set()
            may_read.set()
        got = open_reply(carrier, ask(server.origin, bytes(size)))
        assert read(carrier, got) == b"a"
        may_ask.set()
        assert read(carrier, got) == b"b"
        may_read.set()
        assert read(carrier, got) == b""
        carrier.do(got.close)
    assert seen == [(PONG, b"early")]
