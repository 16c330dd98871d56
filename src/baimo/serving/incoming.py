"""One request as it comes in: the head at once, the body in pieces, with a bound on what waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from .asgi import RAW, Message, Scope

_FULL = 256 * 1024


class Incoming:
    """A request that is still arriving. `feed`, `end` and `lose` come from the connection."""

    def __init__(self, on_wanted: Callable[[Incoming], None], on_room: Callable[[], None]) -> None:
        self.method = "GET"
        self.target = b""
        self.version = "1.1"
        self.fields: list[tuple[bytes, bytes]] = []
        self.keep_alive = True
        self.size = 0
        """Bytes of the body that came."""
        self.is_whole = False
        self.is_answered = False
        self._on_wanted = on_wanted
        self._on_room = on_room
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._is_lost = False
        self._told_end = False
        self._changed = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether so much waits to be read that the connection should be left alone."""
        return self._waiting > _FULL

    def field(self, name: bytes) -> bytes:
        """The first field of that lower-case name, or nothing."""
        return next((value for key, value in self.fields if key == name), b"")

    def scope(self, kind: str, server: tuple[str, int], client: tuple[str, int]) -> Scope:
        """The ASGI scope."""
        raw_path, _, query = self.target.partition(b"?")
        extensions: dict[str, Any] = {RAW: {"target": self.target}}
        scope: Scope = {
            "type": kind,
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": self.version,
            "scheme": "http" if kind == "http" else "ws",
            "path": _unquoted(raw_path),
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": self.fields,
            "server": server,
            "client": client,
            "extensions": extensions,
            "state": {},
        }
        if kind == "http":
            scope["method"] = self.method
        else:
            words = self.field(b"sec-websocket-protocol").decode("latin-1").split(",")
            scope["subprotocols"] = [word.strip() for word in words if word.strip()]
            extensions["websocket.http.response"] = {}
        return scope

    def feed(self, data: bytes) -> None:
        """Bytes of the body."""
        self.size += len(data)
        if not self.is_answered:
            self._pieces.append(data)
            self._waiting += len(data)
            self._changed.set()

    def end(self) -> None:
        """The body is whole."""
        self.is_whole = True
        self._changed.set()

    def lose(self) -> None:
        """The client is gone."""
        self._is_lost = True
        self._changed.set()

    def answered(self) -> None:
        """Nobody reads the rest."""
        self.is_answered = True
        self._pieces.clear()
        self._waiting = 0
        self._changed.set()

    async def receive(self) -> Message:
        """ASGI's `receive`: the body, then `http.disconnect` once the client is gone or answered."""
        self._on_wanted(self)
        while not (self._pieces or self._is_lost or self.is_answered):
            if self.is_whole and not self._told_end:
                break
            self._changed.clear()
            await self._changed.wait()
        if self._is_lost or self.is_answered or self._told_end:
            return {"type": "http.disconnect"}
        body = b"".join(self._pieces)
        self._pieces.clear()
        self._waiting = 0
        self._on_room()
        self._told_end = self.is_whole
        return {"type": "http.request", "body": body, "more_body": not self.is_whole}


def _unquoted(path: bytes) -> str:
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path).decode("utf-8", "replace")
