"""A blocking `open` that another thread breaks off: the connection goes, and no later call is struck."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from baimo.errors import TransportError
from baimo.transports.names import Address, Resolver
from baimo.transports.sync import SyncTransport
from tests.transports.contract import get, wait_until
from tests.transports.peer import Connection, peer, reply, serving


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
