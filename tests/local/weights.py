"""The real weights as fixtures, pulled once by the real pull."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from baimo.config.paths import data_dir
from baimo.local.pull import pull


@pytest.fixture(scope="session")
def baimo_home() -> Path:
    """A `BAIMO_HOME` with smollm2 in it: below `BAIMO_TEST_CACHE`, else below this repository's cache."""
    cache = os.environ.get("BAIMO_TEST_CACHE") or Path(__file__).parents[2] / ".cache"
    home = Path(cache) / "baimo-home"
    pull("smollm2", home=data_dir({"BAIMO_HOME": str(home)}, sys.platform, home))
    return home


@pytest.fixture(scope="session")
def data_home(baimo_home: Path) -> Path:
    """The folder above `models/` in that home."""
    return data_dir({"BAIMO_HOME": str(baimo_home)}, sys.platform, baimo_home)
