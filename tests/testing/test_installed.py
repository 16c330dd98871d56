"""The simulator on the base install: there without pytest and without any extra, and there at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from baimo.simulator.faces import names
from tests.house.conftest import fresh, run, wheel

__all__ = ["fresh", "wheel"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

READY_S = 0.1
RUNS = 7
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


def test_it_begins_with_less_than_a_tenth_of_a_second_of_work(fresh: Path) -> None:
    """The processor's time in a new process, imports included; the best of several."""
    found = [run(fresh, "-c", BEGIN).split() for _ in range(RUNS)]
    assert min(float(seconds) for seconds, _ in found) < READY_S
    assert {int(count) for _, count in found} == {len(names())}


def test_it_answers_without_pytest_and_extras(fresh: Path) -> None:
    with pytest.raises(AssertionError, match="No module named 'pytest'"):
        run(fresh, "-c", "import pytest")
    assert run(fresh, "-c", CALL).split() == ["Hi", "Ho", "True"]


def test_the_plugin_is_declared_where_pytest_looks(fresh: Path) -> None:
    code = "from importlib.metadata import entry_points; print(*entry_points(group='pytest11'))"
    assert "baimo.testing.plugin" in run(fresh, "-c", code)
