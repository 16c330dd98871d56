"""The asynchronous transport: loops, cancelled waits, back-pressure, forks."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading

import pytest

from baimo.errors import ConnectError, TransportError
from baimo.transports.aio import AioTransport
from baimo.transports.options import TransportOptions
from baimo.wire.http import HttpRequest
from tests.loops import BOTH_LOOPS
from tests.transports.contract import CHUNKED_HEAD, get
from tests.transports.peer import Connection, chunk, peer, reply, serving


async def call(transport: AioTransport, request: HttpRequest) -> bytes:
    got = await transport.open(request, connect_s=5, head_s=5)
    pieces = []
    while piece := await got.read(5):
        pieces.append(piece)
    got.close()
    return b"".join(pieces)


@BOTH_LOOPS
async def test_many_calls_at_once_share_the_connections() -> None:
    with peer(serving(reply())) as server:
        transport = AioTransport(TransportOptions(max_connections=20))
        for _ in range(3):
            bodies = await asyncio.gather(*(call(transport, get(server.origin)) for _ in range(100)))
            assert bodies == [b"hello"] * 100
        assert server.accepted <= 20
        await transport.close()


def test_each_loop_has_connections_of_its_own_and_they_end_with_it() -> None:
    ended = threading.Semaphore(0)

    def script(connection: Connection) -> None:
        serving(reply())(connection)
        ended.release()

    with peer(script) as server:
        transport = AioTransport()
        for count in (1, 2, 3):
            assert asyncio.run(call(transport, get(server.origin))) == b"hello"
            assert server.accepted == count
            assert ended.acquire(timeout=5)
        assert len(transport._pools) == 1
        asyncio.run(transport.close())
        assert len(transport._pools) == 0


def test_a_loop_that_was_closed_without_care_does_not_harm_the_next() -> None:
    with peer(serving(reply())) as server:
        transport = AioTransport()
        loop = asyncio.new_event_loop()
        loop.run_until_complete(call(transport, get(server.origin)))
        loop.close()
        with pytest.warns(ResourceWarning, match="unclosed"):
            assert asyncio.run(call(transport, get(server.origin))) == b"hello"
            del loop
            gc.collect()
        asyncio.run(transport.close())


@BOTH_LOOPS
async def test_a_cancelled_wait_in_line_passes_its_place_on() -> None:
    with peer(serving(reply())) as server:
        transport = AioTransport(TransportOptions(max_connections=1))
        held = await transport.open(get(server.origin), connect_s=5, head_s=5)
        calls = [asyncio.ensure_future(call(transport, get(server.origin))) for _ in range(4)]
        await asyncio.sleep(0)
        calls[0].cancel()
        held.abort()
        calls[1].cancel()  # the place has been handed to this one, which has not run since
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(one).__name__ for one in done] == ["CancelledError", "CancelledError", "bytes", "bytes"]
        await transport.close()


@BOTH_LOOPS
async def test_a_reader_that_takes_nothing_makes_the_server_wait() -> None:
    said = 0
    is_done = threading.Event()

    def script(connection: Connection) -> None:
        nonlocal said
        connection.request()
        connection.say(CHUNKED_HEAD)
        for _ in range(1000):
            connection.say(chunk(bytes(65536)))
            said += 1
        connection.say(chunk(b""))
        is_done.set()
        connection.ended_at()

    with peer(script) as server:
        transport = AioTransport()
        got = await transport.open(get(server.origin), connect_s=5, head_s=5)
        before = -1
        while before != said:  # until the server stands still
            before = said
            await asyncio.to_thread(is_done.wait, 0.1)
        assert said < 500
        assert got._connection is not None
        assert got._connection.wire.buffered < 1024 * 1024
        total = 0
        while piece := await got.read(5):
            total += len(piece)
        assert total == 1000 * 65536
        got.close()
        await transport.close()


@BOTH_LOOPS
async def test_a_server_that_speaks_before_it_is_asked_is_no_connection() -> None:
    spoke = threading.Event()

    def script(connection: Connection) -> None:
        if connection.number == 1:
            connection.answer(reply())
            connection.say(reply(b"poison"))
            spoke.set()
        serving(reply())(connection)

    with peer(script) as server:
        transport = AioTransport()
        assert await call(transport, get(server.origin)) == b"hello"
        await asyncio.to_thread(spoke.wait, 5)
        await asyncio.to_thread(threading.Event().wait, 0.02)
        assert await call(transport, get(server.origin)) == b"hello"
        assert server.accepted == 2
        await transport.close()


@BOTH_LOOPS
async def test_only_so_many_idle_connections_are_kept() -> None:
    ended = threading.Semaphore(0)

    def script(connection: Connection) -> None:
        serving(reply())(connection)
        ended.release()

    with peer(script) as server:
        transport = AioTransport(TransportOptions(max_idle=1))
        replies = [await transport.open(get(server.origin), connect_s=5, head_s=5) for _ in range(3)]
        for got in replies:
            assert await got.read(5) == b"hello"
            got.close()
        for _ in range(2):
            assert await asyncio.to_thread(ended.acquire, timeout=5)
        assert await call(transport, get(server.origin)) == b"hello"
        assert server.accepted == 3
        await transport.close()


@BOTH_LOOPS
async def test_an_idle_connection_expires() -> None:
    with peer(serving(reply())) as server:
        transport = AioTransport(TransportOptions(idle_expiry_s=0.0))
        for count in (1, 2, 3):
            await call(transport, get(server.origin))
            assert server.accepted == count
        await transport.close()


@BOTH_LOOPS
async def test_the_socket_is_down_when_a_cancelled_call_returns() -> None:
    """Whatever the loop does after that."""
    asked = threading.Event()

    def script(connection: Connection) -> None:
        connection.request()
        asked.set()
        connection.ended_at()

    async def given_up(transport: AioTransport, origin: str) -> None:
        try:
            await call(transport, get(origin))
        except asyncio.CancelledError:
            assert sock is not None
            with pytest.raises(BrokenPipeError):
                sock.send(b"x")
            checked.append(True)
            raise

    sock: socket.socket | None = None
    checked: list[bool] = []
    with peer(script) as server:
        transport = AioTransport()
        task = asyncio.ensure_future(given_up(transport, server.origin))
        await asyncio.to_thread(asked.wait, 5)
        (pools,) = transport._pools.values()
        sock = next(iter(pools.active))._sock
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert checked
        assert not pools.active
        await transport.close()


async def test_one_timer_serves_all_the_waits_of_a_stream() -> None:
    was_read = threading.Semaphore(0)

    def script(connection: Connection) -> None:
        connection.request()
        connection.say(CHUNKED_HEAD)
        for _ in range(20):
            assert was_read.acquire(timeout=5)
            connection.say(chunk(b"x"))
        connection.say(chunk(b""))

    with peer(script) as server:
        transport = AioTransport()
        got = await transport.open(get(server.origin), connect_s=5, head_s=5)
        assert got._connection is not None
        timers = set()
        for _ in range(20):
            was_read.release()
            assert await got.read(10) == b"x"
            timers.add(got._connection._timer)
        assert len(timers) == 1
        assert await got.read(10) == b""
        got.close()
        await transport.close()


async def test_closing_ends_calls_that_wait_in_line_or_for_a_reply() -> None:
    asked = threading.Event()

    def script(connection: Connection) -> None:
        connection.request()
        asked.set()
        connection.ended_at()

    with peer(script) as server:
        transport = AioTransport(TransportOptions(max_connections=1))
        calls = [asyncio.ensure_future(call(transport, get(server.origin))) for _ in range(3)]
        await asyncio.to_thread(asked.wait, 5)
        await transport.close()
        for one in calls:
            with pytest.raises(TransportError):
                await one
        with pytest.raises(ConnectError):
            await call(transport, get(server.origin))


def test_a_transport_is_closed_for_loops_in_other_threads_too() -> None:
    ended = threading.Event()

    def script(connection: Connection) -> None:
        serving(reply())(connection)
        ended.set()

    with peer(script) as server:
        transport = AioTransport()
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        asyncio.run_coroutine_threadsafe(call(transport, get(server.origin)), loop).result(5)
        asyncio.run(transport.close())
        assert ended.wait(5)
        asyncio.run_coroutine_threadsafe(loop.shutdown_asyncgens(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def test_a_child_process_starts_with_empty_pools_and_leaves_the_parents_alone() -> None:
    with peer(serving(reply())) as server:
        transport = AioTransport()
        loop = asyncio.new_event_loop()
        loop.run_until_complete(call(transport, get(server.origin)))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if asyncio.run(call(transport, get(server.origin))) == b"hello" else 1
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        assert server.accepted == 2
        assert loop.run_until_complete(call(transport, get(server.origin))) == b"hello"
        assert server.accepted == 2
        loop.run_until_complete(transport.close())
        loop.close()
