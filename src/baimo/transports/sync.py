"""HTTP and WebSocket over blocking sockets: for callers without an event loop, from any thread."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from baimo.errors import Error, TransportError
from baimo.transports.failure import call_aborted, connect_timeout, transport_closed
from baimo.transports.names import Resolver
from baimo.transports.options import TransportOptions
from baimo.transports.pool import OriginPool
from baimo.transports.route import Route, find_route, proxy_refusal, socket_key
from baimo.transports.sync_connect import Deadline, Dialer, Stream
from baimo.transports.sync_connection import SyncConnection
from baimo.wire.http import SocketRequest, WireHead, WireRequest
from baimo.wire.http1_request import head_and_body

if TYPE_CHECKING:
    from baimo.transports.socket_talk import SocketTalk


class SyncTransport:
    """Sends requests from any thread; connections are kept and reused. Meets the protocol `Transport`."""

    checks_addresses = True
    """A request that is `public_only` is connected to a public address or refused."""

    def __init__(self, options: TransportOptions | None = None, *, names: Resolver | None = None) -> None:
        self._options = options or TransportOptions()
        self._names = names or Resolver()
        self._dialer = Dialer(self._options.tls, self._names)
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}
        self._active: set[SyncConnection] = set()
        self._dialing: dict[Deadline, int] = {}
        """Connections that are being made, each with the thread that waits for it."""
        self._unwanted: dict[int, Callable[[], bool]] = {}
        self._closed = False

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> SyncReply:
        """Send and wait for the head. See `Transport.open`."""
        if self._pid != os.getpid():
            self._after_fork()
        if isinstance(request, SocketRequest):
            return self._open_socket(request, connect_s, head_s)
        if request.public_only:
            place = self._place_apart(request.origin)
        else:
            place = self._places.get(request.origin) or self._add_place(request.origin)
        first, rest = head_and_body(place.route.render(request), request)
        connection = self._check_out(place, connect_s)
        try:
            connection.send(request.method, first, rest, head_s)
            head = connection.read_head(head_s)
            connection.opened_by = 0
            if head.status == 407 and place.route.is_forwarded and place.route.proxy is not None:
                raise proxy_refusal(place.route.proxy, 407)
        except BaseException:
            connection.abort()
            raise
        return SyncReply(connection, head)

    def close(self) -> None:
        """Close all connections. Calls in other threads end with TransportError."""
        if self._pid != os.getpid():
            self._after_fork()
        with self._lock:
            self._closed = True
            active = list(self._active)
            idle = [kept for place in self._places.values() for kept in place.pool.take_all_idle()]
            waiting = [waiter for place in self._places.values() for waiter in place.pool.waiting]
            dialing = list(self._dialing)
        for deadline in dialing:
            deadline.break_off()
        for kept in idle:
            kept.close_descriptor()
        for connection in active:
            connection.abort()
        for waiter in waiting:
            waiter.wake()

    def abort_opening(self, thread: int, is_opening: Callable[[], bool]) -> None:
        """Break off the `open` that another thread is in; `is_opening` tells whether it still is."""
        with self._lock:
            if not is_opening():
                return
            self._unwanted[thread] = is_opening  # for a connection that is being made
            opened = [connection for connection in self._active if connection.opened_by == thread]
            dialing = [deadline for deadline, whose in self._dialing.items() if whose == thread]
        for deadline in dialing:
            deadline.break_off()
        for connection in opened:
            connection.abort()

    def end_call(self, place: _Place, connection: SyncConnection, *, is_good: bool) -> None:
        """The call on that connection is over; a good one is kept for the next call."""
        gone: list[SyncConnection] = []
        with self._lock:
            self._active.discard(connection)
            if is_good:
                gone = [connection] if self._closed else place.pool.put_idle(connection, time.monotonic())
            waiter = place.pool.free()
        for old in gone:
            old.close_descriptor()
        if waiter is not None:
            waiter.wake()

    def _open_socket(self, request: SocketRequest, connect_s: float, head_s: float) -> SyncReply:
        """As `open`, for a WebSocket: one connection that no other call ever uses."""
        from baimo.transports.socket_talk import SocketTalk

        talk = SocketTalk(request)
        place = self._places.get(socket_key(request.origin)) or self._add_place(
            request.origin, is_socket=True
        )
        first = place.route.render(talk.handshake)
        connection = self._check_out(place, connect_s, talk)
        try:
            connection.send(talk.handshake.method, first, None, head_s)
            head = connection.read_head(head_s)
            connection.opened_by = 0
            return SyncReply(connection, head)
        except BaseException:
            connection.abort()
            raise

    def _place_apart(self, origin: str) -> _Place:
        """A place for one call that may only go to a public address: it shares no connection with others."""
        route = find_route(origin, self._options.proxies, os.environ, public_only=True)
        return _Place(self, route, replace(self._options, max_idle=0))

    def _add_place(self, origin: str, *, is_socket: bool = False) -> _Place:
        route = find_route(origin, self._options.proxies, os.environ, is_socket=is_socket)
        place = _Place(self, route, self._options)
        with self._lock:
            return self._places.setdefault(socket_key(origin) if is_socket else origin, place)

    def _check_out(self, place: _Place, connect_s: float, talk: SocketTalk | None = None) -> SyncConnection:
        """A connection with its place in the pool taken. Raises ConnectError and TimedOutError("connect")."""
        deadline = Deadline(connect_s)
        kept = None
        with self._lock:
            self._check_open()
            has_place = place.pool.reserve()
            if has_place:
                kept = place.pool.pop_idle(time.monotonic())
        if not has_place:
            self._wait_in_line(place, deadline)
        try:
            connection = kept if kept is not None and kept.is_quiet() else self._next_idle(place, kept)
            if connection is None:
                connection = self._dial(place, deadline, talk)
            connection.opened_by = thread = threading.get_ident()
            with self._lock:
                self._active.add(connection)
                is_closed, unwanted = self._closed, self._unwanted.pop(thread, None)
        except BaseException:
            self._free(place)
            raise
        if is_closed or (unwanted is not None and unwanted()):
            connection.abort()
            raise transport_closed() if is_closed else call_aborted()
        return connection

    def _next_idle(self, place: _Place, unusable: SyncConnection | None) -> SyncConnection | None:
        """A connection that waits and is as it was left, after one that is not."""
        now = time.monotonic()
        while True:
            if unusable is not None:
                unusable.close_descriptor()
            with self._lock:
                connection = place.pool.pop_idle(now)
            if connection is None or connection.is_quiet():
                return connection
            unusable = connection

    def _dial(self, place: _Place, deadline: Deadline, talk: SocketTalk | None) -> SyncConnection:
        made = self._dialed(place.route, deadline)
        if talk is None:
            return SyncConnection(place, *made)
        from baimo.transports.sync_socket import SyncSocketConnection

        return SyncSocketConnection(place, *made, talk)

    def _dialed(self, route: Route, deadline: Deadline) -> tuple[Stream, socket.socket]:
        """A new connection, which others may break off as long as it is being made."""
        with self._lock:
            self._check_open()
            self._dialing[deadline] = threading.get_ident()
        try:
            return self._dialer.dial(route, deadline)
        except Error:
            if deadline.is_broken:
                raise (transport_closed() if self._closed else call_aborted()) from None
            raise
        finally:
            with self._lock:
                del self._dialing[deadline]
            deadline.let_go()

    def _wait_in_line(self, place: _Place, deadline: Deadline) -> None:
        waiter = _Waiter()
        with self._lock:
            # A place may have come free since the caller looked.
            if place.pool.reserve():
                return
            place.pool.waiting.append(waiter)
        try:
            in_time = waiter.wait(deadline.seconds)
            self._check_open()
            if in_time:
                return
        except BaseException:
            self._leave_line(place, waiter)
            raise
        self._leave_line(place, waiter)
        raise connect_timeout(place.route.name, deadline.seconds, "no free connection to")

    def _leave_line(self, place: _Place, waiter: _Waiter) -> None:
        with self._lock:
            is_waiting = waiter in place.pool.waiting
            if is_waiting:
                place.pool.waiting.remove(waiter)
        if not is_waiting:
            self._free(place)  # the place had been handed over already

    def _free(self, place: _Place) -> None:
        with self._lock:
            waiter = place.pool.free()
        if waiter is not None:
            waiter.wake()

    def _check_open(self) -> None:
        if self._closed:
            raise transport_closed()

    def _after_fork(self) -> None:
        """A child process starts anew: the connections are its parent's, it lets go of its own hold."""
        idle = [kept for place in self._places.values() for kept in place.pool.take_all_idle()]
        self._begin()
        for connection in idle:
            connection.close_descriptor()


class SyncReply:
    """A reply whose head has come. Meets the protocol `Reply`."""

    __slots__ = ("_connection", "head")

    def __init__(self, connection: SyncConnection, head: WireHead) -> None:
        self._connection: SyncConnection | None = connection
        self.head = head

    def read(self, within_s: float) -> bytes:
        """The next piece of the body. See `Reply.read`."""
        connection = self._connection
        if connection is None:
            raise TransportError("the reply was closed", retryable=False)
        try:
            piece = connection.wire.take()
            return connection.read_piece(within_s) if piece is None else piece
        except BaseException:
            self.abort()
            raise

    def close(self) -> None:
        """Done with it; the connection is kept when the whole body came."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release()

    def abort(self) -> None:
        """Close the socket at once, from whatever thread."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()


class _Waiter:
    """Waits in line for a place; woken once."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def wait(self, seconds: float) -> bool:
        return self._lock.acquire(timeout=seconds)

    def wake(self) -> None:
        if self._lock.locked():
            self._lock.release()


class _Place:
    """One origin: the way to it and its connections, which come home here."""

    __slots__ = ("_transport", "pool", "route")

    def __init__(self, transport: SyncTransport, route: Route, options: TransportOptions) -> None:
        self._transport = transport
        self.route = route
        self.pool: OriginPool[SyncConnection, _Waiter] = OriginPool(
            max_connections=options.max_connections,
            max_idle=options.max_idle,
            idle_expiry_s=options.idle_expiry_s,
        )

    def give_back(self, connection: SyncConnection) -> None:
        self._transport.end_call(self, connection, is_good=True)

    def forget(self, connection: SyncConnection) -> None:
        self._transport.end_call(self, connection, is_good=False)
