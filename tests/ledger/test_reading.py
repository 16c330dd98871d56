"""Sums over the ledger: by what was asked, exact in every currency, and what is not known is said."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from baimo.errors import ConfigError
from baimo.ledger import reading, store
from baimo.ledger.reading import Lost, Sum, last_calls, spent_since, sums
from baimo.types.money import Money
from baimo.types.record import CallRecord
from baimo.types.usage import Usage
from tests.ledger.records import AT, attempt, batch_of, record

DAY = 86_400


@pytest.fixture(autouse=True)
def shanghai() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Asia/Shanghai"
    time.tzset()
    yield
    del os.environ["TZ"]
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def keep(path: Path, *records: CallRecord, losses: tuple[tuple[float, int, str], ...] = ()) -> None:
    opened = store.connect(path, create=True)
    store.write(opened, [batch_of(records)] if records else [], losses)
    opened.close()


def test_what_is_no_file_is_said_to_be_none(path: Path) -> None:
    path.mkdir()
    with pytest.raises(ConfigError, match="cannot be read: unable to open") as caught:
        last_calls(path, 1)
    assert "Is it a file" in str(caught.value)


def test_a_ledger_that_somebody_holds_is_not_called_damaged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(path, record())
    monkeypatch.setattr("baimo.ledger.reading._READ_S", 0.01)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA journal_mode=DELETE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ConfigError, match="cannot be read: database is locked"):
        last_calls(path, 1)
    holder.close()


def test_amounts_are_added_as_decimals(path: Path) -> None:
    keep(path, *(record(number, cost="0.1") for number in range(3)), record(9, cost="1E-7"))
    (total,), _ = sums(path, [])
    assert total.costs == {"CNY": Decimal("0.3000001")}


def test_every_currency_has_a_sum_of_its_own(path: Path) -> None:
    keep(path, record(1), record(2, cost="0.02", currency="USD"), record(3, cost="0.2"))
    (total,), _ = sums(path, [])
    assert total.costs == {"CNY": Decimal("0.3"), "USD": Decimal("0.02")}
    assert total.unknown == 0


def test_what_is_not_known_is_counted_and_never_nothing(path: Path) -> None:
    keep(
        path,
        record(1, cost=None),
        record(2, cost=None, outcome="interrupted"),
        record(3, cost=None, outcome="failed", attempts=(attempt(outcome="failed", maybe_billed=True),)),
        record(4, cost=None, outcome="failed", attempts=(attempt(outcome="failed"),)),  # refused: not billed
        record(5, cost=None, outcome="failed", attempts=()),  # nothing was sent
        record(6, cost=None, cached=True, attempts=()),
        record(7, cost=None, operation="models"),
    )
    (total,), _ = sums(path, [])
    assert total.costs == {}
    assert (total.calls, total.unknown, total.failed, total.cached, total.maybe_billed) == (7, 3, 4, 1, 1)


def test_tokens_are_added_by_what_they_are(path: Path) -> None:
    usage = Usage(
        input_uncached=1,
        cache_read=2,
        cache_write_5m=4,
        cache_write_1h=8,
        audio_in=16,
        image_in=32,
        output_visible=100,
        reasoning=200,
        audio_out=400,
        image_out=800,
    )
    keep(path, record(1, usage=usage), record(2, usage=Usage()))
    (total,), _ = sums(path, [])
    assert (total.input, total.cache_read, total.output, total.reasoning) == (63, 2, 1500, 200)
    assert (total.input, total.output) == (usage.input, usage.output)


def test_calls_are_grouped_by_what_was_asked(path: Path) -> None:
    keyed = record(4, provider="other", model="m", attempts=(attempt(key="first"), attempt(key="second")))
    keep(path, record(1), record(2, at=AT + 15 * 3600), record(3, at=AT + 17 * 3600), keyed)
    by_day, _ = sums(path, ["day"])
    assert [(one.group, one.calls) for one in by_day] == [(("2026-01-01",), 3), (("2026-01-02",), 1)]
    by_model, _ = sums(path, ["model"])
    assert [(one.group, one.calls) for one in by_model] == [(("acme/big",), 3), (("other/m",), 1)]
    both, _ = sums(path, ["provider", "key"])
    assert [one.group for one in both] == [("acme", ""), ("other", "second")]
    assert both[1].attempts == 2


def test_bounds_hold_from_since_until_before_until(path: Path) -> None:
    keep(path, *(record(number) for number in range(5)), losses=((AT + 1, 2, "full"), (AT + 9, 1, "full")))
    (total,), losses = sums(path, [], since=AT + 1, until=AT + 4)
    assert total.calls == 3
    assert losses == [Lost(at=AT + 1, count=2, why="full")]


def test_nothing_is_no_group(path: Path) -> None:
    keep(path)
    assert sums(path, []) == ([], [])
    assert Sum(group=()).costs == {}


def test_the_last_calls_come_newest_first_and_failed_ones_alone_on_request(path: Path) -> None:
    keep(path, *(record(number, outcome="failed" if number % 2 else "answered") for number in range(6)))
    assert [int(one.id[12:], 16) for one in last_calls(path, 3)] == [5, 4, 3]
    assert [int(one.id[12:], 16) for one in last_calls(path, 2, failed=True)] == [5, 3]


def test_long_calls_are_found_among_short_ones_that_began_later(path: Path) -> None:
    """Batches hold calls in the order they ended in; the newest is the one that began last."""
    for numbers in ((1, 99), (50, 60), (70, 2), (3, 100)):
        keep(path, *(record(number, outcome="failed" if number % 2 else "answered") for number in numbers))

    def numbers(count: int, *, failed: bool = False) -> list[int]:
        return [int(one.id[12:], 16) for one in last_calls(path, count, failed=failed)]

    assert numbers(1) == [100]
    assert numbers(3) == [100, 99, 70]
    assert numbers(4) == [100, 99, 70, 60]
    assert numbers(100) == [100, 99, 70, 60, 50, 3, 2, 1]
    assert numbers(2, failed=True) == [99, 3]
    assert numbers(0) == []
    assert [one.calls for one in sums(path, [], since=AT + 60, until=AT + 100)[0]] == [3]


def test_however_much_is_read_few_ids_are_remembered(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_KNOWN", 3)
    for first in range(0, 30, 5):
        keep(path, *(record(number) for number in range(first, first + 10)))
    (total,), _ = sums(path, [])
    assert total.calls == 35


def test_what_was_spent_is_told_by_model_and_key(path: Path) -> None:
    keep(
        path,
        record(1),
        record(2, cost="0.5", attempts=(attempt(key="b"),)),
        record(3, cost="2", currency="USD", provider="openai", model="gpt-5"),
        record(4, cost=None),
    )
    assert spent_since(path, AT, (), ()) == (Money(Decimal("0.6"), "CNY"), Money(Decimal(2), "USD"))
    assert spent_since(path, AT + 2, (), ()) == (Money(Decimal("0.5"), "CNY"), Money(Decimal(2), "USD"))
    assert spent_since(path, AT, ("openai/*",), ()) == (Money(Decimal(2), "USD"),)
    assert spent_since(path, AT, ("acme/*", "x/*"), ("b",)) == (Money(Decimal("0.5"), "CNY"),)
    assert spent_since(path.with_name("none.db"), AT, (), ()) == ()
