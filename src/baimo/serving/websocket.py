"""One WebSocket of the server. Frames are the matter of `websockets`; this ties it to ASGI."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import CONNECTING, OPEN
from websockets.server import ServerProtocol

from baimo.wire.http import WireHead

from .asgi import RAW_ABORT, RAW_SEND, Message
from .framing import ReplyFramer
from .incoming import Incoming

if TYPE_CHECKING:
    from .server import Server

_SILENT = logging.Logger("baimo.serving", logging.CRITICAL + 1)
_FULL = 64
"""Messages that may wait for the application."""
_FULL_BYTES = 64 * 1024


class SocketConnection(asyncio.Protocol):
    """Takes a connection over from the request that asked for a WebSocket."""

    def __init__(self, server: Server, transport: asyncio.Transport, incoming: Incoming) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = transport
        self._incoming = incoming
        self._protocol = ServerProtocol(max_size=server.limits.max_body, logger=_SILENT)
        self._messages: deque[Message] = deque([{"type": "websocket.connect"}])
        self._parts: list[bytes] = []
        self._is_text = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._response: Response | None = None
        self._framer: ReplyFramer | None = None
        self._task: asyncio.Task[None] | None = None
        self._told = False
        self._early = b""

    def begin(self, rest: bytes) -> None:
        """Look at the handshake and start the application."""
        self._server.joined(self)
        self._early = rest
        self._protocol.receive_data(_head_of(self._incoming))
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._response = self._protocol.accept(event)
        if self._response is None or self._response.status_code != 101:
            if self._response is not None:
                self._protocol.send_response(self._response)
            self._flush()
            self.close()
            return
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._task.add_done_callback(self._done)

    # What asyncio calls.

    def data_received(self, data: bytes) -> None:
        """Frames. Those of a client that does not wait for our answer to its handshake are kept."""
        if self._protocol.state is CONNECTING:
            self._early += data
            if len(self._early) > _FULL_BYTES and self._transport is not None:
                self._transport.pause_reading()
            return
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
        self._flush()
        if self._protocol.state > OPEN:
            self._lose()
        if self._protocol.close_expected() and self._transport is not None:
            self._transport.close()
        elif len(self._messages) > _FULL and self._transport is not None:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """The client will say no more, and with that a WebSocket is over."""
        self._lose()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone: the application is stopped."""
        self._transport = None
        self._room.set()
        self._lose()
        if self._task is not None:
            self._task.cancel()
        else:
            self._server.left(self)

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self._room.clear()

    def resume_writing(self) -> None:
        """There is room again."""
        self._room.set()

    # What the application calls.

    async def receive(self) -> Message:
        """ASGI's `receive`."""
        while not self._messages:
            self._changed.clear()
            await self._changed.wait()
        message = self._messages.popleft()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
        return message

    async def send(self, message: Message) -> None:
        """ASGI's `send`."""
        if self._transport is None:
            raise OSError("the client is gone")
        try:
            self._send(message)
        except InvalidState:
            raise OSError("the WebSocket is closed") from None
        await self._room.wait()

    def _send(self, message: Message) -> None:
        protocol = self._protocol
        match message["type"]:
            case "websocket.accept":
                self._accept(message)
            case "websocket.send":
                if message.get("text") is not None:
                    protocol.send_text(message["text"].encode())
                else:
                    protocol.send_binary(message["bytes"])
            case "websocket.close" if protocol.state is CONNECTING:
                self._refuse(WireHead(403))
                self._refuse_with(b"", more=False)
            case "websocket.close":
                code = message.get("code", 1000)
                protocol.send_close(code, message.get("reason") or "")
                self._told = True
            case "websocket.http.response.start":
                self._refuse(WireHead(message["status"], tuple(map(tuple, message.get("headers", ())))))
            case "websocket.http.response.body":
                self._refuse_with(message.get("body", b""), more=message.get("more_body", False))
            case kind if kind == RAW_SEND:
                self._write(message["body"])
            case kind if kind == RAW_ABORT:
                self.abort(reset=protocol.state is CONNECTING)
            case kind:
                raise ValueError(f"{kind!r} is no message for a WebSocket")
        self._flush()

    def _accept(self, message: Message) -> None:
        assert self._response is not None
        for name, value in message.get("headers", ()):
            self._response.headers[bytes(name).decode("latin-1")] = bytes(value).decode("latin-1")
        if message.get("subprotocol"):
            self._response.headers["Sec-WebSocket-Protocol"] = message["subprotocol"]
        self._protocol.send_response(self._response)
        self._flush()
        early, self._early = self._early, b""
        if self._transport is not None:
            self._transport.resume_reading()
        if early:
            self.data_received(early)

    def _refuse(self, head: WireHead) -> None:
        self._framer = ReplyFramer("GET", keep_alive=False)
        self._write(self._framer.head(head))

    def _refuse_with(self, body: bytes, *, more: bool) -> None:
        if self._framer is None:
            raise ValueError("the body of a refusal comes after its start")
        self._write(self._framer.piece(body) + (b"" if more else self._framer.end()))
        if not more:
            self.close()

    # Inside.

    async def _run(self) -> None:
        scope = self._incoming.scope("websocket", *self._addresses())
        try:
            await self._server.app(scope, self.receive, self.send)
        except Exception as fault:
            self._server.failed(fault)
            if self._protocol.state is OPEN:
                self._protocol.fail(1011)
                self._flush()
        if self._protocol.state is CONNECTING and self._framer is None and self._transport is not None:
            self._refuse(WireHead(500))
            self._refuse_with(b"", more=False)
        elif self._protocol.state is OPEN:
            self._protocol.send_close(1000)
            self._flush()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if self._transport is None:
            self._server.left(self)
        else:
            self._transport.resume_reading()
            # The client's own close ends it; one that never comes is not waited for long.
            asyncio.get_running_loop().call_later(1.0, self.close)

    def _addresses(self) -> tuple[tuple[str, int], tuple[str, int]]:
        transport = self._transport
        if transport is None:
            return ("", 0), ("", 0)
        ours, theirs = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        return tuple(ours or ("", 0))[:2], tuple(theirs or ("", 0))[:2]

    def _take(self, frame: Frame) -> None:
        if frame.opcode >= Opcode.CLOSE:
            return
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return
        data, self._parts = b"".join(self._parts), []
        if not self._is_text:
            self._put({"type": "websocket.receive", "bytes": data})
            return
        try:
            self._put({"type": "websocket.receive", "text": data.decode()})
        except UnicodeDecodeError:
            self._protocol.fail(1007)

    def _put(self, message: Message) -> None:
        self._messages.append(message)
        self._changed.set()

    def _lose(self) -> None:
        if self._told is False or not self._messages:
            self._told = True
            close = self._protocol.close_rcvd
            code = 1006 if close is None else close.code
            self._put({"type": "websocket.disconnect", "code": code, "reason": close.reason if close else ""})

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._write(data)
            elif self._transport is not None and self._transport.can_write_eof():
                self._transport.write_eof()

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Close once everything is written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self, *, reset: bool = False) -> None:
        """Close without a close frame."""
        if self._transport is None:
            return
        if reset:
            self._transport.abort()
        else:
            self._transport.close()

    @property
    def is_busy(self) -> bool:
        """Whether the application is still at it."""
        return self._task is not None


def _head_of(incoming: Incoming) -> bytes:
    """The request's head, for the library to judge."""
    lines = [b"GET %b HTTP/1.1" % incoming.target]
    lines += [b"%b: %b" % field for field in incoming.fields]
    return b"\r\n".join(lines) + b"\r\n\r\n"
