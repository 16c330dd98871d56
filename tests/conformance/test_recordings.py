"""Recorded traffic is read wherever the suite decides about a change."""

from __future__ import annotations

import os
from pathlib import Path


def test_a_deciding_run_has_the_recordings() -> None:
    """Elsewhere `tests/recorded` is left out when `BAIMO_RECORDED` names no folder."""
    folder = os.environ.get("BAIMO_RECORDED")
    assert not os.environ.get("CI") or folder
    assert not folder or any(Path(folder).glob("*/*/expected.json"))
