"""One connection on an event loop and the call that is on it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterable
from typing import Protocol, cast

from baimo.errors import ConnectError, TransportError
from baimo.transports.conversation import Conversation
from baimo.transports.failure import call_aborted, reply_timeout, stale_connection
from baimo.transports.socket_settings import shut_down
from baimo.wire.http1 import Http1Connection

_HIGH_BYTES = 256 * 1024  # body that came and nobody took: above it the peer has to wait
_LOW_BYTES = 64 * 1024
_SEND_BYTES = 256 * 1024


class Home(Protocol):
    """Where a connection goes when its call is over."""

    def give_back(self, connection: AioConnection) -> None:
        """It may carry another call."""

    def forget(self, connection: AioConnection) -> None:
        """It is gone in the middle of a call."""

    def forget_idle(self, connection: AioConnection) -> None:
        """It is gone without a call on it."""


class AioConnection(asyncio.BufferedProtocol):
    """Reads and writes one connection, one call after the other.

    Whoever waits does so on one future, which every change resolves. There is one timer for all waits: it is
    moved only when it must fire earlier, and looks again when it fires too early, so that a live stream does
    not pay for a timer with each piece.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, home: Home, buffer: memoryview) -> None:
        self._buffer = buffer
        self._loop = loop
        # What `loop.time` of asyncio's own loops comes to, without the call in between.
        self._time = time.monotonic if type(loop).time is asyncio.BaseEventLoop.time else loop.time
        self._home = home
        self._transport: asyncio.Transport | None = None
        self._sock: socket.socket | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._error: TransportError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._until = 0.0
        self._limit = ("head", 0.0)
        self._is_busy = False
        self._is_gone = False
        self._is_reused = False
        self._is_spoiled = False
        self.is_paused = False
        self._writing_paused = False
        self.wire: Conversation = Http1Connection()

    def attach(self, sock: socket.socket) -> None:
        """The socket beneath, to shut it down without delay. Raises ConnectError when it ended meanwhile."""
        self._sock = sock
        if self._is_gone:
            raise ConnectError("the peer ended the connection, or spoke before it was asked")

    def send(self, method: str, data: bytes) -> None:
        """Begin a call with its first bytes."""
        self.wire.start(method)
        self._is_busy = True
        if self._transport is None:
            raise call_aborted()
        self._transport.write(data)

    async def send_rest(self, pieces: Iterable[bytes], within_s: float) -> None:
        """Send a large body as fast as the peer takes it; a reply that begins earlier ends the sending.

        Raises TimedOutError(limit="head") when the peer takes nothing for so long.
        """
        for piece in pieces:
            left = memoryview(piece)
            while left:
                if self._transport is None or self.wire.started or self._error is not None:
                    self._is_spoiled = True
                    return
                self._transport.write(left[:_SEND_BYTES])
                left = left[_SEND_BYTES:]
                if self._writing_paused:
                    self.limit("head", within_s)
                    while self._writing_paused and not self.wire.started and self._error is None:
                        await self.change()
                else:
                    await asyncio.sleep(0)  # an early reply is seen only when the loop runs

    def limit(self, name: str, seconds: float) -> None:
        """What follows must happen within so many seconds."""
        self._until = self._time() + seconds
        self._limit = (name, seconds)
        if self._timer is not None and self._until < self._timer_at:
            self._timer.cancel()
            self._timer = None

    def change_within(self, name: str, seconds: float) -> asyncio.Future[None]:
        """`limit` and `change` in one: what a live stream does for each piece."""
        if self._error is not None:
            raise self._error
        until = self._until = self._time() + seconds
        self._limit = (name, seconds)
        if self._timer is None:
            self._set_timer()
        elif until < self._timer_at:
            self._timer.cancel()
            self._set_timer()
        waiter = self._waiter = self._loop.create_future()
        return waiter

    def change(self) -> asyncio.Future[None]:
        """Wait for the next change, within the limit. Raises what broke the connection."""
        if self._error is not None:
            raise self._error
        if self._timer is None:
            self._set_timer()
        waiter = self._waiter = self._loop.create_future()
        return waiter

    def resume(self) -> None:
        """Let the peer go on, if it had to wait for the reader."""
        if self.is_paused and self.wire.buffered < _LOW_BYTES and self._transport is not None:
            self.is_paused = False
            self._transport.resume_reading()

    def release(self) -> None:
        """The call is over: kept when the reply is whole, else closed."""
        if not self.wire.reusable or self._is_spoiled or self._transport is None or self._error is not None:
            self.abort()
            return
        self._is_busy = False
        self._is_reused = True
        self.wire.buffered = 0
        if self.is_paused:
            self.resume()
        self._home.give_back(self)

    def abort(self) -> None:
        """Close at once. The peer is told before this returns, whatever the loop does next."""
        if self._is_gone:
            return
        self._leave()
        if self._sock is not None:
            shut_down(self._sock)
        if self._transport is not None and not self._loop.is_closed():
            self._transport.abort()
        elif self._sock is not None:
            self._sock.close()

    def let_go(self) -> None:
        """In a child process: only our own hold of the parent's socket ends."""
        self._is_gone = True
        if self._sock is not None:
            self._sock.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by class

    def get_buffer(self, sizehint: int) -> memoryview:
        # asyncio allocates and maps 256 KiB for each read of a protocol that is given bytes.
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = self._buffer[:nbytes]
        if not self._is_busy:
            self.abort()  # bytes that nobody asked for
            return
        wire = self.wire
        try:
            wire.feed(data)
        except TransportError as error:
            self._fail(error)
            return
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)
        if wire.buffered > _HIGH_BYTES and not self.is_paused and self._transport is not None:
            self.is_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        if not self._is_busy:
            self.abort()
        elif not self.wire.started or not self._said_goodbye():
            self._fail(self._lost())
        else:
            try:
                self.wire.eof()
            except TransportError as error:
                self._fail(error)
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_busy and not self.wire.complete:
            error = self._lost()
            error.__cause__ = exc
            self._fail(error)
        self._transport = None
        if not self._is_busy:
            self._leave()

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        self._wake()

    def _leave(self) -> None:
        """Not part of any pool from here on."""
        if self._is_gone:
            return
        self._is_gone = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.wire.forget()
        if self._is_busy:
            self._home.forget(self)
        else:
            self._home.forget_idle(self)

    def _said_goodbye(self) -> bool:
        """Whether TLS ended as it should: an end without its own goodbye may be an attacker's cut.

        asyncio reports both alike, but after a goodbye there is nothing more to wait for.
        """
        tls = self._transport.get_extra_info("ssl_object") if self._transport is not None else None
        if tls is None or self.wire.complete:
            return True
        import ssl

        try:
            return not tls.read(1)
        except ssl.SSLZeroReturnError:
            return True
        except ssl.SSLError:
            return False

    def _lost(self) -> TransportError:
        if self._is_gone:
            return call_aborted()
        if self._is_reused and not self.wire.started:
            return stale_connection()
        return self.wire.cut_off()

    def _fail(self, error: TransportError) -> None:
        if self._error is None:
            self._error = error
        self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _set_timer(self) -> None:
        self._timer = self._loop.call_at(self._until, self._on_timer)
        self._timer_at = self._until

    def _on_timer(self) -> None:
        self._timer = None
        if self._waiter is None:
            return  # whoever waits next sets it again
        if self._loop.time() < self._until:
            self._set_timer()
        else:
            self._fail(reply_timeout(*self._limit))
