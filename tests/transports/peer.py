"""A server made of a plain socket and a script: it says exactly the bytes that a test wants."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

PATIENCE_S = 10.0


class Connection:
    """One accepted connection, for the script."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self._buffer = b""
        sock.settimeout(PATIENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def request(self) -> bytes:
        """One request, head and body; `b""` when the client ended the connection."""
        head = self.head()
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            return head + self._until(b"0\r\n\r\n")
        if b"content-length:" in lower:
            size = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
            return head + self._exactly(size)
        return head

    def head(self) -> bytes:
        """The head of a request, its body left unread."""
        return self._until(b"\r\n\r\n")

    def say(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, reply: bytes) -> bytes:
        """Read a request and give that reply."""
        request = self.request()
        if request:
            self.say(reply)
        return request

    def reset(self) -> None:
        """End with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def end_writing(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)

    def ended_at(self) -> float:
        """Waits until the client has ended the connection, by FIN or RST; the time of it."""
        with suppress(ConnectionError):
            while self.sock.recv(65536):
                continue
        return time.monotonic()

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            try:
                data = self.sock.recv(65536)
            except ConnectionError:
                return b""
            if not data:
                return b""
            self._buffer += data
        taken, _, self._buffer = self._buffer.partition(mark)
        return taken + mark

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = self.sock.recv(65536)
            if not data:
                return b""
            self._buffer += data
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken


Script = Callable[[Connection], None]


class Peer:
    """Accepts connections and plays the script on each, in a thread of its own."""

    def __init__(
        self, script: Script, *, context: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=256)
        self._script = script
        self._context = context
        self._threads: list[threading.Thread] = []
        self._socks: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        self.origin = f"{'https' if context else 'http'}://{name}:{self.port}"
        self.accepted = 0
        self.failures: list[BaseException] = []
        self._acceptor = threading.Thread(target=self._accept, name="peer", daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join(PATIENCE_S)
        self._listener.close()
        for sock in self._socks:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        for sock in self._socks:
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._socks.append(sock)
            thread = threading.Thread(target=self._play, args=(sock, self.accepted), name="peer", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _play(self, sock: socket.socket, number: int) -> None:
        try:
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False)
                self._socks.append(sock)
            self._script(Connection(sock, number))
        except OSError:
            pass  # the client went away, which is what some tests are about
        except BaseException as error:
            self.failures.append(error)
        finally:
            if self._context is not None and isinstance(sock, ssl.SSLSocket):
                with suppress(OSError, ValueError):
                    sock.settimeout(1.0)
                    sock = sock.unwrap()
            sock.close()


@contextmanager
def peer(script: Script, *, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Peer]:
    """A server for the time of a test; what failed in its script fails the test."""
    server = Peer(script, context=context, host=host)
    try:
        yield server
    finally:
        server.close()
    if server.failures:
        raise server.failures[0]


def serving(*replies: bytes) -> Script:
    """Gives these replies one after the other on each connection, the last one for ever."""

    def script(connection: Connection) -> None:
        for at in range(10_000):
            if not connection.answer(replies[min(at, len(replies) - 1)]):
                return

    return script


def once(reply: bytes, *, stays: bool = False) -> Script:
    """Gives one reply and ends the connection, or waits until the client ends it."""

    def script(connection: Connection) -> None:
        connection.answer(reply)
        if stays:
            connection.ended_at()

    return script


def reply(body: bytes = b"hello", *fields: bytes, status: bytes = b"200 OK") -> bytes:
    """A reply with its length."""
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunked(*pieces: bytes, fields: tuple[bytes, ...] = (), end: bytes = b"0\r\n\r\n") -> bytes:
    """A reply in chunks."""
    lines = [b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + b"".join(chunk(piece) for piece in pieces) + end


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)
