"""The other side of a WebSocket, byte by byte: for scripts that keep the rules and for those that do not."""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import Any

from baimo.transports.pool import OriginPool
from baimo.transports.route import socket_key
from baimo.wire.http import SocketRequest
from tests.transports.contract import AnyCarrier, pool_of
from tests.transports.peer import Connection, Script

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def ask(origin: str, *frames: bytes | str, target: bytes = b"/chat?a=%2F") -> SocketRequest:
    return SocketRequest(origin=origin.replace("http", "ws", 1), target=target, frames=frames)


def socket_pool(carrier: AnyCarrier, origin: str) -> OriginPool[Any, Any]:
    """The places for WebSockets to a scripted server."""
    return pool_of(carrier, socket_key(origin.replace("http", "ws", 1)))


def key_of(head: bytes) -> bytes:
    """The key of a handshake."""
    return head.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]


def accepted(head: bytes, *fields: bytes) -> bytes:
    """The good answer to a handshake."""
    digest = hashlib.sha1(key_of(head) + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    lines = [b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"]
    lines += [b"Sec-WebSocket-Accept: " + base64.b64encode(digest), *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def frame(opcode: int, data: bytes = b"", *, fin: bool = True) -> bytes:
    """A frame as a server sends it."""
    size = len(data)
    length = (
        bytes([size])
        if size < 126
        else b"\x7e" + struct.pack("!H", size)
        if size < 65536
        else b"\x7f" + struct.pack("!Q", size)
    )
    return bytes([(0x80 if fin else 0) | opcode]) + length + data


def text(data: str) -> bytes:
    return frame(TEXT, data.encode())


def close(code: int, reason: str = "") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason.encode())


class Reader:
    """Takes a client's frames apart; what is not masked is refused."""

    def __init__(self, connection: Connection) -> None:
        self._sock = connection.sock
        self._buffer = b""

    def next(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; raises ConnectionError at the end."""
        first, second = self._take(2)
        assert first & 0x80, "a client that sends fragments"
        assert second & 0x80, "a client that does not mask"
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._take(8))
        mask = self._take(4)
        data = self._take(size)
        return first & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))

    def skip(self, size: int) -> None:
        """Pass over so many bytes."""
        self._take(size)

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = self._sock.recv(65536)
            if not data:
                raise ConnectionError("the client ended the connection")
            self._buffer += data
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken


def sending(*pieces: bytes, stays: bool = True) -> Script:
    """Accepts, writes these pieces at once, and stays until the client ends the connection."""

    def script(connection: Connection) -> None:
        connection.say(accepted(connection.head()) + b"".join(pieces))
        if stays:
            connection.ended_at()

    return script
