"""What the tests of the contract share: requests, bodies in pieces, waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from baimo.transports.pool import OriginPool
from baimo.wire.http import HttpRequest
from tests.transports.carriers import AsyncCarrier, SyncCarrier

AnyCarrier = SyncCarrier | AsyncCarrier

CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"


def get(origin: str, target: bytes = b"/") -> HttpRequest:
    return HttpRequest(method="GET", origin=origin, target=target)


def post(origin: str, body: object = b'{"a":1}') -> HttpRequest:
    return HttpRequest(method="POST", origin=origin, target=b"/v1/x", body=body)  # type: ignore[arg-type]


class Pieces:
    """A body in pieces; counts those that were asked for."""

    def __init__(self, pieces: list[bytes], *, is_length_known: bool) -> None:
        self._pieces = pieces
        self.length = sum(map(len, pieces)) if is_length_known else None
        self.given = 0

    def chunks(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.given += 1
            yield piece


def wait_until(condition: Callable[[], object]) -> None:
    """Turns until other threads have come so far."""
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.001)


def pool_of(carrier: AnyCarrier, origin: str) -> OriginPool[Any, Any]:
    """The pool of one of our transports."""
    transport: Any = carrier.transport
    if isinstance(carrier, AsyncCarrier):
        return transport._pools[carrier.loop].places[origin].pool  # type: ignore[no-any-return]
    return transport._places[origin].pool  # type: ignore[no-any-return]
