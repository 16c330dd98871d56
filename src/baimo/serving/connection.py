"""One connection of the server: requests in, one after the other answered by the application.

httptools knows the grammar of a request. What it does not see is decided here: sizes, requests that come
before the last one is answered (they wait in line), `Expect`, upgrades, and what a lost client means.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from baimo.wire.http import WireHead

from .asgi import RAW_ABORT, RAW_SEND, Message
from .framing import ReplyFramer
from .incoming import Incoming

if TYPE_CHECKING:
    from .server import Server


class Connection(asyncio.Protocol):
    """Meets asyncio's protocol; made by the server for each connection that it accepts."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._limits = server.limits
        self._loop = asyncio.get_running_loop()
        self._parser = HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._arriving: Incoming | None = None
        self._line: deque[Incoming] = deque()
        self._task: asyncio.Task[None] | None = None
        self._answering: Incoming | None = None
        self._head_bytes = 0
        self._is_head = True
        self._is_upgrade = False
        self._is_closing = False
        self._reply: _Reply | None = None
        self._refusal: int | None = None
        self._refused: tuple[int, str] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._timer: asyncio.TimerHandle | None = None
        self.server_address = ("", 0)
        self.client_address = ("", 0)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is here."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server_address = tuple(transport.get_extra_info("sockname") or ("", 0))[:2]
        self.client_address = tuple(transport.get_extra_info("peername") or ("", 0))[:2]
        self._server.joined(self)
        self._wait(self._limits.idle_s)

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone: what is being answered is stopped."""
        self._stop_timer()
        self._transport = None
        self._room.set()
        for incoming in (self._arriving, self._answering, *self._line):
            if incoming is not None:
                incoming.lose()
        self._line.clear()
        if self._task is not None:
            self._task.cancel()
        else:
            self._server.left(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of requests."""
        if self._is_closing:
            return
        self._stop_timer()
        if self._is_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
            return
        except HttpParserError:
            self._next()
            self._refuse(400, "no valid request of HTTP/1.1")
            return
        self._check()

    def eof_received(self) -> bool:
        """The client will say no more. It might still be listening, but most likely it is gone: nothing else
        would tell, for as long as nothing is written."""
        return False

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self._room.clear()

    def resume_writing(self) -> None:
        """There is room again."""
        self._room.set()

    # What httptools calls.

    def on_message_begin(self) -> None:
        self._arriving = Incoming(self._wanted, self._check_room)
        self._is_head = True

    def on_url(self, url: bytes) -> None:
        if self._arriving is not None:
            self._arriving.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._arriving is not None:
            self._arriving.fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        incoming = self._arriving
        if incoming is None:
            return
        incoming.method = self._parser.get_method().decode("ascii")
        incoming.version = self._parser.get_http_version()
        incoming.keep_alive = self._parser.should_keep_alive()
        self._is_head = False
        self._head_bytes = 0
        self._refusal = self._oversized(incoming)
        if self._refusal is not None:
            return
        if self._parser.should_upgrade():
            self._is_upgrade = True
            return
        self._line.append(incoming)

    def on_body(self, data: bytes) -> None:
        if self._arriving is not None:
            self._arriving.feed(data)

    def on_message_complete(self) -> None:
        incoming, self._arriving = self._arriving, None
        self._is_head = True
        if incoming is None:
            return
        if self._is_upgrade:
            self._arriving = incoming
        else:
            incoming.end()

    # The way of a request.

    def _check(self) -> None:
        """After each read: are the limits kept, is there something to do?"""
        limits, arriving = self._limits, self._arriving
        if self._refusal is None and self._is_head and self._head_bytes > limits.max_head:
            self._refusal = 431
        elif arriving is not None and arriving.size > limits.max_body:
            self._refusal = 413
        if self._refusal is not None:
            self._next()
            self._refuse(self._refusal, "the request is too large")
            return
        self._check_room()
        self._next()
        if self._task is None:
            self._wait(limits.head_s if arriving is not None else limits.idle_s)

    def _oversized(self, incoming: Incoming) -> int | None:
        """The status that refuses a head for its size, or for that of the body that it tells of."""
        size = len(incoming.target) + sum(len(name) + len(value) + 4 for name, value in incoming.fields)
        if size > self._limits.max_head:
            return 431
        length = incoming.field(b"content-length")
        return 413 if length.isdigit() and int(length) > self._limits.max_body else None

    def _check_room(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        waiting = (self._answering, self._arriving, *self._line)
        if len(self._line) > self._limits.max_ahead or any(
            one is not None and one.is_full for one in waiting
        ):
            transport.pause_reading()
        else:
            transport.resume_reading()

    def _next(self) -> None:
        if self._task is None and self._line and (not self._is_closing or self._refused is not None):
            incoming = self._answering = self._line.popleft()
            self._head_bytes = 0
            self._task = self._loop.create_task(self._answer(incoming))
            self._task.add_done_callback(self._done)

    async def _answer(self, incoming: Incoming) -> None:
        """Run the application for one request; what it leaves undone is done."""
        reply = self._reply = _Reply(self, incoming)
        scope = incoming.scope("http", self.server_address, self.client_address)
        try:
            await self._server.app(scope, incoming.receive, reply.send)
        except Exception as fault:
            self._server.failed(fault)
            if reply.framer.begun:
                self.abort()
                return
            await reply.whole(500, "the application failed")
        if not reply.framer.begun:
            await reply.whole(500, "the application gave no answer")
        elif not reply.is_ended:
            self.abort()
        incoming.answered()
        if not reply.framer.reusable or not incoming.is_whole:
            self.close()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = self._answering = self._reply = None
        if self._transport is None:
            self._server.left(self)
            return
        self._check_room()
        self._next()
        if self._task is None and self._refused is not None:
            refused, self._refused = self._refused, None
            self._refuse(*refused)
        elif self._task is None:
            self._wait(self._limits.idle_s)
            if self._server.is_stopping:
                self.close()

    def _wanted(self, incoming: Incoming) -> None:
        """The application reads: a client that asked whether it may send is told so."""
        if (
            incoming.field(b"expect").lower() == b"100-continue"
            and not incoming.size
            and not incoming.is_whole
        ):
            incoming.fields = [field for field in incoming.fields if field[0] != b"expect"]
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _upgrade(self, rest: bytes) -> None:
        """A handshake goes to another protocol; another upgrade is not for us, and the request is plain."""
        incoming, self._arriving, self._is_upgrade = self._arriving, None, False
        transport = self._transport
        if incoming is None or transport is None:
            return
        if incoming.field(b"upgrade").lower() == b"websocket" and incoming.method == "GET":
            from .websocket import SocketConnection

            self._server.left(self)
            successor = SocketConnection(self._server, transport, incoming)
            transport.set_protocol(successor)
            successor.begin(rest)
            return
        kept = [field for field in incoming.fields if field[0] not in (b"upgrade", b"http2-settings")]
        lines = [b"%b %b HTTP/1.1" % (incoming.method.encode(), incoming.target)]
        lines += [b"%b: %b" % field for field in kept]
        self._parser = HttpRequestParser(self)
        self.data_received(b"\r\n".join(lines) + b"\r\n\r\n" + rest)

    def _refuse(self, status: int, why: str) -> None:
        """Answer what cannot be read further, and close. What is under way is answered first, unless it is
        the very request that cannot be read."""
        self._is_closing = True
        self._line = deque(one for one in self._line if one.is_whole)
        reply = self._reply
        if self._task is not None and self._answering is not None and self._answering.is_whole:
            self._refused = (status, why)
            return
        if self._task is not None:
            self._task.cancel()
        if reply is not None and reply.framer.begun:
            self.abort()
            return
        self._write(_plain(ReplyFramer("GET", keep_alive=False), status, why))
        self._linger()

    def _linger(self) -> None:
        """Close so that the client can read the refusal although it may still be writing."""
        transport = self._transport
        if transport is not None:
            if transport.can_write_eof():
                transport.write_eof()
            self._loop.call_later(0.2, transport.close)

    # Writing and closing.

    async def write(self, data: bytes) -> None:
        """Write, and wait while the client reads too slowly."""
        if data:
            self._write(data)
            await self._room.wait()

    def close(self) -> None:
        """Close once everything is written."""
        self._is_closing = True
        if self._transport is not None:
            self._transport.close()

    def abort(self, *, reset: bool = False) -> None:
        """Close now; with `reset` the client is told of it rudely."""
        self._is_closing = True
        transport = self._transport
        if transport is None:
            return
        if reset:
            sock = transport.get_extra_info("socket")
            if sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()

    @property
    def is_busy(self) -> bool:
        """Whether a request is being answered."""
        return self._task is not None

    def _write(self, data: bytes) -> None:
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.write(data)

    def _wait(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(seconds, self._late)

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _late(self) -> None:
        if self._arriving is not None:
            self._refuse(408, "the request did not come in time")
        else:
            self.close()


class _Reply:
    """ASGI's `send` for one request."""

    def __init__(self, connection: Connection, incoming: Incoming) -> None:
        self._connection = connection
        self._start: WireHead | None = None
        self.framer = ReplyFramer(incoming.method, keep_alive=incoming.keep_alive, version=incoming.version)
        self.is_ended = False

    async def send(self, message: Message) -> None:
        """Take a message of the application."""
        connection, framer = self._connection, self.framer
        if connection._transport is None:
            raise OSError("the client is gone")
        match message["type"]:
            case "http.response.start":
                head = WireHead(message["status"], tuple(map(tuple, message.get("headers", ()))))
                await connection.write(framer.head(head))
            case "http.response.body":
                await self._body(message.get("body", b""), more=message.get("more_body", False))
            case kind if kind == RAW_SEND:
                framer.begun = self.is_ended = True
                await connection.write(message["body"])
            case kind if kind == RAW_ABORT:
                self.is_ended = True
                connection.abort(reset=not framer.begun)
                framer.begun = True
            case kind:
                raise ValueError(f"{kind!r} is no message for a reply of HTTP")

    async def _body(self, data: bytes, *, more: bool) -> None:
        if not self.framer.begun:
            raise ValueError("the body of a reply comes after its start")
        framed = self.framer.piece(data)
        if not more:
            framed += self.framer.end()
            self.is_ended = True
        await self._connection.write(framed)

    async def whole(self, status: int, why: str) -> None:
        """A small reply of our own."""
        self.is_ended = True
        await self._connection.write(_plain(self.framer, status, why))


def _plain(framer: ReplyFramer, status: int, why: str) -> bytes:
    text = f"{why}\n".encode()
    fields = ((b"content-type", b"text/plain"), (b"content-length", str(len(text)).encode()))
    return framer.head(WireHead(status, fields)) + framer.piece(text) + framer.end()
