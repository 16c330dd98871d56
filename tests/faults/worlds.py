"""Where the matrix is played: in this process on a clock that jumps, and on loopback with time in a hurry."""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import trustme

from baimo.client.clock import Clock
from baimo.simulator.engine import Moderation, Simulation
from baimo.simulator.faces import Faces
from baimo.simulator.faults import parse_rule
from baimo.simulator.inprocess import SimulatedTransport, origin_of
from baimo.simulator.inprocess_async import AsyncSimulatedTransport
from baimo.simulator.loopback import Loopback
from baimo.simulator.scripts import fixed
from baimo.testing import VirtualClock
from baimo.transports.aio import AioTransport
from baimo.transports.names import Address, Resolver
from baimo.transports.options import TlsOptions, TransportOptions
from baimo.transports.sync import SyncTransport
from tests.faults.hurry import AsyncHurriedTransport, HurriedTransport, Hurry
from tests.faults.rows import ANSWER, Row
from tests.transports.peer import once, peer

FALLBACK = "deepseek/deepseek-flash"
PROVIDERS = ("openai", "deepseek", "hunyuan", "pangu", "spark")
_ENDPOINTS = {"hunyuan": "native", "spark": "socket", "pangu": "v1"}


class Shifted:
    """A clock whose time of day may be wrong. Meets the protocol `Clock`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.off_s = 0.0
        self.mono = clock.mono
        self.sleep = clock.sleep
        self.asleep = clock.asleep

    def wall(self) -> float:
        """Unix seconds, as this machine believes."""
        return self._clock.wall() + self.off_s


class Place(msgspec.Struct, frozen=True):
    """Where the first deployment of a row is, and how its transport gets there."""

    base_url: str | None = None
    lookup: Callable[[str], list[Address]] | None = None
    ca: str | None = None


class World:
    """Simulated providers, and what a client needs to reach them."""

    simulation: Simulation
    clock: Shifted
    exact = True
    """Whether its clock shows just the time that was waited for."""

    def begin(self, row: Row) -> None:
        """Nothing was received, and the row's faults strike its first deployment."""
        self.simulation.reset()
        self.simulation.script = fixed(ANSWER)
        self.clock.off_s = row.wall_s
        if row.unwanted:
            self.simulation.moderation = Moderation(output=(row.unwanted,))
        for text in row.faults:
            rule = msgspec.structs.replace(parse_rule(text), provider=row.model.partition("/")[0])
            self.simulation.faults.add(rule)

    def mend(self) -> None:
        """From now on all is well."""
        self.simulation.faults.clear()
        self.simulation.moderation = Moderation()
        self.clock.off_s = 0.0

    def requests(self, provider: str) -> int:
        """How many chats that provider was asked for."""
        return sum(
            received.provider == provider and received.operation == "chat"
            for received in self.simulation.log.all()
        )

    def config(self, row: Row, place: Place) -> dict[str, Any]:
        """For a client: the first deployment with the row's limits, and the fallback."""
        first = row.model.partition("/")[0]
        tables = {name: self._table(name) for name in {first, "deepseek"}}
        if row.timeouts:
            tables[first]["timeouts"] = dict(row.timeouts)
        if place.base_url is not None:
            tables[first]["base_url"] = place.base_url
        return {"providers": tables}

    def place(self, row: Row) -> Any:
        """A context: where the row's first deployment is."""
        return PEERS[row.peer](self)

    def transport(self, place: Place) -> Any:
        """For `Client`."""
        raise LookupError(type(self).__name__)

    def async_transport(self, place: Place) -> Any:
        """For `AsyncClient`."""
        raise LookupError(type(self).__name__)

    def origin_of(self, provider: str) -> str:
        """Its address."""
        raise LookupError(provider)

    def _table(self, provider: str) -> dict[str, Any]:
        face = self.simulation.faces[provider]
        tables = face.configuration(self.origin_of(provider))
        table = dict(tables[_ENDPOINTS.get(provider, next(iter(tables)))])
        if provider == "pangu":
            table["project_id"] = face.project  # type: ignore[attr-defined]
        return table


class ClockWorld(World):
    """In this process: the same code but for sockets, and waiting takes no time."""

    def __init__(self) -> None:
        self.simulation = Simulation(Faces(PROVIDERS))
        self._virtual = VirtualClock()
        self.clock = Shifted(self._virtual)

    def origin_of(self, provider: str) -> str:
        return origin_of(self.simulation, provider)

    def transport(self, place: Place) -> SimulatedTransport:
        return SimulatedTransport(self.simulation, self._virtual)

    def async_transport(self, place: Place) -> AsyncSimulatedTransport:
        return AsyncSimulatedTransport(self.simulation, self._virtual)

    def let_pass(self, seconds: float) -> None:
        """Time goes by between two calls."""
        self._virtual.advance(seconds)


class LoopbackWorld(World):
    """Real sockets, real waiting, and all of it in a hurry: a minute of a row takes half a second."""

    exact = False

    def __init__(self) -> None:
        self.simulation = Simulation(Faces(PROVIDERS))
        self.hurry = Hurry()
        self.clock = Shifted(self.hurry)
        self._loopback = Loopback(self.simulation, clock=self.hurry)
        self._loopback.start()
        for provider in PROVIDERS:  # ports are opened now, so that they are there when sockets are counted
            self._loopback.origin_of(provider)

    def begin(self, row: Row) -> None:
        super().begin(row)
        self.hurry.speed = row.speed

    def mend(self) -> None:
        super().mend()
        self.hurry.speed = 1.0

    def origin_of(self, provider: str) -> str:
        return self._loopback.origin_of(provider)

    def transport(self, place: Place) -> HurriedTransport:
        return HurriedTransport(SyncTransport(_options(place), names=_resolver(place)), self.hurry)

    def async_transport(self, place: Place) -> AsyncHurriedTransport:
        return AsyncHurriedTransport(AioTransport(_options(place), names=_resolver(place)), self.hurry)

    def close(self) -> None:
        """Stop listening."""
        self._loopback.stop()


def _options(place: Place) -> TransportOptions:
    return TransportOptions(tls=TlsOptions(ca_data=place.ca))


def _resolver(place: Place) -> Resolver | None:
    return None if place.lookup is None else Resolver(place.lookup)


@contextmanager
def _simulated(world: World) -> Iterator[Place]:
    yield Place()


@contextmanager
def _closed(world: World) -> Iterator[Place]:
    """A port that is taken, and at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield Place(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}/v1")


@contextmanager
def _unknown_name(world: World) -> Iterator[Place]:
    def lookup(host: str) -> list[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    yield Place(base_url="http://model.invalid:9/v1", lookup=lookup)


@contextmanager
def _name_fails_once(world: World) -> Iterator[Place]:
    """As a name server that is away for a moment."""
    asked: list[str] = []

    def lookup(host: str) -> list[Address]:
        asked.append(host)
        if len(asked) == 1:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(socket.AF_INET, ("127.0.0.1", 0))]

    port = world.origin_of("openai").rpartition(":")[2]
    yield Place(base_url=f"http://model.test:{port}/v1", lookup=lookup)


@contextmanager
def _expired_certificate(world: World) -> Iterator[Place]:
    authority = trustme.CA()
    before = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(
        "localhost", not_before=before, not_after=before + datetime.timedelta(days=1)
    ).configure_cert(context)
    with peer(once(b""), context=context) as server:
        ca = authority.cert_pem.bytes().decode()
        yield Place(base_url=f"https://localhost:{server.port}/v1", ca=ca)


PEERS: Mapping[str, Callable[[World], Any]] = {
    "": _simulated,
    "closed": _closed,
    "unknown-name": _unknown_name,
    "name-fails-once": _name_fails_once,
    "expired-certificate": _expired_certificate,
}
