"""The simulator on the base install: there without pytest and without any extra, and there at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from baimo.simulator.faces import names
from tests.house.conftest import fresh, run, wheel

__all__ = ["fresh", "wheel"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MOST = 1.2
"""So many times the work of a program that begins with TLS, HTTP and asyncio of the standard library: about
100 ms where those take as much."""
RUNS = 7
BARE = """
import time
began = time.process_time()
import asyncio, http.client, json, ssl
print(time.process_time() - began)
"""
BEGIN = """
import time
began = time.process_time()
from baimo.testing import Simulator
simulator = Simulator()
print(time.process_time() - began, len(simulator.providers))
"""
CALL = """
from baimo.testing import Simulator
with Simulator() as sim, sim.client() as client:
    print(client.chat("spark/4.0Ultra", "Hi").text, client.chat("hunyuan/hy3-preview", "Ho").text)
    print(sim.origin_of("openai").startswith("http://127.0.0.1:"))
"""


def test_it_begins_with_little_more_work_than_the_standard_library(fresh: Path) -> None:
    """The processor's time in new processes, imports included; the best of several that take turns."""
    bare, ours, counts = [], [], set()
    for _ in range(RUNS):
        bare.append(float(run(fresh, "-c", BARE)))
        seconds, count = run(fresh, "-c", BEGIN).split()
        ours.append(float(seconds))
        counts.add(int(count))
    assert min(ours) < MOST * min(bare)
    assert counts == {len(names())}


def test_it_answers_without_pytest_and_extras(fresh: Path) -> None:
    with pytest.raises(AssertionError, match="No module named 'pytest'"):
        run(fresh, "-c", "import pytest")
    assert run(fresh, "-c", CALL).split() == ["Hi", "Ho", "True"]


def test_the_plugin_is_declared_where_pytest_looks(fresh: Path) -> None:
    code = "from importlib.metadata import entry_points; print(*entry_points(group='pytest11'))"
    assert "baimo.testing.plugin" in run(fresh, "-c", code)
