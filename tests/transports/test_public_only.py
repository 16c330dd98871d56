"""Requests that may only go to public addresses: what is looked at is what is connected to."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from baimo.errors import ConnectError
from baimo.transports.names import Address, Resolver
from baimo.transports.origin import Origin
from baimo.transports.route import Route, allowed, find_route
from baimo.wire.http import HttpRequest
from tests.transports.carriers import fetch
from tests.transports.contract import AnyCarrier, get
from tests.transports.peer import peer, reply, serving
from tests.transports.proxy_peer import ProxyScript
from tests.transports.test_racing import FixedNames, carrier_with, place

Make = Callable[..., AnyCarrier]
BOTH = pytest.mark.parametrize("kind", ["sync", "aio"])
NAME = "http://pictures.example.test"


def guarded(origin: str, target: bytes = b"/") -> HttpRequest:
    return replace(get(origin, target), public_only=True)


class Turning(Resolver):
    """A name that leads to a public address once, and to this machine ever after."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self.asked = 0

    def at_once(self, host: str, port: int) -> list[Address] | None:
        self.asked += 1
        return [place("1.1.1.1", 443) if self.asked == 1 else place("127.0.0.1", self._port)]


@BOTH
def test_a_name_that_leads_to_a_private_address_is_not_connected_to(kind: str) -> None:
    with peer(serving(reply())) as server:
        carrier = carrier_with(kind, FixedNames(place("127.0.0.1", server.port), place("::1", server.port)))
        with pytest.raises(
            ConnectError, match=r"pictures\.example\.test is not at a public address"
        ) as caught:
            fetch(carrier, guarded(NAME))
        assert not caught.value.retryable
        assert server.accepted == 0
        assert fetch(carrier, get(NAME)) == (200, b"hello")
        carrier.close()


@BOTH
def test_a_name_that_turns_private_after_it_was_looked_at_is_not_connected_to(kind: str) -> None:
    with peer(serving(reply())) as server:
        names = Turning(server.port)
        assert names.at_once("pictures.example.test", 80) == [place("1.1.1.1", 443)]  # somebody looked before
        carrier = carrier_with(kind, names)
        with pytest.raises(ConnectError, match="not at a public address"):
            fetch(carrier, guarded(NAME))
        assert (names.asked, server.accepted) == (2, 0)
        carrier.close()


@BOTH
def test_an_open_connection_of_another_call_is_never_used(kind: str) -> None:
    with peer(serving(reply())) as server:
        carrier = carrier_with(kind, FixedNames(place("127.0.0.1", server.port)))
        assert fetch(carrier, get(NAME)) == (200, b"hello")
        with pytest.raises(ConnectError, match="not at a public address"):
            fetch(carrier, guarded(NAME))
        assert server.accepted == 1
        carrier.close()


@BOTH
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "localhost", "router.lan", "2130706433", "[::ffff:1.1.1.1]"]
)
def test_a_host_that_is_private_by_its_text_is_refused(kind: str, host: str) -> None:
    carrier = carrier_with(kind, FixedNames())
    with pytest.raises(ConnectError, match="not at a public address"):
        fetch(carrier, guarded(f"http://{host}"))
    carrier.close()


def test_by_a_proxy_the_text_of_the_host_is_all_that_can_be_looked_at(make: Make) -> None:
    script = ProxyScript(answer=reply())
    with peer(script) as proxy:
        carrier = make(proxies=f"http://localhost:{proxy.port}")
        for _ in range(2):
            assert fetch(carrier, guarded(NAME, b"/a")) == (200, b"hello")
        assert script.asked == [b"GET http://pictures.example.test/a HTTP/1.1"] * 2
        assert proxy.accepted == 2  # nothing is kept open for another call
        with pytest.raises(ConnectError, match="not at a public address"):
            fetch(carrier, guarded("http://10.0.0.1"))
        assert proxy.accepted == 2


@BOTH
def test_a_socks_proxy_is_given_no_private_address(kind: str) -> None:
    from baimo.transports.aio import AioTransport
    from baimo.transports.options import TransportOptions
    from baimo.transports.sync import SyncTransport
    from tests.transports.carriers import AsyncCarrier, SyncCarrier

    with peer(serving(b"")) as proxy:
        names = FixedNames(place("127.0.0.1", proxy.port))
        options = TransportOptions(proxies=f"socks5://localhost:{proxy.port}")
        carrier: AnyCarrier = (
            SyncCarrier("sync", SyncTransport(options, names=names))
            if kind == "sync"
            else AsyncCarrier("aio", lambda _: AioTransport(options, names=names))
        )
        with pytest.raises(ConnectError, match="not at a public address"):
            fetch(carrier, guarded(NAME))
        carrier.close()


def test_of_several_addresses_only_the_public_ones_are_connected_to() -> None:
    origin = Origin("http", "pictures.example.test", 80)
    mixed = [place("10.0.0.1", 80), place("1.1.1.1", 80), place("fd00::1", 80), place("2606:4700::1", 80)]
    assert allowed(mixed, Route(origin, None, public_only=True), "h") == [mixed[1], mixed[3]]
    assert allowed(mixed, Route(origin, None), "h") == mixed
    assert find_route(NAME, False, {}, public_only=True).public_only
    assert mixed[0][0] == socket.AF_INET
