"""HTTP and WebSocket on an event loop, asyncio's own or uvloop."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from baimo.errors import TransportError
from baimo.transports.aio_connect import AioDialer
from baimo.transports.aio_connection import AioConnection
from baimo.transports.failure import connect_timeout, transport_closed
from baimo.transports.names import Resolver
from baimo.transports.options import TransportOptions
from baimo.transports.pool import OriginPool
from baimo.transports.route import Route, find_route, proxy_refusal, socket_key
from baimo.wire.http import SocketRequest, WireHead, WireRequest
from baimo.wire.http1_request import head_and_body

if TYPE_CHECKING:
    from baimo.transports.socket_talk import SocketTalk


class AioTransport:
    """Sends requests on the running event loop; each loop has connections of its own.

    Meets the protocol `AsyncTransport`.
    """

    checks_addresses = True
    """A request that is `public_only` is connected to a public address or refused."""

    def __init__(self, options: TransportOptions | None = None, *, names: Resolver | None = None) -> None:
        self._options = options or TransportOptions()
        self._dialer = AioDialer(self._options.tls, names or Resolver())
        self._pid = os.getpid()
        self._pools: dict[asyncio.AbstractEventLoop, _LoopPools] = {}
        self._inherited: list[_LoopPools] = []
        self._is_closed = False

    async def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> AioReply:
        """Send and wait for the head. See `AsyncTransport.open`."""
        loop = asyncio.get_running_loop()
        pools = self._pools.get(loop)
        if pools is None or self._pid != os.getpid():
            pools = await self._begin(loop)
        if isinstance(request, SocketRequest):
            return await self._open_socket(pools, request, connect_s, head_s)
        if request.public_only:
            place = self._place_apart(pools, request.origin)
        else:
            place = pools.places.get(request.origin) or self._add_place(pools, request.origin)
        first, rest = head_and_body(place.route.render(request), request)
        if place.pool.reserve():
            connection = place.pool.pop_idle(loop.time()) or await place.dial(connect_s)
        else:
            connection = await place.wait_in_line(connect_s)
        pools.active.add(connection)
        try:
            connection.send(request.method, first)
            if rest is not None:
                await connection.send_rest(rest, head_s)
            wire = connection.wire
            if wire.head is None:
                await connection.change_within("head", head_s)
            while wire.head is None:
                await connection.change()
            if wire.head.status == 407 and place.route.is_forwarded and place.route.proxy is not None:
                raise proxy_refusal(place.route.proxy, 407)
        except BaseException:
            connection.abort()
            raise
        return AioReply(connection, wire.head)

    async def _open_socket(
        self, pools: _LoopPools, request: SocketRequest, connect_s: float, head_s: float
    ) -> AioReply:
        """As `open`, for a WebSocket: one connection that no other call ever uses."""
        from baimo.transports.socket_talk import SocketTalk

        talk = SocketTalk(request)
        place = pools.places.get(socket_key(request.origin)) or self._add_place(
            pools, request.origin, is_socket=True
        )
        first = place.route.render(talk.handshake)
        if place.pool.reserve():
            connection = await place.dial(connect_s, talk)
        else:
            connection = await place.wait_in_line(connect_s, talk)
        pools.active.add(connection)
        try:
            connection.send(talk.handshake.method, first)
            connection.limit("head", head_s)
            while talk.head is None:
                await connection.change()
        except BaseException:
            connection.abort()
            raise
        return AioReply(connection, talk.head)

    async def close(self) -> None:
        """Close all connections; calls that are under way end with TransportError."""
        self._is_closed = True
        here = asyncio.get_running_loop()
        for loop, pools in list(self._pools.items()):
            if loop is here:
                await pools.guard.aclose()
            elif not loop.is_closed():
                loop.call_soon_threadsafe(pools.close)
        self._pools.clear()
        await asyncio.sleep(0)  # the sockets are closed when the loop has come round

    async def _begin(self, loop: asyncio.AbstractEventLoop) -> _LoopPools:
        if self._is_closed:
            raise transport_closed()
        if self._pid != os.getpid():
            self._after_fork()
        for other in [other for other in self._pools if other.is_closed()]:
            self._pools.pop(other).close()
        pools = _LoopPools(loop)
        self._pools[loop] = pools
        await anext(pools.guard)
        return pools

    def _after_fork(self) -> None:
        self._pid = os.getpid()
        for pools in self._pools.values():
            pools.let_go()
        # Kept, not dropped: what would be finalised here belongs to the parent's loop.
        self._inherited += self._pools.values()
        self._pools = {}

    def _place_apart(self, pools: _LoopPools, origin: str) -> _Place:
        """A place for one call that may only go to a public address: it shares no connection with others."""
        route = find_route(origin, self._options.proxies, os.environ, public_only=True)
        return _Place(pools, route, self._dialer, replace(self._options, max_idle=0))

    def _add_place(self, pools: _LoopPools, origin: str, *, is_socket: bool = False) -> _Place:
        route = find_route(origin, self._options.proxies, os.environ, is_socket=is_socket)
        place = _Place(pools, route, self._dialer, self._options)
        pools.places[socket_key(origin) if is_socket else origin] = place
        return place


class AioReply:
    """A reply whose head has come. Meets the protocol `AsyncReply`."""

    __slots__ = ("_connection", "head")

    def __init__(self, connection: AioConnection, head: WireHead) -> None:
        self._connection: AioConnection | None = connection
        self.head = head

    async def read(self, within_s: float) -> bytes:
        """The next piece of the body. See `Reply.read`."""
        connection = self._connection
        if connection is None:
            raise TransportError("the reply was closed", retryable=False)
        wire = connection.wire
        try:
            piece = wire.take()
            if piece is None:
                await connection.change_within("idle", within_s)
                while (piece := wire.take()) is None:
                    await connection.change()
        except BaseException:
            self.abort()
            raise
        if connection.is_paused:
            connection.resume()
        return piece

    def close(self) -> None:
        """Done with it; the connection is kept when the whole body came."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release()

    def abort(self) -> None:
        """Close the socket at once."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()


class _LoopPools:
    """The connections of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.places: dict[str, _Place] = {}
        self.active: set[AioConnection] = set()
        self.dialing: set[asyncio.Task[socket.socket]] = set()
        self.guard = _until_the_loop_ends(self)
        self.buffer = memoryview(bytearray(64 * 1024))  # one for all: what is read is fed at once

    def close(self) -> None:
        connections = [*self.active, *(kept for place in self.places.values() for kept in place.pool.idle)]
        for place in self.places.values():
            place.close()
        while self.dialing:
            self.dialing.pop().cancel()
        for connection in connections:
            connection.abort()

    def let_go(self) -> None:
        for connection in [
            *self.active,
            *(kept for place in self.places.values() for kept in place.pool.idle),
        ]:
            connection.let_go()


async def _until_the_loop_ends(pools: _LoopPools) -> AsyncGenerator[None, None]:
    """Closes the connections when the loop closes its generators, as `asyncio.run` does at its end."""
    try:
        yield
    finally:
        pools.close()


class _Place:
    """One origin: the way to it and its connections, which come home here."""

    def __init__(self, pools: _LoopPools, route: Route, dialer: AioDialer, options: TransportOptions) -> None:
        self._pools = pools
        self._dialer = dialer
        self.route = route
        self.pool: OriginPool[AioConnection, asyncio.Future[None]] = OriginPool(
            max_connections=options.max_connections,
            max_idle=options.max_idle,
            idle_expiry_s=options.idle_expiry_s,
        )

    async def dial(self, connect_s: float, talk: SocketTalk | None = None) -> AioConnection:
        """A new connection for a place that was taken. Raises ConnectError, TimedOutError("connect")."""
        connection = self._new_connection(talk)
        try:
            async with asyncio.timeout(connect_s):
                connection.attach(await self._dialed(connection))
        except TimeoutError as error:
            self._free()
            raise connect_timeout(self.route.name, connect_s) from error
        except BaseException:
            self._free()
            raise
        return connection

    async def _dialed(self, connection: AioConnection) -> socket.socket:
        """The socket of a new connection. In a task, so that who closes the transport can end it alone."""
        dialing = self._pools.dialing
        dial = self._pools.loop.create_task(self._dialer.dial(self.route, connection))
        dialing.add(dial)
        try:
            return await dial
        except asyncio.CancelledError:
            if dial in dialing:  # it is the caller who was cancelled
                raise
            raise transport_closed() from None
        finally:
            dialing.discard(dial)

    async def wait_in_line(self, connect_s: float, talk: SocketTalk | None = None) -> AioConnection:
        """A connection once a place comes free."""
        loop = self._pools.loop
        until = loop.time() + connect_s
        waiter: asyncio.Future[None] = loop.create_future()
        self.pool.waiting.append(waiter)
        try:
            async with asyncio.timeout_at(until):
                await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():
                self._free()  # the place had been handed over already
            elif waiter in self.pool.waiting:
                self.pool.waiting.remove(waiter)
            if isinstance(error, TimeoutError):
                raise connect_timeout(self.route.name, connect_s, "no free connection to") from error
            raise
        return self.pool.pop_idle(loop.time()) or await self.dial(until - loop.time(), talk)

    def give_back(self, connection: AioConnection) -> None:
        self._pools.active.discard(connection)
        pool = self.pool
        for old in pool.put_idle(connection, self._pools.loop.time()):
            old.abort()
        if pool.waiting:
            self._free()
        else:
            pool.in_use -= 1

    def forget(self, connection: AioConnection) -> None:
        self._pools.active.discard(connection)
        self._free()

    def forget_idle(self, connection: AioConnection) -> None:
        self.pool.remove_idle(connection)

    def close(self) -> None:
        """Nobody in line gets a place any more."""
        while self.pool.waiting:
            waiter = self.pool.waiting.popleft()
            if not waiter.done():
                waiter.set_exception(transport_closed())

    def _new_connection(self, talk: SocketTalk | None) -> AioConnection:
        loop, buffer = self._pools.loop, self._pools.buffer
        if talk is None:
            return AioConnection(loop, self, buffer)
        from baimo.transports.aio_socket import AioSocketConnection

        return AioSocketConnection(loop, self, buffer, talk)

    def _free(self) -> None:
        # A waiter that was cancelled but has not run since still stands in line; its place goes on.
        while (waiter := self.pool.free()) is not None:
            if not waiter.done():
                waiter.set_result(None)
                return
