"""A memory that stores answers, and a real Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.transports import programs


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis server that all tests of the room share; each takes a prefix of its own."""
    with programs.redis(tmp_path_factory.mktemp("redis")) as url:
        yield url
