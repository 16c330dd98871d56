"""What installed distributions weigh."""

from __future__ import annotations

from pathlib import Path

from bench.installed import needed, weight


def test_what_a_distribution_needs_is_counted_with_it_but_not_its_extras() -> None:
    found = needed(["trustme"])
    assert {"trustme", "cryptography", "idna", "cffi"} <= set(found)
    assert "pytest" not in found


def test_names_are_compared_as_packages_are() -> None:
    assert set(needed(["Import_Linter"])) == set(needed(["import-linter"]))


def test_compiled_files_weigh_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"12345")
    (tmp_path / "a.pyc").write_bytes(b"1234567890")
    assert weight([*tmp_path.iterdir(), tmp_path, tmp_path / "gone.py"]) == 5
