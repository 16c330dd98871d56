"""A fresh base install, as a user gets it: the wheel and what it needs, nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import sources


def run(*command: str | Path, **environment: str) -> str:
    """Runs a command without anything of this test run in its environment; gives what it printed."""
    plain = {
        key: value for key, value in os.environ.items() if not key.startswith(("COV", "PYTHON", "PYTEST"))
    }
    done = subprocess.run(
        [str(word) for word in command],
        env=plain | environment,
        cwd=sources.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that the build backend makes of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment that holds the base install alone, without pip."""
    home = tmp_path_factory.mktemp("fresh")
    run(sys.executable, "-m", "venv", "--without-pip", home)
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "-qq", "--no-deps")
    run(*pip, "--no-deps", "--require-hashes", "-r", sources.ROOT / "requirements" / "base.txt")
    run(*pip, wheel)
    return python
