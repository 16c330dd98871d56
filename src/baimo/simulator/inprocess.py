"""The simulator as a transport: no sockets, no threads, and time as the clock that is handed in has it."""

from __future__ import annotations

from baimo.client.clock import Clock
from baimo.errors import ConnectError, Error
from baimo.transports.failure import reply_timeout, transport_closed
from baimo.wire.http import HttpRequest, WireHead, WireRequest

from .engine import Simulation
from .exchanged import Exchanged, begin
from .words import Pause, names_host

_FIRST_PORT = 1


def origin_of(simulation: Simulation, provider: str) -> str:
    """The address by which a provider is reached in this process. Nobody listens there."""
    return f"http://127.0.0.1:{_FIRST_PORT + list(simulation.faces).index(provider)}"


class InProcess:
    """What both transports share: who is meant, and how a call begins."""

    def __init__(self, simulation: Simulation, clock: Clock) -> None:
        self._simulation = simulation
        self._clock = clock
        self._is_closed = False

    def _begin(self, request: WireRequest) -> Exchanged:
        """A call. Raises ConnectError for an address that no simulated provider has."""
        if self._is_closed:
            raise transport_closed()
        provider = self._provider(request)
        if isinstance(request, HttpRequest):
            return begin(self._simulation, provider, request, self._clock)
        from .exchanged_socket import begin_socket

        return begin_socket(self._simulation, provider, request, self._clock)

    def _provider(self, request: WireRequest) -> str:
        """The provider at that address: one of ours, or one that it really has."""
        host = request.origin.partition("://")[2]
        faces = self._simulation.faces
        for name in faces:
            if host == origin_of(self._simulation, name).partition("://")[2]:
                return name
        if not names_host(host, ()):
            for face in faces.values():
                if names_host(host, face.hosts):
                    return face.name
        raise ConnectError(
            f"no simulated provider answers at {request.origin}",
            hint=f"There is {', '.join(faces)}.",
            retryable=False,
        )


class SimulatedTransport(InProcess):
    """Meets the protocol `Transport`."""

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> SimulatedReply:
        """See `Transport.open`."""
        return SimulatedReply(self._begin(request), head_s)

    def close(self) -> None:
        """Take no more calls."""
        self._is_closed = True


class SimulatedReply:
    """Meets the protocol `Reply`."""

    def __init__(self, exchanged: Exchanged, head_s: float) -> None:
        self._exchanged = exchanged
        self._failure: Error | None = None
        self.head: WireHead
        left = head_s
        try:
            while exchanged.head is None:
                left = self._go_on(left, "head", head_s)
        except BaseException:
            self.abort()
            raise
        self.head = exchanged.head

    def read(self, within_s: float) -> bytes:
        """See `Reply.read`."""
        left = within_s
        try:
            while (piece := self._exchanged.take()) is None:
                if self._failure is not None:
                    raise self._failure
                left = self._go_on(left, "idle", within_s)
        except BaseException:
            self.abort()
            raise
        return piece

    def close(self) -> None:
        """Done with it."""
        self._exchanged.stop()

    def abort(self) -> None:
        """Done with it, at once."""
        self._exchanged.stop()

    def _go_on(self, left: float, limit: str, whole: float) -> float:
        """Perform one act; how much of the time is left."""
        exchanged = self._exchanged
        act = exchanged.next()
        if isinstance(act, Pause):
            exchanged.clock.sleep(min(act.seconds, left))
            if act.seconds >= left:
                raise reply_timeout(limit, whole)
            return left - act.seconds
        self._failure = exchanged.perform(act)
        return left
