"""Which ordered pairs of dialects a run looks at: forty by lot, all of them in a long one."""

from __future__ import annotations

import os
import random
from itertools import permutations

import pytest

from baimo import dialects
from baimo.dialect.protocols import ChatDialect

SAMPLE = 40


def pairs(*, every: bool) -> list[tuple[str, str]]:
    """Ordered pairs of different dialects."""
    chat = [name for name in dialects.names() if isinstance(dialects.get(name), ChatDialect)]
    found = list(permutations(chat, 2))
    if every or len(found) <= SAMPLE:
        return found
    return sorted(random.Random(os.environ["BAIMO_PAIRS_SEED"]).sample(found, SAMPLE))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with an argument `pair` runs for each."""
    if "pair" in metafunc.fixturenames:
        is_long = metafunc.config.getoption("--hypothesis-profile") == "long"
        found = pairs(every=is_long)
        metafunc.parametrize("pair", found, ids=[f"{one}->{other}" for one, other in found])
