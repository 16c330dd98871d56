"""`python -m baimo` is the command line."""

from __future__ import annotations

import subprocess
import sys

import baimo.__main__
from baimo.cli.main import main


def test_the_module_runs_the_command_line() -> None:
    assert baimo.__main__.main is main
    done = subprocess.run(
        [sys.executable, "-m", "baimo", "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PYTHONPATH": "src", "BAIMO_LANG": "en", "PATH": ""},
        check=True,
    )
    assert "Usage: baimo" in done.stdout
