"""The real weights, pulled once by the real pull, and transports that run them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from baimo.local.engine import Engines
from baimo.local.run import LocalTransport
from tests.local.weights import baimo_home, data_home

__all__ = ["baimo_home", "data_home"]


@pytest.fixture(scope="session")
def home(data_home: Path) -> Path:
    """The folder above `models/`, with smollm2 in it."""
    return data_home


@pytest.fixture(scope="module")
def shared() -> Iterator[Engines]:
    """Models that are loaded once for the tests of a file."""
    engines = Engines()
    yield engines
    engines.close()


@pytest.fixture
def said() -> list[str]:
    """What the user was told."""
    return []


@pytest.fixture
def local(home: Path, shared: Engines, said: list[str]) -> Iterator[LocalTransport]:
    transport = LocalTransport(home=home, say=said.append, shared=shared)
    yield transport
    transport.close()
