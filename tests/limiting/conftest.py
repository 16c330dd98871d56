"""A real Redis, and the keepers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.limiting.keepers import Blocking, Keeper, async_local, async_shared, local, shared
from tests.transports.programs import free_port, redis


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis."""
    with redis(tmp_path_factory.mktemp("redis")) as address:
        yield address


@pytest.fixture
def prefix() -> str:
    """Names of its own for each test."""
    return uuid4().hex


@pytest.fixture(params=["local", "async_local", "redis", "async_redis"])
def keeper(request: pytest.FixtureRequest, prefix: str) -> Iterator[Keeper]:
    """Each of the keepers, with the real clock."""
    kind = request.param
    address = request.getfixturevalue("store") if kind.endswith("redis") else ""
    made: Keeper
    if kind == "local":
        made = local()
    elif kind == "async_local":
        made = Blocking(async_local)
    elif kind == "redis":
        made = shared(address, prefix)
    else:
        made = Blocking(lambda: async_shared(address, prefix))
    yield made
    made.close()


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    return free_port()


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port where connections are taken, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]
