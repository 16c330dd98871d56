"""The transports under test behind one face, so that the contract is written once.

An asynchronous transport runs on a loop in a thread; a call to it is a task there, which can be cancelled.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import aiohttp
import httpx2
import uvloop

from baimo.transports.aio import AioTransport
from baimo.transports.aiohttp_adapter import AiohttpTransport
from baimo.transports.httpx2_adapter import AsyncHttpx2Transport, Httpx2Transport
from baimo.transports.options import TransportOptions
from baimo.transports.protocol import AsyncTransport, Transport
from baimo.transports.sync import SyncTransport
from baimo.wire.http import WireHead, WireRequest

T = TypeVar("T")
Closing = Callable[[], Coroutine[Any, Any, None]]


class AnyReply(Protocol):
    """A reply of either colour."""

    head: WireHead

    def read(self, within_s: float) -> Any: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...


class Carrier(Protocol):
    """One transport of either colour, called from a test's thread."""

    name: str

    def start(self, request: WireRequest, *, connect_s: float = 5.0, head_s: float = 5.0) -> Future[AnyReply]:
        """Begin a call; cancelling the future gives it up."""

    def start_read(self, reply: AnyReply, within_s: float = 5.0) -> Future[bytes]:
        """Begin to read; cancelling the future gives it up."""

    def do(self, act: Callable[[], T]) -> T:
        """Carry out a plain call where the transport lives."""

    def close(self) -> None:
        """Close the transport and what it runs on."""


def open_reply(carrier: Carrier, request: WireRequest, **limits: float) -> AnyReply:
    return carrier.start(request, **limits).result(20)


def read(carrier: Carrier, reply: AnyReply, within_s: float = 5.0) -> bytes:
    return carrier.start_read(reply, within_s).result(20)


def read_all(carrier: Carrier, reply: AnyReply, within_s: float = 5.0) -> bytes:
    pieces = []
    while piece := read(carrier, reply, within_s):
        pieces.append(piece)
    carrier.do(reply.close)
    return b"".join(pieces)


def fetch(carrier: Carrier, request: WireRequest) -> tuple[int, bytes]:
    """A whole call: status and body."""
    reply = open_reply(carrier, request)
    return reply.head.status, read_all(carrier, reply)


class SyncCarrier:
    """A blocking transport; each call runs in a thread and is given up by `abort` or `close`."""

    def __init__(self, name: str, transport: Transport, client: httpx2.Client | None = None) -> None:
        self.name = name
        self.transport = transport
        self._client = client
        self._threads = ThreadPoolExecutor(32)

    def start(self, request: WireRequest, *, connect_s: float = 5.0, head_s: float = 5.0) -> Future[AnyReply]:
        return self._threads.submit(self.transport.open, request, connect_s=connect_s, head_s=head_s)

    def start_read(self, reply: AnyReply, within_s: float = 5.0) -> Future[bytes]:
        return self._threads.submit(reply.read, within_s)

    def do(self, act: Callable[[], T]) -> T:
        return act()

    def close_transport(self) -> None:
        self.transport.close()

    def close(self) -> None:
        self.transport.close()
        if self._client is not None:
            self._client.close()
        self._threads.shutdown()


class AsyncCarrier:
    """An asynchronous transport on a loop of its own."""

    def __init__(
        self,
        name: str,
        make: Callable[[Callable[[Closing], None]], AsyncTransport],
        *,
        new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    ) -> None:
        self.name = name
        self.loop = new_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self._closings: list[Closing] = []
        self.transport = self.run(self._made(make))

    async def _made(self, make: Callable[[Callable[[Closing], None]], AsyncTransport]) -> AsyncTransport:
        return make(self._closings.append)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def start(self, request: WireRequest, *, connect_s: float = 5.0, head_s: float = 5.0) -> Future[Any]:
        call = self.transport.open(request, connect_s=connect_s, head_s=head_s)
        return asyncio.run_coroutine_threadsafe(call, self.loop)

    def start_read(self, reply: AnyReply, within_s: float = 5.0) -> Future[bytes]:
        return asyncio.run_coroutine_threadsafe(reply.read(within_s), self.loop)

    def do(self, act: Callable[[], T]) -> T:
        async def acting() -> T:
            return act()

        return self.run(acting())

    def close_transport(self) -> None:
        self.run(self.transport.close())

    def close(self) -> None:
        self.close_transport()
        for closing in self._closings:
            self.run(closing())
        self.run(self.loop.shutdown_asyncgens())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


def make_sync(options: TransportOptions) -> SyncCarrier:
    return SyncCarrier("sync", SyncTransport(options))


def make_aio(options: TransportOptions) -> AsyncCarrier:
    return AsyncCarrier("aio", lambda _: AioTransport(options))


def make_uvloop(options: TransportOptions) -> AsyncCarrier:
    return AsyncCarrier("uvloop", lambda _: AioTransport(options), new_loop=uvloop.new_event_loop)


Make = Callable[[TransportOptions], SyncCarrier | AsyncCarrier]

OURS: dict[str, Make] = {"sync": make_sync, "aio": make_aio, "uvloop": make_uvloop}


def make_httpx2(options: TransportOptions) -> SyncCarrier:
    client = httpx2.Client(trust_env=False)
    return SyncCarrier("httpx2", Httpx2Transport(client), client)


def make_async_httpx2(options: TransportOptions) -> AsyncCarrier:
    def made(closing: Callable[[Closing], None]) -> AsyncHttpx2Transport:
        client = httpx2.AsyncClient(trust_env=False)
        closing(client.aclose)
        return AsyncHttpx2Transport(client)

    return AsyncCarrier("async_httpx2", made)


def make_aiohttp(options: TransportOptions) -> AsyncCarrier:
    def made(closing: Callable[[Closing], None]) -> AiohttpTransport:
        session = aiohttp.ClientSession()
        closing(session.close)
        return AiohttpTransport(session)

    return AsyncCarrier("aiohttp", made)


ADAPTED: dict[str, Make] = {"httpx2": make_httpx2, "async_httpx2": make_async_httpx2, "aiohttp": make_aiohttp}
