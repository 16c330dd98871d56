"""One blocking connection and the call that is on it."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterable
from typing import Protocol

from baimo.errors import TimedOutError, TransportError
from baimo.transports.conversation import Conversation
from baimo.transports.failure import call_aborted, reply_timeout, stale_connection
from baimo.transports.ready import is_readable, wait_ready
from baimo.transports.socket_settings import shut_down
from baimo.transports.sync_connect import Stream, not_ready_errors
from baimo.wire.http import WireHead
from baimo.wire.http1 import Http1Connection

_READ_BYTES = 64 * 1024
_SEND_BYTES = 256 * 1024


class Home(Protocol):
    """Where a connection goes when its call is over."""

    def give_back(self, connection: SyncConnection) -> None:
        """It may carry another call."""

    def forget(self, connection: SyncConnection) -> None:
        """It is gone."""


class SyncConnection:
    """Reads and writes one connection, one call after the other.

    `abort` may come from any thread. A descriptor must never be closed while another thread is inside a
    system call on it (its number may belong to somebody else by then), so `abort` shuts the socket down,
    which ends that call, and whoever was inside closes it.
    """

    __slots__ = (
        "_base",
        "_busy",
        "_changes",
        "_home",
        "_is_dead",
        "_is_spoiled",
        "_pid",
        "_seconds",
        "_stream",
        "is_reused",
        "opened_by",
        "wire",
    )

    def __init__(self, home: Home, stream: Stream, base: socket.socket) -> None:
        self._home = home
        self._stream = stream
        self._base = base
        self._pid = os.getpid()
        self._busy = threading.Lock()
        self._changes = threading.Lock()
        self._seconds = -1.0
        self._is_dead = False
        self._is_spoiled = False
        self.is_reused = False
        self.opened_by = 0
        """The thread that waits for a head on it; 0 for none."""
        self.wire: Conversation = Http1Connection()

    def is_quiet(self) -> bool:
        """Whether an idle connection is as it was left: not ended, no bytes that nobody asked for."""
        return not is_readable(self._base)

    def send(self, method: str, first: bytes, rest: Iterable[bytes] | None, within_s: float) -> None:
        """Write a request. Raises TimedOutError(limit="head") when the peer takes nothing for so long.

        A connection that breaks is no error yet: the reply to what was sent may have come before.
        """
        self.wire.start(method)
        with self._busy:
            try:
                if self._write(first, within_s) and rest is not None:
                    self._send_rest(rest, within_s)
            finally:
                self._close_if_dead()

    def read_head(self, within_s: float) -> WireHead:
        """The head of the reply. Raises TimedOutError(limit="head") and TransportError."""
        wire = self.wire
        if wire.head is None:
            self._receive(within_s, "head", within_s)
        if wire.head is None:
            end = time.monotonic() + within_s
            while wire.head is None:
                self._receive(end - time.monotonic(), "head", within_s)
        return wire.head

    def read_piece(self, within_s: float) -> bytes:
        """The next piece of the body, `b""` at its end. Raises TimedOutError(limit="idle")."""
        wire = self.wire
        self._receive(within_s, "idle", within_s)
        piece = wire.take()
        if piece is None:
            end = time.monotonic() + within_s
            while (piece := wire.take()) is None:
                self._receive(end - time.monotonic(), "idle", within_s)
        return piece

    def release(self) -> None:
        """The call is over: kept when the reply is whole, else closed."""
        if self.wire.reusable and not self._is_spoiled and not self._is_dead and self._pid == os.getpid():
            self.is_reused = True
            self._home.give_back(self)
        else:
            self.abort()

    def abort(self) -> None:
        """Close at once, from any thread; a read that blocks ends with TransportError."""
        with self._changes:
            if self._is_dead:
                return
            self._is_dead = True
            # The socket of a parent process is the parent's: only our own hold of it is let go.
            if self._pid == os.getpid():
                shut_down(self._base)
        if self._busy.acquire(blocking=False):
            try:
                self.close_descriptor()
            finally:
                self._busy.release()
        if self._pid == os.getpid():
            self._home.forget(self)

    def close_descriptor(self) -> None:
        """Let the descriptor go; nobody may be reading from it."""
        with self._changes:
            self._is_dead = True
            self._stream.close()
        self.wire.forget()

    def _end(self) -> None:
        """The peer ended its side."""
        if self._is_dead or not self.wire.started:
            raise self._lost()
        self.wire.eof()

    def _receive(self, seconds: float, limit: str, whole_s: float) -> None:
        if seconds <= 0:
            raise reply_timeout(limit, whole_s)
        with self._busy:
            try:
                if self._is_dead:
                    raise call_aborted()
                self._set_timeout(seconds)
                data = self._stream.recv(_READ_BYTES)
            except TimeoutError as error:
                raise reply_timeout(limit, whole_s) from error
            except OSError as error:
                raise self._lost() from error
            finally:
                self._close_if_dead()
        if data:
            self.wire.feed(data)
        else:
            self._end()

    def _close_if_dead(self) -> None:
        if self._is_dead:
            self.close_descriptor()

    def _lost(self) -> TransportError:
        if self._is_dead:
            return call_aborted()
        if self.is_reused and not self.wire.started:
            return stale_connection()
        return self.wire.cut_off()

    def _set_timeout(self, seconds: float) -> None:
        if seconds != self._seconds:  # each change is a system call
            self._stream.settimeout(seconds)
            self._seconds = seconds

    def _write(self, data: bytes, within_s: float) -> bool:
        """Send all of it; False when the connection broke."""
        try:
            self._set_timeout(within_s)
            self._stream.sendall(data)
        except TimeoutError as error:
            raise reply_timeout("head", within_s) from error
        except OSError:
            self._is_spoiled = True
        return not self._is_spoiled

    def _send_rest(self, pieces: Iterable[bytes], within_s: float) -> None:
        """Send a body piece by piece, until the connection breaks or the reply begins."""
        # TLS inside TLS cannot look for an early reply on the side.
        write = self._write if self._stream is not self._base else self._write_watching
        for piece in pieces:
            if not write(piece, within_s):
                return

    def _write_watching(self, data: bytes, within_s: float) -> bool:
        """Send all of it; False when the connection broke or a reply began meanwhile."""
        left = memoryview(data)
        not_ready = not_ready_errors(self._base)
        try:
            self._set_timeout(0.0)
            while left:
                if is_readable(self._base) and self._has_reply(not_ready):
                    self._is_spoiled = True
                    return False
                try:
                    left = left[self._stream.send(left[:_SEND_BYTES]) :]
                except not_ready as error:
                    if not any(wait_ready(self._base, write=True, seconds=within_s)):
                        raise reply_timeout("head", within_s) from error
        except TimedOutError:
            raise
        except OSError:
            self._is_spoiled = True
        return not self._is_spoiled

    def _has_reply(self, not_ready: tuple[type[OSError], ...]) -> bool:
        try:
            data = self._stream.recv(_READ_BYTES)
        except not_ready:
            return False
        if data:
            self.wire.feed(data)
        return True
