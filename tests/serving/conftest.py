"""A server with an application made for each test, and a client that says exactly the bytes it is told."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from baimo.serving.asgi import App
from baimo.serving.background import Background
from baimo.serving.limits import Limits
from baimo.serving.server import Server

PATIENCE_S = 10.0


class Visitor:
    """A raw connection to a server."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._buffer = b""

    def say(self, data: bytes) -> None:
        self.sock.sendall(data)

    def head(self) -> bytes:
        """A head, the empty line included."""
        return self._until(b"\r\n\r\n")

    def reply(self) -> tuple[bytes, bytes]:
        """A reply with a content-length: its head and its body."""
        head = self.head()
        size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        return head, self.exactly(size)

    def exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def rest(self) -> bytes:
        """All that comes until the server ends the connection."""
        pieces = [self._buffer]
        while data := self.sock.recv(65536):
            pieces.append(data)
        self._buffer = b""
        return b"".join(pieces)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._fill()
        taken, _, self._buffer = self._buffer.partition(mark)
        return taken + mark

    def _fill(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError(f"the server ended the connection after {self._buffer!r}")
        self._buffer += data


class Served:
    """A running server, and what its application raised."""

    def __init__(self, server: Server, background: Background, faults: list[BaseException]) -> None:
        self.server = server
        self.background = background
        self.faults = faults

    @contextmanager
    def visit(self) -> Iterator[Visitor]:
        visitor = Visitor(self.server.port)
        with visitor.sock:
            yield visitor


Serve = Callable[..., Served]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers in a thread of their own; they are stopped after the test."""
    with Background() as background:

        def start(app: App, **limits: float) -> Served:
            faults: list[BaseException] = []
            bounds = Limits(**limits)  # type: ignore[arg-type]
            server = background.add(Server(app, limits=bounds, on_fault=faults.append))
            return Served(server, background, faults)

        yield start
