"""TLS inside TLS for blocking sockets: an https origin behind a proxy that is itself reached by https."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")
_RECORD = 64 * 1024


class _Clock(Protocol):
    def left(self) -> float: ...


class TlsOverTls:
    """The inner TLS connection. It reads and writes through `base`, and waits as long as told."""

    def __init__(self, base: socket.socket, context: ssl.SSLContext, host: str, deadline: _Clock) -> None:
        """Does the handshake. Raises OSError, TimeoutError at the deadline."""
        self._base = base
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._seconds: float | None = deadline.left()
        self._carry_out(self._tls.do_handshake)

    def recv(self, size: int, /) -> bytes:
        try:
            return self._carry_out(lambda: self._tls.read(size))
        except ssl.SSLZeroReturnError:
            return b""

    def send(self, data: bytes | memoryview, /) -> int:
        return self._carry_out(lambda: self._tls.write(data))

    def sendall(self, data: bytes, /) -> None:
        view = memoryview(data)
        while view:
            view = view[self.send(view) :]

    def settimeout(self, seconds: float | None, /) -> None:
        self._seconds = seconds

    def close(self) -> None:
        self._base.close()

    def _carry_out(self, act: Callable[[], T]) -> T:
        """Repeat `act` until it has had all the bytes it needs, then send what it left to send."""
        end = None if self._seconds is None else time.monotonic() + self._seconds
        while True:
            try:
                result = act()
            except ssl.SSLWantReadError:
                self._flush(end)
                self._await(end)
                data = self._base.recv(_RECORD)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
                continue
            self._flush(end)
            return result

    def _flush(self, end: float | None) -> None:
        if data := self._outgoing.read():
            self._await(end)
            self._base.sendall(data)

    def _await(self, end: float | None) -> None:
        """Give the outer connection what is left of the time."""
        if end is None:
            self._base.settimeout(None)
        elif self._seconds == 0:
            self._base.settimeout(0)
        elif (left := end - time.monotonic()) > 0:
            self._base.settimeout(left)
        else:
            raise TimeoutError("the time is over")
