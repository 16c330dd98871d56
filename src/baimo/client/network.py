"""The blocking client's transports: the network, and the embedded model beside it."""

from __future__ import annotations

from collections.abc import Callable

from baimo.config.settings import Settings
from baimo.transports.protocol import Reply, Transport
from baimo.transports.sync import SyncTransport
from baimo.wire.http import WireRequest

from .base import LOCAL_ORIGIN
from .connecting import transport_options


class Routed:
    """Sends a request to the embedded model when it is addressed to it, else over the network."""

    def __init__(self, network: Transport) -> None:
        self._network = network
        self.checks_addresses: bool = getattr(network, "checks_addresses", False)
        self._local: Transport | None = None

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> Reply:
        """As `Transport.open`."""
        where = self._embedded() if request.origin == LOCAL_ORIGIN else self._network
        return where.open(request, connect_s=connect_s, head_s=head_s)

    def abort_opening(self, thread: int, is_opening: Callable[[], bool]) -> None:
        """As `SyncTransport.abort_opening`, of the network."""
        abort = getattr(self._network, "abort_opening", None)
        if abort is not None:
            abort(thread, is_opening)

    def close(self) -> None:
        """Close both."""
        self._network.close()
        if self._local is not None:
            self._local.close()

    def _embedded(self) -> Transport:
        if self._local is None:
            from baimo.local.run import LocalTransport

            self._local = LocalTransport()
        return self._local


def open_transport(settings: Settings) -> Transport:
    """The transport that a client uses when it is handed none."""
    return Routed(SyncTransport(transport_options(settings)))
