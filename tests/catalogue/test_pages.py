"""The script that writes pages from the catalogue notices a page that is stale."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from baimo.dialect import codes

ROOT = Path(__file__).resolve().parents[2]


def run_docs(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # No copy of the package counts as covered, so none is watched.
    environ = {
        name: value for name, value in os.environ.items() if root == ROOT or not name.startswith("COV")
    }
    return subprocess.run(
        [sys.executable, str(root / "scripts" / "docs"), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environ,
        check=False,
    )


def checkout(folder: Path) -> Path:
    """As much of the project as the script needs, to be spoilt."""
    (folder / "scripts").mkdir()
    for script in ("docs", "behaviours.py", "compatibility.py", "medialimits.py", "reliability.py"):
        shutil.copy(ROOT / "scripts" / script, folder / "scripts" / script)
    shutil.copytree(ROOT / "tests" / "faults", folder / "tests" / "faults")
    shutil.copytree(ROOT / "src" / "baimo", folder / "src" / "baimo")
    return folder


def test_the_pages_of_this_checkout_are_fresh() -> None:
    done = run_docs(ROOT, "--check")
    assert done.returncode == 0, done.stderr


def test_a_page_that_differs_or_is_missing_fails_the_check_and_is_written_on_demand(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    assert "docs/providers.md" in run_docs(folder, "--check").stderr
    assert run_docs(folder).returncode == 0
    assert run_docs(folder, "--check").returncode == 0
    row = folder / "src" / "baimo" / "catalogue" / "providers" / "deepseek.toml"
    row.write_text(row.read_text("utf-8").replace("深度求索", "深度求索二"), "utf-8")
    stale = run_docs(folder, "--check")
    assert stale.returncode == 1
    assert stale.stderr.startswith("stale: docs/zh/providers.md, docs/zh/behaviours.md;")


@pytest.mark.parametrize("name", codes.NAMES)
def test_every_code_stands_on_both_pages_of_its_table(name: str) -> None:
    table = codes.table(name)
    for page, texts in (("docs/errors", "means cure"), ("docs/zh/errors", "means_zh cure_zh")):
        lines = (ROOT / page / f"{name}.md").read_text("utf-8").splitlines()
        rows = {line.split("`")[1]: line for line in lines if line.startswith("| `")}
        assert list(rows) == list(table.table)
        for code, entry in table.table.items():
            said = [getattr(entry, text).replace("|", "\\|") for text in texts.split()]
            assert all(" ".join(text.split("\n")) in rows[code] for text in said), code
            assert f"`{entry.kind.__name__}`" in rows[code]


def test_a_page_of_codes_that_differs_is_stale(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    assert run_docs(folder).returncode == 0
    page = folder / "docs" / "zh" / "errors" / "spark.md"
    page.write_text(page.read_text("utf-8").replace("11200", "11299"), "utf-8")
    assert "docs/zh/errors/spark.md" in run_docs(folder, "--check").stderr


def test_an_unknown_argument_is_refused() -> None:
    assert run_docs(ROOT, "--chek").returncode == 2
