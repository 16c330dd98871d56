"""Transports for the contract, and ports that nobody serves."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from baimo.transports.options import TransportOptions
from tests.transports.carriers import ADAPTED, OURS
from tests.transports.certificates import Authority
from tests.transports.contract import AnyCarrier
from tests.transports.differs import DIFFERS


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose line of waiting connections is full, so that one more gets no answer."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(4):
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        yield port


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The contract is held to every transport, ours and adapted, apart from what `DIFFERS` tells."""
    if "carrier" in metafunc.fixturenames:
        name = metafunc.function.__name__
        metafunc.parametrize(
            "carrier",
            [kind for kind in (*OURS, *ADAPTED) if name not in DIFFERS.get(kind, {})],
            indirect=True,
        )
    if "make" in metafunc.fixturenames:
        metafunc.parametrize("make", list(OURS), indirect=True)


@pytest.fixture
def carrier(request: pytest.FixtureRequest) -> Iterator[AnyCarrier]:
    """One transport with its usual options."""
    made = (OURS | ADAPTED)[request.param](TransportOptions())
    yield made
    made.close()


@pytest.fixture
def make(request: pytest.FixtureRequest) -> Iterator[Callable[..., AnyCarrier]]:
    """Makes transports of ours with options."""
    made: list[AnyCarrier] = []

    def making(**options: object) -> AnyCarrier:
        made.append(OURS[request.param](TransportOptions(**options)))  # type: ignore[arg-type]
        return made[-1]

    yield making
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that a test can tell a transport to trust."""
    return Authority(tmp_path_factory.mktemp("authority"), "good")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("authority"), "strange")
