"""The ledger's file: its form, older and newer forms, what is no ledger, and who may read it."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from baimo.errors import ConfigError
from baimo.ledger import store
from baimo.ledger.reading import find_calls, last_calls, spent_since, sums
from baimo.types.money import Money
from baimo.types.usage import Usage
from tests.ledger.records import attempt, batch_of, id_of, raw, record


def kept(path: Path, *numbers: int) -> None:
    opened = store.connect(path, create=True)
    store.write(opened, [batch_of(record(number) for number in numbers)] if numbers else [])
    opened.close()


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "ledger.db"
    kept(path, 1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_record_comes_back_whole_but_for_the_providers_own_usage(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    told = record(1, parameters={"temperature": 0.5}, usage=Usage(input_uncached=1, raw=raw('{"x":1}')))
    opened = store.connect(path, create=True)
    store.write(opened, [batch_of([told])])
    opened.close()
    assert last_calls(path, 5) == (msgspec.structs.replace(told, usage=Usage(input_uncached=1)),)


def test_the_columns_say_what_can_be_asked(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    kept(path, 1)
    opened = sqlite3.connect(path)
    opened.row_factory = sqlite3.Row
    row = dict(opened.execute("SELECT * FROM calls").fetchone())
    opened.close()
    del row["record"]
    assert row == {
        "id": id_of(1),
        "at": 1_767_225_601.0,
        "operation": "chat",
        "provider": "acme",
        "model": "big",
        "key": "",
        "outcome": "answered",
        "error": None,
        **dict.fromkeys(store.TOKENS),
        "input_uncached": 100,
        "cache_read": 20,
        "output_visible": 30,
        "reasoning": 5,
        "cost": "0.1",
        "currency": "CNY",
        "cached": 0,
        "attempts": 1,
        "maybe_billed": 0,
        "took_s": 1.5,
    }


def test_the_columns_count_what_was_billed_and_tell_of_keys_and_the_cache(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    opened = store.connect(path, create=True)
    told = 'a message may hold "maybe_billed":true as text'
    tries = (attempt(maybe_billed=True, key="a"), attempt(message=told, outcome="failed", key="b"))
    store.write(
        opened,
        [
            batch_of(
                [
                    record(1, attempts=(*tries, attempt(maybe_billed=True, key="c"))),
                    record(2, attempts=(), cached=True, cost=None),
                    record(3, attempts=tries[1:]),
                ]
            )
        ],
    )
    rows = opened.execute(
        "SELECT key, attempts, maybe_billed, cached, cost FROM calls ORDER BY id"
    ).fetchall()
    opened.close()
    assert rows == [("c", 3, 2, 0, "0.1"), ("", 0, 0, 1, None), ("b", 1, 0, 0, "0.1")]


def test_ids_begin_with_the_time_of_the_call() -> None:
    assert store.first_id(1_767_225_601.0) <= id_of(1) < store.first_id(1_767_225_601.002)
    assert store.first_id(float("-inf")) == "" and store.first_id(-5.0) == "0" * 12
    assert store.first_id(float("inf")) > "f" * 32 and store.first_id(1e15) == "f" * 12


@pytest.mark.parametrize("form", range(len(store.FORMS)))
@pytest.mark.parametrize("count", [0, 1, store.TOGETHER, store.TOGETHER + 1])
def test_a_file_of_an_older_form_is_brought_to_this_one(form: int, count: int, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    opened = sqlite3.connect(path)
    for step in store.FORMS[: form + 1]:
        opened.executescript(step)
    opened.execute("PRAGMA application_id = 1650551149")
    opened.execute(f"PRAGMA user_version = {form + 1}")
    told = [record(number, message="[x], {y} \u767e") for number in range(count)]
    into = _INTO[form]
    for one in told:
        opened.execute(into, {"id": one.id, "record": msgspec.json.encode(one).decode()})
    opened.commit()
    opened.close()
    kept(path, 1000)
    assert last_calls(path, 5000) == (record(1000), *reversed(told))
    opened = sqlite3.connect(path)
    assert opened.execute("SELECT id FROM calls ORDER BY id").fetchall() == [
        (one.id,) for one in (*told, record(1000))
    ]
    counts = [one for (one,) in opened.execute("SELECT json_array_length(records) FROM batches")]
    assert max(counts) <= store.TOGETHER
    assert len(counts) == 1 + (count if form == 3 else -(-count // store.TOGETHER))
    assert opened.execute("PRAGMA user_version").fetchone()[0] == len(store.FORMS)
    assert opened.execute("SELECT count(*) FROM losses").fetchone()[0] == 0
    opened.close()


_CALLS = """
INSERT INTO calls (id, at, operation, key, outcome, cached, attempts, maybe_billed, took_s, record)
VALUES (:id, 1, 'chat', '', 'answered', 0, 1, 0, 1.5, :record)
"""
_INTO = (
    _CALLS,
    _CALLS,
    "INSERT INTO records VALUES (:id, :record)",
    "INSERT INTO batches VALUES (:id, :id, '[' || :record || ']')",
)
"""What wrote a call into each form of the file."""


def test_a_newer_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    kept(path, 1)
    opened = sqlite3.connect(path)
    opened.execute("PRAGMA user_version = 99")
    opened.close()
    with pytest.raises(ConfigError, match=r"ledger\.db was written by a newer Baimo"):
        last_calls(path, 5)


def test_a_form_that_cannot_be_reached_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.db"
    kept(path, 1)
    monkeypatch.setattr(store, "FORMS", (*store.FORMS, "CREATE TABLE more (x); CREATE TABLE calls (y)"))
    with pytest.raises(sqlite3.OperationalError):
        store.connect(path, create=True)
    monkeypatch.undo()
    assert len(last_calls(path, 5)) == 1


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is no database, whatever its name says\n" * 100)
    with pytest.raises(ConfigError, match=r"ledger\.db is damaged or no ledger") as caught:
        last_calls(path, 5)
    assert "Move it away" in str(caught.value)


def test_a_file_that_was_damaged_later_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    kept(path, *range(300))
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 60_000)
    with pytest.raises(ConfigError, match="damaged"):
        last_calls(path, 300)


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    opened = sqlite3.connect(path)
    opened.execute("CREATE TABLE theirs (x)")
    opened.close()
    with pytest.raises(ConfigError, match="another program"):
        store.connect(path, create=True)


def test_reading_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no ledger"):
        last_calls(tmp_path / "ledger.db", 5)
    assert list(tmp_path.iterdir()) == []


def test_the_old_is_forgotten_and_the_room_given_back(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    kept(path, *range(2000))
    size = path.stat().st_size
    opened = store.connect(path, create=True)
    store.forget(opened, record(1990).at)
    opened.close()
    assert len(last_calls(path, 5000)) == 10
    assert path.stat().st_size < size / 5


def test_a_call_is_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    kept(path, *range(20))
    assert [one.id for one in find_calls(path, id_of(3))] == [id_of(3)]
    assert len(find_calls(path, "019b76")) == 10
    assert find_calls(path, "ff") == ()
    for number in (0, 7, 19):
        assert [one.id for one in find_calls(path, id_of(number))] == [id_of(number)]
        assert id_of(number) in [one.id for one in find_calls(path, id_of(number)[-20:])]


def test_what_is_left_of_a_batch_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    told = [record(number, message='"[{\\ \u767e\n', first_s=1e-7 + number) for number in range(9)]
    opened = store.connect(path, create=True)
    store.write(opened, [batch_of(told)])
    for _ in range(2):
        store.forget(opened, told[6].at)
    assert opened.execute("SELECT first, last FROM batches").fetchall() == [(told[6].id, told[8].id)]
    opened.close()
    assert last_calls(path, 10) == tuple(reversed(told[6:]))


def rows_of(path: Path, table: str) -> int:
    opened = sqlite3.connect(path)
    (count,) = opened.execute(f"SELECT count(*) FROM {table}").fetchone()
    opened.close()
    return int(count)


def test_a_call_that_is_told_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    kept(path, 1, 1)
    kept(path, 1)
    assert len(last_calls(path, 5)) == rows_of(path, "calls") == rows_of(path, "batches") == 1


def test_calls_of_two_ledgers_count_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    for first, end in ((0, 3), (3, 8), (0, 5), (5, 8)):
        kept(path, *range(first, end))
    assert rows_of(path, "batches") == 4
    assert rows_of(path, "calls") == 8
    assert [one.id for one in last_calls(path, 9)] == [id_of(number) for number in reversed(range(8))]
    assert [one.id for one in find_calls(path, id_of(6))] == [id_of(6)]
    (total,), _ = sums(path, [])
    assert total.calls == 8
    assert spent_since(path, 0.0, (), ()) == (Money(Decimal("0.8"), "CNY"),)


def test_a_batch_is_one_row_and_may_be_written_again(tmp_path: Path) -> None:
    """Where it is not known whether it was written, it is written again."""
    path = tmp_path / "ledger.db"
    for _ in range(2):
        kept(path, 5, 2, 9)
    kept(path, 2, 5, 7, 9)
    opened = sqlite3.connect(path)
    ends = opened.execute("SELECT first, last FROM batches").fetchall()
    opened.close()
    assert ends == [(id_of(2), id_of(9))] * 2
    assert rows_of(path, "calls") == 4
