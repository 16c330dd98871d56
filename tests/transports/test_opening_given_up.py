"""A blocking `open` that another thread breaks off: the connection goes, and no later call is struck."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeAlias

import pytest

from baimo.errors import TransportError
from baimo.transports.aio import AioTransport
from baimo.transports.names import Address, Resolver
from baimo.transports.sync import SyncTransport
from baimo.transports.sync_connect import Deadline, _connect
from tests.transports.contract import get, wait_until
from tests.transports.peer import Connection, peer, reply, serving

Server: TypeAlias = Callable[[threading.Event], AbstractContextManager[str]]


def test_who_waits_for_a_head_is_let_go_at_once() -> None:
    asked = threading.Event()

    def script(connection: Connection) -> None:
        connection.request()
        asked.set()
        connection.ended_at()

    transport = SyncTransport()
    with peer(script) as server, ThreadPoolExecutor(1) as others:
        thread = others.submit(threading.get_ident).result()
        opening = others.submit(transport.open, get(server.origin), connect_s=5.0, head_s=5.0)
        assert asked.wait(5)
        transport.abort_opening(thread, lambda: False)
        assert not opening.done()
        transport.abort_opening(thread, lambda: True)
        with pytest.raises(TransportError, match="on our side"):
            opening.result(5)
        transport.close()


@contextmanager
def greeted(seen: threading.Event) -> Iterator[str]:
    """A server that takes the first bytes of a TLS handshake and says nothing; its origin."""

    def script(connection: Connection) -> None:
        connection.sock.recv(65536)
        seen.set()
        connection.ended_at()

    with peer(script) as server:
        yield server.origin.replace("http:", "https:")


@contextmanager
def crowded(seen: threading.Event) -> Iterator[str]:
    """A server that takes no connection any more: one that is being made stays so."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, ExitStack() as others:
        for _ in range(3):
            other = others.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(listening.getsockname())
        seen.set()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def dialing(transport: SyncTransport) -> bool:
    return any(deadline._handles for deadline in list(transport._dialing))


@pytest.mark.parametrize("how", ["close", "abort"])
@pytest.mark.parametrize("server", [greeted, crowded])
def test_a_connection_that_is_being_made_is_broken_off_at_once(server: Server, how: str) -> None:
    seen = threading.Event()
    transport = SyncTransport()
    with server(seen) as origin, ThreadPoolExecutor(1) as others:
        thread = others.submit(threading.get_ident).result()
        opening = others.submit(transport.open, get(origin), connect_s=60.0, head_s=5.0)
        assert seen.wait(5)
        wait_until(lambda: dialing(transport))
        if how == "close":
            transport.close()
        else:
            transport.abort_opening(thread, lambda: True)
        with pytest.raises(TransportError, match="client is closed" if how == "close" else "on our side"):
            opening.result(5)
        assert not transport._dialing
        transport.close()


def test_a_name_that_is_looked_up_is_not_waited_for_by_who_was_broken_off() -> None:
    looked, may_go = threading.Event(), threading.Event()

    def lookup(host: str) -> list[Address]:
        looked.set()
        assert may_go.wait(20)
        raise OSError("no such name")

    transport = SyncTransport(names=Resolver(lookup))
    with ThreadPoolExecutor(1) as others:
        opening = others.submit(transport.open, get("http://model.test:9"), connect_s=60.0, head_s=5.0)
        assert looked.wait(5)
        transport.close()
        with pytest.raises(TransportError, match="client is closed"):
            opening.result(5)
        may_go.set()


def test_what_was_broken_off_before_it_began_does_not_begin() -> None:
    deadline = Deadline(5.0)
    deadline.break_off()
    bell = threading.Event()
    deadline.rings(bell)
    assert bell.is_set() and deadline.is_broken
    for family in ((("127.0.0.1", 9),), (("127.0.0.1", 9), ("127.0.0.1", 9))):
        found = [(socket.AF_INET, address) for address in family]
        with pytest.raises(ConnectionAbortedError):
            _connect(found, deadline)


@pytest.mark.parametrize("server", [greeted, crowded])
def test_closing_ends_a_connection_that_a_task_waits_for(server: Server) -> None:
    async def drive() -> None:
        seen = threading.Event()
        transport = AioTransport()
        with server(seen) as origin:
            opening = asyncio.ensure_future(transport.open(get(origin), connect_s=60.0, head_s=5.0))
            assert await asyncio.to_thread(seen.wait, 5)
            while not any(pools.dialing for pools in transport._pools.values()):
                await asyncio.sleep(0)
            await transport.close()
            with pytest.raises(TransportError, match="client is closed"):
                await asyncio.wait_for(opening, 5)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(drive())


@pytest.mark.parametrize("still", [True, False])
def test_a_connection_that_is_being_made_carries_no_call_that_was_given_up(still: bool) -> None:
    looked, may_go = threading.Event(), threading.Event()

    def lookup(host: str) -> list[Address]:
        looked.set()
        assert may_go.wait(5)
        raise OSError("no such name")

    is_opening = [True]
    with peer(serving(reply())) as server, ThreadPoolExecutor(1) as others:
        transport = SyncTransport(names=Resolver(lookup))
        thread = others.submit(threading.get_ident).result()
        lost = others.submit(transport.open, get("http://model.test:9"), connect_s=5.0, head_s=5.0)
        assert looked.wait(5)
        transport.abort_opening(thread, lambda: is_opening[0])
        is_opening[0] = still
        may_go.set()
        with pytest.raises(TransportError):
            lost.result(5)
        open_next: Callable[[], object] = lambda: transport.open(  # noqa: E731
            get(server.origin), connect_s=5.0, head_s=5.0
        )
        next_call = others.submit(open_next)
        if still:
            with pytest.raises(TransportError, match="on our side"):
                next_call.result(5)
        else:
            assert next_call.result(5)
        transport.close()
    wait_until(lambda: not transport._active)
