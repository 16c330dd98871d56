"""`baimo cache`: what is kept, and deleting it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from baimo.cache.sqlite import SqliteStore
from tests.cli.conftest import Run


@pytest.fixture
def kept(folder: Path, tmp_path: Path) -> Path:
    """Three answers in the default file, found twice and missed once."""
    path = tmp_path / "home" / "cache" / "answers.db"
    store = SqliteStore(path, ttl_s=100.0, max_bytes=1_000_000)
    for turn in range(3):
        store.put(f"k{turn}", b"v")
    assert [store.get(key) for key in ("k0", "k1", "none")] == [b"v", b"v", None]
    store.close()
    return path


def test_what_is_kept_is_told(run: Run, kept: Path) -> None:
    said = run("cache", "status").stdout
    assert str(kept) in said and "2 of 3 times" in said and "off: there is no table" in said
    facts = json.loads(run("cache", "status", "--json").stdout)
    assert facts["size"] > 0
    del facts["size"]
    assert facts == {"on": False, "place": str(kept), "entries": 3, "hits": 2, "misses": 1}
    assert "查找 3 次，命中 2 次" in run("cache", "status", BAIMO_LANG="zh").stdout


def test_whether_it_is_on_is_told(run: Run, folder: Path) -> None:
    file = folder / "baimo.toml"
    rest = file.read_text("utf-8")
    file.write_text(f"{rest}[cache]\n", "utf-8")
    assert json.loads(run("cache", "status", "--json").stdout)["on"] is True
    file.write_text(f"{rest}[cache]\non = false\n", "utf-8")
    assert "for calls that ask for it" in run("cache", "status").stdout


def test_an_empty_cache_is_no_error_and_makes_no_file(run: Run, folder: Path, tmp_path: Path) -> None:
    assert json.loads(run("cache", "status", "--json").stdout)["entries"] == 0
    assert run("cache", "clear").exit_code == 0
    assert not (tmp_path / "home" / "cache").exists()


def test_clearing_asks_first(run: Run, kept: Path) -> None:
    refused = run("cache", "clear", stdin="n\n")
    assert refused.exit_code == 130
    assert "Delete 3 answers" in refused.stderr
    assert json.loads(run("cache", "status", "--json").stdout)["entries"] == 3
    agreed = run("cache", "clear", stdin="y\n")
    assert (agreed.exit_code, agreed.stdout) == (0, f"3 answers deleted from {kept}\n")
    assert json.loads(run("cache", "status", "--json").stdout)["entries"] == 0


def test_clearing_for_programs(run: Run, kept: Path) -> None:
    done = run("cache", "clear", "--yes", "--json")
    assert json.loads(done.stdout) == {"deleted": 3, "place": str(kept)}


def test_a_file_that_is_not_ours_is_an_error(run: Run, kept: Path) -> None:
    kept.write_bytes(b"something else" * 100)
    done = run("cache", "clear", "--yes")
    assert done.exit_code == 1
    assert "is no cache of Baimo" in done.stderr and "[cache]" in done.stderr
    assert kept.read_bytes().startswith(b"something else")
