"""The asynchronous client's transports: the network, and the embedded model beside it."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from baimo.config.settings import Settings
from baimo.transports.aio import AioTransport
from baimo.transports.protocol import AsyncReply, AsyncTransport
from baimo.wire.http import WireRequest

from .base import LOCAL_ORIGIN
from .connecting import transport_options


class Routed:
    """Sends a request to the embedded model when it is addressed to it, else over the network."""

    def __init__(self, network: AsyncTransport) -> None:
        self._network = network
        self.checks_addresses: bool = getattr(network, "checks_addresses", False)
        self._local: AsyncTransport | None = None

    def open(
        self, request: WireRequest, *, connect_s: float, head_s: float
    ) -> Coroutine[Any, Any, AsyncReply]:
        """As `AsyncTransport.open`."""
        where = self._embedded() if request.origin == LOCAL_ORIGIN else self._network
        return where.open(request, connect_s=connect_s, head_s=head_s)

    async def close(self) -> None:
        """Close both."""
        await self._network.close()
        if self._local is not None:
            await self._local.close()

    def _embedded(self) -> AsyncTransport:
        if self._local is None:
            from baimo.local.run import AsyncLocalTransport

            self._local = AsyncLocalTransport()
        return self._local


def open_transport(settings: Settings) -> AsyncTransport:
    """The transport that a client uses when it is handed none."""
    return Routed(AioTransport(transport_options(settings)))
