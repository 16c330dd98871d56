"""The floor: httptools on a bare asyncio protocol or a bare socket, msgspec, and nothing of a library."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, cast
from urllib.parse import urlsplit

import httptools

from .openai_form import HEADERS, Events, answer_length, length, request


def _head(base_url: str) -> tuple[tuple[str, int], bytes]:
    """The address, and a request up to the value of its Content-Length."""
    at = urlsplit(base_url)
    assert at.hostname and at.port
    fields = "".join([f"{name}: {value}\r\n" for name, value in HEADERS.items()])
    head = f"POST {at.path}/chat/completions HTTP/1.1\r\nHost: {at.netloc}\r\n{fields}Content-Length: "
    return (at.hostname, at.port), head.encode()


class _Body:
    """What the parser tells of one connection's replies."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.pieces: list[bytes] = []
        self.complete = False

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        self.complete = True

    def take(self) -> bytes:
        taken = b"".join(self.pieces)
        self.pieces.clear()
        return taken

    def check(self) -> None:
        if self.parser.get_status_code() != 200:
            raise ConnectionError(self.take().decode())


class _Connection(_Body, asyncio.BufferedProtocol):
    """Received into one lasting buffer: asyncio's other protocols allocate and map 256 KiB for every read."""

    waiter: asyncio.Future[None] | None = None
    wakes_early = False

    def __init__(self, buffer: memoryview) -> None:
        super().__init__()
        self.buffer = buffer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.parser.feed_data(self.buffer[:nbytes])
        if (self.complete or self.wakes_early) and self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_exception(ConnectionError("closed"))


class Async:
    """Keeps as many connections as there are calls at once."""

    def __init__(self, base_url: str) -> None:
        self._at, self._head = _head(base_url)
        self._idle: list[_Connection] = []
        self._buffer = memoryview(bytearray(65536))

    async def __aenter__(self) -> Async:
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(self, *failure: Any) -> None:
        for connection in self._idle:
            connection.transport.close()

    async def _send(self, body: bytes) -> _Connection:
        if self._idle:
            connection = self._idle.pop()
        else:
            _, connection = await self._loop.create_connection(lambda: _Connection(self._buffer), *self._at)
        connection.complete = False
        connection.transport.write(self._head + b"%d\r\n\r\n%s" % (len(body), body))
        return connection

    async def call(self) -> int:
        connection = await self._send(request(stream=False))
        try:
            connection.wakes_early = False
            connection.waiter = self._loop.create_future()
            await connection.waiter
            connection.check()
            found = answer_length(connection.take())
        except BaseException:
            connection.transport.abort()
            raise
        self._idle.append(connection)
        return found

    async def stream(self) -> int:
        connection = await self._send(request(stream=True))
        events, characters = Events(), 0
        connection.wakes_early = True
        try:
            while not connection.complete:
                connection.waiter = self._loop.create_future()
                await connection.waiter
                connection.check()
                for chunk in events.feed(connection.take()):
                    characters += length(chunk)
        except BaseException:
            connection.transport.abort()
            raise
        self._idle.append(connection)
        return characters


class Sync:
    """One connection."""

    def __init__(self, base_url: str) -> None:
        at, self._head = _head(base_url)
        self._socket = socket.create_connection(at)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._body = _Body()

    def __enter__(self) -> Sync:
        return self

    def __exit__(self, *failure: Any) -> None:
        self._socket.close()

    def _send(self, body: bytes) -> _Body:
        self._body.complete = False
        self._socket.sendall(self._head + b"%d\r\n\r\n%s" % (len(body), body))
        return self._body

    def _receive(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("closed")
        self._body.parser.feed_data(data)

    def call(self) -> int:
        body = self._send(request(stream=False))
        while not body.complete:
            self._receive()
        body.check()
        return answer_length(body.take())

    def stream(self) -> int:
        body = self._send(request(stream=True))
        events, characters = Events(), 0
        while not body.complete:
            self._receive()
            body.check()
            for chunk in events.feed(body.take()):
                characters += length(chunk)
        return characters
