"""The pytest plugin: the fixture `baimo_simulator`. Installed with Baimo; costs nothing until it is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .simulator import Simulator


@pytest.fixture
def baimo_simulator() -> Iterator[Simulator]:
    """A simulator of every provider, in this process; on loopback once an address of it is asked for.

    It leaves this machine for nothing, and its clock jumps: a wait of a minute takes no time.
    """
    from .simulator import Simulator

    with Simulator() as simulator:
        yield simulator
