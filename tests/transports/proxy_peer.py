"""A proxy of a plain socket: forwards absolute requests, opens tunnels, wants a login."""

from __future__ import annotations

import base64
import socket
import threading
from contextlib import suppress

from tests.transports.peer import Connection

LOGIN = b"Basic " + base64.b64encode("mé:p@ss:word".encode())


class ProxyScript:
    """The script of a proxy; what it was asked for is in `asked`."""

    def __init__(self, *, wants_login: bool = False, answer: bytes | None = None) -> None:
        self.asked: list[bytes] = []
        self._wants_login = wants_login
        self._answer = answer

    def __call__(self, connection: Connection) -> None:
        while head := connection.head():
            line, *fields = head.split(b"\r\n")
            self.asked.append(line)
            if self._wants_login and b"Proxy-Authorization: " + LOGIN not in fields:
                connection.say(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                continue
            if self._answer is not None:
                connection.say(self._answer)
                return
            method, target, _ = line.split(b" ")
            if method == b"CONNECT":
                _tunnel(connection, target)
                return
            _forward(connection, head, target, fields)


def _tunnel(connection: Connection, target: bytes) -> None:
    host, _, port = target.decode().rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), 5) as there:
        connection.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
        there.settimeout(10)
        back = threading.Thread(target=_pump, args=(there, connection.sock), daemon=True)
        back.start()
        _pump(connection.sock, there)
        back.join(5)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        socket.socket.shutdown(sink, socket.SHUT_WR)


def _forward(connection: Connection, head: bytes, target: bytes, fields: list[bytes]) -> None:
    place, _, path = target.removeprefix(b"http://").partition(b"/")
    host, _, port = place.decode().rpartition(":")
    kept = [field for field in fields if not field.lower().startswith(b"proxy-")]
    with socket.create_connection((host, int(port)), 5) as there:
        method = head.split(b" ")[0]
        there.sendall(b"\r\n".join([method + b" /" + path + b" HTTP/1.1", *kept]))
        there.settimeout(5)
        reply = b""
        while b"\r\n\r\n" not in reply or not reply.endswith(b"hello"):
            reply += there.recv(65536)
        connection.say(reply)
