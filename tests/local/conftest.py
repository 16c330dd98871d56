"""The real weights, pulled once by the real pull, and transports that run them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from baimo.local.engine import Engines
from baimo.local.pull import pull
from baimo.local.run import LocalTransport

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def home() -> Path:
    """A home with smollm2 in it: `BAIMO_TEST_CACHE`, else a folder of this repository."""
    home = Path(os.environ.get("BAIMO_TEST_CACHE") or _ROOT / ".cache" / "local")
    pull("smollm2", home=home)
    return home


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
