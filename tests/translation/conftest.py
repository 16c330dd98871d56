"""A package of somebody else that brings dialects."""

from __future__ import annotations

from pathlib import Path

import pytest

from baimo import dialects


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Declares `plain_chat` and `silent`."""
    facts = tmp_path / "acme-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    points = ["plain_chat = tests.translation.plain:DIALECT", "silent = tests.translation.plain:SILENT"]
    (facts / "entry_points.txt").write_text("\n".join([f"[{dialects.GROUP}]", *points]))
    monkeypatch.syspath_prepend(tmp_path)
