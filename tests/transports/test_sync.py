"""The blocking transport: threads, forks, idle connections, and what its first call imports."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from baimo.errors import TransportError
from baimo.transports.options import TransportOptions
from baimo.transports.sync import SyncTransport
from baimo.wire.http import HttpRequest
from tests.transports.carriers import SyncCarrier
from tests.transports.contract import CHUNKED_HEAD, get, pool_of, wait_until
from tests.transports.peer import Connection, chunk, peer, reply, serving


def call(transport: SyncTransport, request: HttpRequest) -> bytes:
    got = transport.open(request, connect_s=5, head_s=5)
    body = b"".join(iter(lambda: got.read(5), b""))
    got.close()
    return body


def in_child(work: object) -> int:
    """Runs `work` in a forked process; its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()  # type: ignore[operator]
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def test_many_threads_share_one_transport() -> None:
    with peer(serving(reply(), chunk_reply())) as server:
        transport = SyncTransport()
        with ThreadPoolExecutor(16) as threads:
            bodies = list(threads.map(lambda _: call(transport, get(server.origin)), range(200)))
        assert bodies == [b"hello"] * 200
        assert server.accepted <= 16
        transport.close()


def chunk_reply() -> bytes:
    return CHUNKED_HEAD + chunk(b"hello") + chunk(b"")


def test_the_pool_bounds_connections_however_many_threads_call() -> None:
    with peer(serving(reply())) as server:
        transport = SyncTransport(TransportOptions(max_connections=3))
        with ThreadPoolExecutor(16) as threads:
            bodies = list(threads.map(lambda _: call(transport, get(server.origin)), range(100)))
        assert bodies == [b"hello"] * 100
        assert server.accepted <= 3
        transport.close()


def test_an_idle_connection_expires() -> None:
    with peer(serving(reply())) as server:
        transport = SyncTransport(TransportOptions(idle_expiry_s=0.0))
        for count in (1, 2, 3):
            call(transport, get(server.origin))
            assert server.accepted == count
        transport.close()


def test_only_so_many_idle_connections_are_kept() -> None:
    with peer(serving(reply())) as server:
        transport = SyncTransport(TransportOptions(max_idle=1))
        replies = [transport.open(get(server.origin), connect_s=5, head_s=5) for _ in range(3)]
        for got in replies:
            assert got.read(5) == b"hello"
            got.close()
        assert len(pool_of(SyncCarrier("sync", transport), server.origin).idle) == 1
        transport.close()


def test_a_child_process_starts_with_empty_pools_and_leaves_the_parents_alone() -> None:
    with peer(serving(reply())) as server:
        transport = SyncTransport()
        call(transport, get(server.origin))
        assert in_child(lambda: call(transport, get(server.origin))) == 0
        wait_until(lambda: server.accepted == 2)
        assert call(transport, get(server.origin)) == b"hello"
        assert server.accepted == 2
        transport.close()


def test_a_child_that_ends_an_inherited_reply_does_not_end_it_for_the_parent() -> None:
    was_forked = threading.Event()

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD + chunk(b"one"))
        was_forked.wait(5)
        connection.say(chunk(b"two") + chunk(b""))
        connection.ended_at()

    with peer(script) as server:
        transport = SyncTransport()
        got = transport.open(get(server.origin), connect_s=5, head_s=5)
        assert got.read(5) == b"one"
        assert in_child(got.abort) == 0
        assert in_child(got.close) == 0
        assert in_child(transport.close) == 0
        was_forked.set()
        assert got.read(5) == b"two"
        assert got.read(5) == b""
        got.close()
        transport.close()


def test_closing_the_transport_wakes_who_stands_in_line() -> None:
    with peer(serving(reply())) as server:
        transport = SyncTransport(TransportOptions(max_connections=1))
        held = transport.open(get(server.origin), connect_s=5, head_s=5)
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(transport.open, get(server.origin), connect_s=5, head_s=5)
            wait_until(lambda: pool_of(SyncCarrier("sync", transport), server.origin).waiting)
            transport.close()
            with pytest.raises(TransportError):
                waiting.result(5)
        held.close()


def test_a_reply_may_be_aborted_twice_and_closed_after_that() -> None:
    with peer(serving(reply())) as server:
        transport = SyncTransport()
        got = transport.open(get(server.origin), connect_s=5, head_s=5)
        got.abort()
        got.abort()
        got.close()
        with pytest.raises(TransportError):
            got.read(5)
        assert call(transport, get(server.origin)) == b"hello"
        assert server.accepted == 2
        transport.close()


def test_a_server_that_says_something_first_is_not_believed_on_a_kept_connection() -> None:
    spoke = threading.Event()

    def script(connection: Connection) -> None:
        if connection.number == 1:
            connection.answer(reply())
            connection.say(reply(b"poison"))
            spoke.set()
        serving(reply())(connection)

    with peer(script) as server:
        transport = SyncTransport()
        assert call(transport, get(server.origin)) == b"hello"
        assert spoke.wait(5)
        assert call(transport, get(server.origin)) == b"hello"
        assert server.accepted == 2
        transport.close()


FIRST_CALL = """
import sys
from baimo.transports.sync import SyncTransport
from baimo.wire.http import HttpRequest
transport = SyncTransport()
reply = transport.open(HttpRequest(method="GET", origin=sys.argv[1], target=b"/"), connect_s=5, head_s=5)
assert reply.read(5) == b"hello"
reply.close()
transport.close()
print(sorted(set(sys.modules) & {"ssl", "asyncio", "logging", "truststore", "http.client", "email"}))
"""


def test_a_plain_call_loads_neither_tls_nor_an_event_loop() -> None:
    with peer(serving(reply())) as server:
        done = subprocess.run(
            [sys.executable, "-c", FIRST_CALL, server.origin],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": "src"},
            check=True,
        )
    assert done.stdout.strip() == "[]"
