"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

from tests.house import sources

SOURCE = sources.ROOT / "src"
TEST = """
def test_in_process(baimo_simulator):
    with baimo_simulator.client() as client:
        assert client.chat("openai/gpt-4o", "Hi").text == "Hi"
    assert baimo_simulator.last.outcome == "answered"

def test_nothing_of_the_last_one_is_left(baimo_simulator):
    assert baimo_simulator.requests == ()
"""


def test_the_plugin_is_declared_and_is_what_is_declared() -> None:
    declared = tomllib.loads(sources.texts()["pyproject.toml"])["project"]["entry-points"]["pytest11"]
    assert declared == {"baimo": "baimo.testing.plugin"}
    assert callable(import_module(declared["baimo"]).baimo_simulator)


def test_a_test_elsewhere_asks_for_the_fixture_by_name(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TEST, "utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *_plugin(),
            "--rootdir",
            str(tmp_path),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def _plugin() -> list[str]:
    """Named by hand where Baimo runs from its sources, uninstalled."""
    from importlib.metadata import entry_points

    installed = any(point.name == "baimo" for point in entry_points(group="pytest11"))
    return [] if installed else ["-p", "baimo.testing.plugin"]


def test_the_plugin_alone_loads_nothing_of_the_simulator() -> None:
    """Every run of pytest on a machine with Baimo imports it."""
    code = "import sys, pytest; import baimo.testing.plugin\n"
    code += "print(*[name for name in sys.modules if name.startswith('baimo')])"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(found.stdout.split()) == {"baimo", "baimo.testing", "baimo.testing.plugin"}


def test_without_pytest_the_simulator_works_all_the_same() -> None:
    code = """
import sys
sys.modules["pytest"] = None
from baimo.testing import Simulator
with Simulator("openai") as sim, sim.client() as client:
    print(client.chat("openai/gpt-4o", "Hi").text, "asyncio" in sys.modules, "websockets" in sys.modules)
"""
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == ["Hi", "False", "False"]
