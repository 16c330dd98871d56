"""A proxy of a plain socket: forwards absolute requests, opens tunnels, wants a login."""

from __future__ import annotations

import base64
import select
import socket
import ssl

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
        _pump(connection.sock, there)


def _pump(here: socket.socket, there: socket.socket) -> None:
    """Both ways in one thread: a TLS socket may not be read and written at the same time."""
    while True:
        ready, _, _ = select.select([here, there], [], [], 10)
        if isinstance(here, ssl.SSLSocket) and here.pending():
            ready.append(here)
        if not ready:
            return
        for source in set(ready):
            data = source.recv(65536)
            if not data:
                return
            (there if source is here else here).sendall(data)


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
