"""The server: listens, hands connections to one application each address, and stops in good order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

from baimo.errors import ConfigError

from .asgi import App
from .connection import Connection
from .limits import Limits

_ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


def origin_at(host: str, port: int) -> str:
    """The address by which a program of this machine reaches a server that listens there."""
    name = _ANYWHERE.get(host, host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


class Guest(Protocol):
    """A connection, as the server sees it."""

    @property
    def is_busy(self) -> bool:
        """Whether it is being answered."""

    def close(self) -> None:
        """Close once everything is written."""

    def abort(self) -> None:
        """Close now."""


class Server:
    """Serves one ASGI application at one address.

    Nobody but this machine can reach it unless another `host` is named. `on_fault` is told what an
    application raised; without it the loop's own handler is, which logs it. Port 0 takes a free one.
    """

    def __init__(
        self,
        app: App,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: Limits | None = None,
        on_fault: Callable[[BaseException], None] | None = None,
    ) -> None:
        self.app = app
        self.host = host
        self.port = port
        self.limits = limits or Limits()
        self.is_stopping = False
        self._on_fault = on_fault
        self._listener: asyncio.Server | None = None
        self._guests: set[Guest] = set()
        self._empty = asyncio.Event()

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return origin_at(self.host, self.port)

    async def start(self) -> None:
        """Listen. Raises ConfigError for an address that cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(
                lambda: Connection(self), self.host, self.port, reuse_address=True
            )
        except (OSError, OverflowError) as error:
            raise ConfigError(f"cannot listen at {self.host}:{self.port}: {error}") from None
        listening: socket.socket = self._listener.sockets[0]
        self.port = listening.getsockname()[1]

    async def stop(self, *, grace_s: float = 1.0) -> None:
        """Take no more connections, let answers end for so long, then close everything."""
        self.is_stopping = True
        if self._listener is not None:
            self._listener.close()
        for guest in tuple(self._guests):
            if not guest.is_busy:
                guest.close()
        if not await self._are_gone(grace_s):
            for guest in tuple(self._guests):
                guest.abort()
            await self._are_gone(1.0)

    def joined(self, guest: Guest) -> None:
        """A connection is here. One that was accepted while the server stops goes at once."""
        self._guests.add(guest)
        if self.is_stopping:
            guest.abort()

    def left(self, guest: Guest) -> None:
        """A connection is gone."""
        self._guests.discard(guest)
        if not self._guests:
            self._empty.set()

    def failed(self, fault: BaseException) -> None:
        """The application raised."""
        if self._on_fault is not None:
            self._on_fault(fault)
            return
        told = {"message": "an application raised while it was being served", "exception": fault}
        asyncio.get_running_loop().call_exception_handler(told)

    async def _are_gone(self, seconds: float) -> bool:
        if self._guests:
            self._empty.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._empty.wait()
            except TimeoutError:
                return False
        return True
