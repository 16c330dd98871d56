"""The simulator on real ports: one that all providers share, and one for each, in one process.

Official clients write fixed paths, and signatures cover them: such clients need a provider at the root of an
address. So each has a port of its own; at the common one its name stands before the path.
"""

from __future__ import annotations

import sys
import traceback

from baimo.client.clock import REAL_CLOCK, Clock
from baimo.serving.background import Background
from baimo.serving.server import Server, origin_at

from .app import common_app, provider_app
from .engine import Simulation


class Loopback:
    """Serves a simulation from a thread of its own. Ports of providers are opened when they are asked for."""

    def __init__(
        self,
        simulation: Simulation,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock = REAL_CLOCK,
    ) -> None:
        self._simulation = simulation
        self._host = host
        self._port = port
        self._clock = clock
        self._background = Background()
        self._common: Server | None = None
        self._own: dict[str, Server] = {}

    @property
    def origin(self) -> str:
        """The common address. Raises RuntimeError before `start`."""
        if self._common is None:
            raise RuntimeError("the simulator does not listen yet")
        return self._common.origin

    def origin_of(self, provider: str) -> str:
        """The address that a provider has for itself. With a fixed common port, those of the providers follow
        it in their order."""
        server = self._own.get(provider)
        if server is None:
            app = provider_app(self._simulation, provider, clock=self._clock)
            port = self._port_of(provider)
            server = Server(app, host=self._host, port=port, on_fault=tell)
            self._own[provider] = self._background.add(server)
        return server.origin

    def address_of(self, provider: str) -> str:
        """Where the provider is, or will be with a fixed port, without listening there yet."""
        if self._common is None and self._port:
            return origin_at(self._host, self._port_of(provider))
        return self.origin_of(provider)

    def start(self) -> None:
        """Listen at the common address. Raises ConfigError where it cannot be had."""
        app = common_app(self._simulation, clock=self._clock)
        self._common = Server(app, host=self._host, port=self._port, on_fault=tell)
        try:
            self._background.add(self._common)
        except BaseException:
            self._background.stop()
            raise

    def stop(self) -> None:
        """Stop listening; what is being answered is broken off after a moment."""
        self._common = None
        self._own.clear()
        self._background.stop(grace_s=0.2)

    def _port_of(self, provider: str) -> int:
        return self._port + 1 + list(self._simulation.faces).index(provider) if self._port else 0


def tell(fault: BaseException) -> None:
    """What a script of the user's raised, where he sees it."""
    traceback.print_exception(fault, file=sys.stderr)
