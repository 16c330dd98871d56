"""Several addresses for one name: each is tried, the next one joins when the last is slow, the losers go."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from baimo.errors import ConnectError, TimedOutError
from baimo.transports.aio import AioTransport
from baimo.transports.failure import STAGGER_S
from baimo.transports.names import Address, Resolver
from baimo.transports.sync import SyncTransport
from tests.transports.carriers import AsyncCarrier, SyncCarrier, fetch, open_reply
from tests.transports.contract import AnyCarrier, get
from tests.transports.peer import Connection, peer, reply, serving

BOTH = pytest.mark.parametrize("kind", ["sync", "aio"])
ORIGIN = "http://several.example.test"


def place(host: str, port: int) -> Address:
    return (socket.AF_INET6, (host, port, 0, 0)) if ":" in host else (socket.AF_INET, (host, port))


class FixedNames(Resolver):
    """Gives the same addresses, their ports included, whatever it is asked for."""

    def __init__(self, *addresses: Address) -> None:
        super().__init__()
        self._addresses = list(addresses)

    def at_once(self, host: str, port: int) -> list[Address] | None:
        return self._addresses


def carrier_with(kind: str, names: Resolver) -> AnyCarrier:
    if kind == "sync":
        return SyncCarrier("sync", SyncTransport(names=names))
    return AsyncCarrier("aio", lambda _: AioTransport(names=names))


@BOTH
def test_an_address_that_refuses_makes_way_for_the_next_at_once(kind: str, closed_port: int) -> None:
    with peer(serving(reply())) as server:
        carrier = carrier_with(
            kind,
            FixedNames(
                place("::1", closed_port), place("127.0.0.1", closed_port), place("127.0.0.1", server.port)
            ),
        )
        began = time.monotonic()
        assert fetch(carrier, get(ORIGIN)) == (200, b"hello")
        assert time.monotonic() - began < STAGGER_S
        carrier.close()


@BOTH
def test_an_address_that_is_slow_is_joined_by_the_next(kind: str, full_port: int) -> None:
    with peer(serving(reply())) as server:
        carrier = carrier_with(
            kind, FixedNames(place("127.0.0.1", full_port), place("127.0.0.1", server.port))
        )
        began = time.monotonic()
        assert fetch(carrier, get(ORIGIN)) == (200, b"hello")
        assert STAGGER_S * 0.9 < time.monotonic() - began < STAGGER_S * 2
        carrier.close()


@BOTH
def test_when_all_refuse_the_first_reason_is_told(kind: str, closed_port: int) -> None:
    carrier = carrier_with(kind, FixedNames(place("127.0.0.1", closed_port), place("::1", closed_port)))
    with pytest.raises(ConnectError, match=r"refused|several\.example\.test") as caught:
        fetch(carrier, get(ORIGIN))
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    carrier.close()


@BOTH
def test_when_none_answers_the_limit_of_the_connection_holds(kind: str, full_port: int) -> None:
    carrier = carrier_with(kind, FixedNames(*[place("127.0.0.1", full_port)] * 3))
    with pytest.raises(TimedOutError) as caught:
        open_reply(carrier, get(ORIGIN), connect_s=0.1)
    assert caught.value.limit == "connect"
    carrier.close()


@BOTH
def test_a_family_that_the_machine_lacks_is_passed_over(kind: str) -> None:
    with peer(serving(reply())) as server:
        carrier = carrier_with(kind, FixedNames((9999, ("x", 1)), place("127.0.0.1", server.port)))
        assert fetch(carrier, get(ORIGIN)) == (200, b"hello")
        carrier.close()


@BOTH
def test_the_loser_of_a_race_is_closed(kind: str) -> None:
    """Both addresses answer; only one connection stays."""
    ended = threading.Event()

    def script(connection: Connection) -> None:
        if not connection.answer(reply()):
            ended.set()
            return
        connection.ended_at()

    with peer(script) as server, peer(script) as other:
        carrier = carrier_with(
            kind, FixedNames(place("127.0.0.1", server.port), place("127.0.0.1", other.port))
        )
        assert fetch(carrier, get(ORIGIN)) == (200, b"hello")
        assert server.accepted + other.accepted == 1 or ended.wait(5)
        carrier.close()


@BOTH
def test_a_name_that_is_looked_up_in_the_background_is_found(kind: str) -> None:
    with peer(serving(reply())) as server:
        carrier = carrier_with(kind, Resolver(lambda host: [(socket.AF_INET, ("127.0.0.1", 0))]))
        assert fetch(carrier, get(f"{ORIGIN}:{server.port}")) == (200, b"hello")
        carrier.close()


@BOTH
def test_a_name_that_does_not_exist_is_told_in_words(kind: str) -> None:
    def lookup(host: str) -> list[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    carrier = carrier_with(kind, Resolver(lookup))
    with pytest.raises(ConnectError, match=r"several\.example\.test:80 cannot be found") as caught:
        fetch(carrier, get(ORIGIN))
    assert not caught.value.retryable
    carrier.close()


@BOTH
def test_a_look_up_that_hangs_ends_at_the_limit_of_the_connection(kind: str) -> None:
    gate = threading.Event()

    def lookup(host: str) -> list[Address]:
        gate.wait(10)
        return []

    carrier = carrier_with(kind, Resolver(lookup))
    with pytest.raises(TimedOutError) as caught:
        open_reply(carrier, get(ORIGIN), connect_s=0.05)
    assert caught.value.limit == "connect"
    carrier.close()
    gate.set()
