"""The file of answers: bounded, private, for several processes, and honest when something is wrong."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from baimo.cache.sqlite import APPLICATION, SqliteStore, _size
from baimo.errors import CacheError
from baimo.testing.clock import VirtualClock


class Cabinet:
    """Stores of one file, closed at the end of the test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = VirtualClock()
        self.made: list[SqliteStore] = []

    def open(self, *, ttl_s: float = 100.0, max_bytes: int = 10_000_000) -> SqliteStore:
        store = SqliteStore(self.path, ttl_s=ttl_s, max_bytes=max_bytes, wall=self.clock.wall)
        self.made.append(store)
        return store


@pytest.fixture
def cabinet(tmp_path: Path) -> Iterator[Cabinet]:
    cabinet = Cabinet(tmp_path / "caches" / "answers.db")
    yield cabinet
    for store in cabinet.made:
        store.close()


def test_what_was_put_is_there_also_for_another_that_opens_the_file(cabinet: Cabinet) -> None:
    store = cabinet.open()
    assert store.get("k") is None
    store.put("k", b"one")
    store.put("k", b"two")
    assert store.get("k") == b"two"
    assert cabinet.open().get("k") == b"two"
    store.close()
    assert cabinet.open().get("k") == b"two"
    assert store.get("k") == b"two"  # one that was closed may be used again


def test_an_answer_expires(cabinet: Cabinet) -> None:
    store = cabinet.open(ttl_s=100.0)
    store.put("k", b"v")
    cabinet.clock.advance(99.0)
    assert store.get("k") == b"v"
    cabinet.clock.advance(1.0)
    assert store.get("k") is None
    assert store.facts().entries == 0
    store.put("k", b"new")
    assert store.get("k") == b"new"


def test_only_its_owner_may_read_it(cabinet: Cabinet) -> None:
    cabinet.open().put("k", b"v")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in cabinet.path.parent.iterdir()}
    assert modes == {0o600}
    assert len(list(cabinet.path.parent.iterdir())) == 3  # write-ahead: the log and its index lie beside it
    assert stat.S_IMODE(cabinet.path.parent.stat().st_mode) == 0o700


def test_it_stays_within_its_bound_and_what_was_used_longest_ago_goes(cabinet: Cabinet) -> None:
    bound = 300_000
    store = cabinet.open(max_bytes=bound)
    store.put("dear", b"d" * 9_000)
    for turn in range(100):
        cabinet.clock.advance(0.1)
        store.put(f"k{turn}", bytes([turn]) * 9_000)
        assert store.get("dear") is not None
        with closing(sqlite3.connect(cabinet.path)) as other:
            assert _size(other) <= bound
    assert store.get("k99") is not None
    assert store.get("k0") is None
    assert 15 < store.facts().entries < 33
    store.close()
    assert cabinet.path.stat().st_size <= bound * 1.1


def test_what_has_expired_goes_first(cabinet: Cabinet) -> None:
    store = cabinet.open(max_bytes=200_000, ttl_s=100.0)
    for turn in range(15):
        store.put(f"old{turn}", b"o" * 8_000)
    cabinet.clock.advance(100.0)
    for turn in range(10):
        store.put(f"new{turn}", b"n" * 8_000)
    assert store.facts().entries == 10


def test_an_answer_that_would_fill_the_file_is_not_kept(cabinet: Cabinet) -> None:
    store = cabinet.open(max_bytes=100_000)
    store.put("k", b"v")
    store.put("big", b"v" * 25_001)
    assert store.get("big") is None
    assert store.get("k") == b"v"


def test_a_bound_smaller_than_an_empty_file_keeps_nothing(cabinet: Cabinet) -> None:
    store = cabinet.open(max_bytes=1_000)
    store.put("k", b"v")
    assert store.get("k") is None


def test_hits_and_misses_are_counted_over_all_who_use_it(cabinet: Cabinet) -> None:
    for _ in range(2):
        store = cabinet.open()
        store.get("none")
        store.put("k", b"v")
        store.get("k")
        store.get("k")
        assert store.facts().hits is not None
        store.close()
    facts = cabinet.open().facts()
    assert (facts.hits, facts.misses, facts.entries) == (4, 2, 1)
    assert facts.size is not None and facts.size > 10_000
    assert facts.place == str(cabinet.path)


def test_uses_are_written_in_batches(cabinet: Cabinet) -> None:
    store = cabinet.open()
    for turn in range(300):
        store.put(f"k{turn}", b"v")
    for turn in range(256):
        store.get(f"k{turn}")
    assert store._used == {}
    with closing(sqlite3.connect(cabinet.path)) as other:
        assert other.execute("SELECT count FROM counts WHERE name = 'hits'").fetchone() == (256,)


def test_a_hit_needs_nobody_elses_leave_to_write(cabinet: Cabinet) -> None:
    store = cabinet.open()
    for turn in range(256):
        store.put(f"k{turn}", b"v")
    with closing(sqlite3.connect(cabinet.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert all(store.get(f"k{turn}") == b"v" for turn in range(256))
        with pytest.raises(CacheError, match="locked"):
            store.put("k", b"v")
    store.put("k", b"v")
    assert store._used == {}


def test_clearing_deletes_all_and_gives_the_disk_back(cabinet: Cabinet) -> None:
    store = cabinet.open()
    for turn in range(50):
        store.put(f"k{turn}", b"v" * 10_000)
    store.get("k1")
    assert store.clear() == 50
    assert store.get("k1") is None
    assert cabinet.path.stat().st_size < 100_000
    assert cabinet.open().facts().hits == 0


def test_looking_at_a_cache_that_was_never_used_makes_no_file(cabinet: Cabinet) -> None:
    store = cabinet.open()
    assert store.facts().entries == 0
    assert store.clear() == 0
    store.close()
    assert not cabinet.path.parent.exists()


def test_a_damaged_file_is_moved_aside_and_said_to_be(cabinet: Cabinet) -> None:
    store = cabinet.open()
    for turn in range(50):
        store.put(f"k{turn}", b"v" * 3_000)
    store.close()
    whole = cabinet.path.read_bytes()
    cabinet.path.write_bytes(whole[:100] + b"\xff" * 20_000 + whole[20_100:])
    with pytest.raises(CacheError, match=r"was damaged .*answers\.db\.damaged now"):
        cabinet.open().get("k1")
    assert (cabinet.path.parent / "answers.db.damaged").exists()
    store.put("k1", b"new")
    assert cabinet.open().get("k1") == b"new"


def test_damage_that_shows_while_the_file_is_open_moves_it_aside_too(cabinet: Cabinet) -> None:
    store = cabinet.open()
    for turn in range(500):
        store.put(f"k{turn}", b"v" * 3_000)
    store.close()
    with closing(sqlite3.connect(cabinet.path)) as other:
        (page,) = other.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'answers'").fetchone()
    with cabinet.path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    assert store.get("nothing") is None
    with pytest.raises(CacheError, match="was damaged"):
        store.get("k1")
    assert store.get("k1") is None


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 200])
def test_a_file_that_is_not_ours_is_not_touched(cabinet: Cabinet, content: bytes) -> None:
    cabinet.path.parent.mkdir()
    cabinet.path.write_bytes(content)
    with pytest.raises(CacheError, match="is no cache of Baimo") as caught:
        cabinet.open().put("k", b"v")
    assert "Delete the file" in (caught.value.hint or "")
    assert cabinet.path.read_bytes() == content


@pytest.mark.parametrize(
    "marks",
    [
        (),
        ("PRAGMA application_id = 7",),
        (f"PRAGMA application_id = {APPLICATION}", "PRAGMA user_version = 9"),
    ],
)
def test_a_database_of_others_or_of_another_version_is_not_touched(
    cabinet: Cabinet, marks: tuple[str, ...]
) -> None:
    cabinet.path.parent.mkdir()
    with closing(sqlite3.connect(cabinet.path)) as other:
        other.execute("CREATE TABLE mine (a)")
        for mark in marks:
            other.execute(mark)
        other.commit()
    with pytest.raises(CacheError, match="is no cache of Baimo"):
        cabinet.open().get("k")
    with closing(sqlite3.connect(cabinet.path)) as other:
        assert other.execute("SELECT name FROM sqlite_schema").fetchall() == [("mine",)]


def test_a_folder_that_cannot_be_made_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = SqliteStore(tmp_path / "file" / "answers.db", ttl_s=1.0, max_bytes=1_000_000)
    with pytest.raises(CacheError, match="cannot be used: "):
        store.put("k", b"v")


def test_threads_share_it(cabinet: Cabinet) -> None:
    store = cabinet.open()

    def use(turn: int) -> bool:
        store.put(f"k{turn}", b"%d" % turn)
        return store.get(f"k{turn}") == b"%d" % turn

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(use, range(200)))


_USING = """
import sys
from pathlib import Path
from baimo.cache.sqlite import SqliteStore
store = SqliteStore(Path(sys.argv[1]), ttl_s=100.0, max_bytes=500_000)
store.longest_s = 20.0
for turn in range(200):
    store.put(f"{sys.argv[2]}-{turn}", b"v" * 5_000)
    assert store.get(f"{sys.argv[2]}-{turn}") in (None, b"v" * 5_000)  # the others may have pushed it out
store.close()
print("done")
"""


def test_several_processes_use_one_file_at_once(cabinet: Cabinet) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _USING, str(cabinet.path), name],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b", "c")
    ]
    done = [process.communicate(timeout=50) for process in running]
    assert [out for out, _ in done] == ["done\n"] * 3, done
    with closing(sqlite3.connect(cabinet.path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert _size(other) <= 500_000
    assert cabinet.path.stat().st_size <= 550_000
