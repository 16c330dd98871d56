"""What the ledger tells: single calls, sums, what was spent. Amounts are added as decimals."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from baimo.types.money import Money
from baimo.types.record import CallRecord

from . import store

_READ_S = 5.0
_COUNTED = "('models', 'describe', 'pull', 'count_tokens', 'balance')"
"""Operations that nobody is billed for."""
_UNKNOWN = f"""
cost IS NULL AND NOT cached AND attempts > 0 AND operation NOT IN {_COUNTED}
AND (outcome != 'failed' OR maybe_billed > 0)
"""
"""Calls that may have cost something, nobody knows how much."""


class Sum(msgspec.Struct, kw_only=True):
    """Calls of one group, added up."""

    group: tuple[str, ...]
    calls: int = 0
    failed: int = 0
    cached: int = 0
    attempts: int = 0
    maybe_billed: int = 0
    """Attempts that gave no answer and may have been billed all the same."""
    input: int = 0
    cache_read: int = 0
    output: int = 0
    reasoning: int = 0
    costs: dict[str, Decimal] = {}
    """By currency."""
    unknown: int = 0
    """Calls whose cost is not known."""


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that could not be written."""

    at: float
    count: int
    why: str


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The file for reading. Raises ConfigError naming a file that is not there or is damaged."""
    with closing(store.connect(path, create=False, busy_s=_READ_S)) as opened:
        try:
            yield opened
        except sqlite3.DatabaseError as error:
            raise store.damaged(path, error) from error


def last_calls(path: Path, count: int, *, failed: bool = False) -> tuple[CallRecord, ...]:
    """The last calls, newest first; with `failed` only those that did not end well."""
    only = "WHERE outcome != 'answered'" if failed else ""
    with _opened(path) as opened:
        rows = opened.execute(
            f"SELECT record FROM calls {only} ORDER BY id DESC LIMIT ?", (count,)
        ).fetchall()
    return tuple(_record(text) for (text,) in rows)


def find_calls(path: Path, part: str) -> tuple[CallRecord, ...]:
    """The calls whose id begins or ends so, at most ten."""
    length = len(part)
    with _opened(path) as opened:
        rows = opened.execute(
            "SELECT record FROM records WHERE substr(id, 1, ?) = ? OR substr(id, -?) = ? "
            "ORDER BY id LIMIT 10",
            (length, part, length, part),
        ).fetchall()
    return tuple(_record(text) for (text,) in rows)


def sums(
    path: Path, by: Sequence[str], *, since: float | None = None, until: float | None = None
) -> tuple[list[Sum], list[Lost]]:
    """Calls added up by `day`, `model`, `provider` and `key`, without `by` all together; and what was lost.

    A day is one of this machine's time zone.
    """
    columns = ", ".join(_GROUPS[name] for name in by) or "''"
    between = (float("-inf") if since is None else since, float("inf") if until is None else until)
    found: dict[tuple[str, ...], Sum] = {}
    with _opened(path) as opened:
        for *group, currency, amounts, unknown, counts in _grouped(opened, columns, between):
            key = tuple(group[: len(by)])
            one = found.setdefault(key, Sum(group=key, costs={}))
            for name, value in counts.items():
                setattr(one, name, getattr(one, name) + value)
            one.unknown += unknown
            if currency is not None:
                one.costs[currency] = one.costs.get(currency, Decimal(0)) + amounts
        losses = [
            Lost(at=at, count=count, why=why)
            for at, count, why in opened.execute(f"SELECT * FROM losses WHERE {_BETWEEN}", between)
        ]
    return sorted(found.values(), key=lambda one: one.group), losses


def spent_since(path: Path, at: float, models: Sequence[str], keys: Sequence[str]) -> tuple[Money, ...]:
    """What calls since then cost, by currency: those of models (patterns of provider/model) and keys.

    Empty `models` or `keys` mean all. What is not known is not in it. Nothing where there is no ledger.
    """
    if not path.exists():
        return ()
    spent: dict[str, Decimal] = {}
    with _opened(path) as opened:
        rows = opened.execute(
            "SELECT provider, model, key, cost, currency FROM calls "
            "WHERE id >= ? AND at >= ? AND cost IS NOT NULL",
            (store.first_id(at), at),
        )
        for provider, model, key, amount, currency in rows:
            if keys and key not in keys:
                continue
            name = f"{provider}/{model}"
            if models and not any(fnmatchcase(name, pattern) for pattern in models):
                continue
            spent[currency] = spent.get(currency, Decimal(0)) + Decimal(amount)
    return tuple(Money(amount, currency) for currency, amount in sorted(spent.items()))


def spent_each(path: Path, at: float) -> list[tuple[str, str, Money]]:
    """What calls since then cost: provider/model, name of the key, amount. Nothing without a ledger."""
    if not path.exists():
        return []
    spent: dict[tuple[str, str, str], Decimal] = {}
    with _opened(path) as opened:
        rows = opened.execute(
            "SELECT provider, model, key, currency, cost, count(*) FROM calls "
            "WHERE id >= ? AND at >= ? AND cost IS NOT NULL GROUP BY provider, model, key, currency, cost",
            (store.first_id(at), at),
        )
        for provider, model, key, currency, amount, count in rows:
            group = f"{provider}/{model}", key, currency
            spent[group] = spent.get(group, Decimal(0)) + Decimal(amount) * count
    return [(model, key, Money(amount, currency)) for (model, key, currency), amount in sorted(spent.items())]


_BETWEEN = "at >= ? AND at < ?"
_GROUPS = {
    "day": "strftime('%Y-%m-%d', at, 'unixepoch', 'localtime')",
    "model": "coalesce(provider || '/' || model, '')",
    "provider": "coalesce(provider, '')",
    "key": "key",
}
_SUMMED = {
    "calls": "count(*)",
    "failed": "sum(outcome != 'answered')",
    "cached": "sum(cached)",
    "attempts": "sum(attempts)",
    "maybe_billed": "sum(maybe_billed)",
    "input": "sum(coalesce(input_uncached, 0) + coalesce(cache_read, 0) + coalesce(cache_write_5m, 0)"
    " + coalesce(cache_write_1h, 0) + coalesce(audio_in, 0) + coalesce(image_in, 0))",
    "cache_read": "sum(coalesce(cache_read, 0))",
    "output": "sum(coalesce(output_visible, 0) + coalesce(reasoning, 0) + coalesce(audio_out, 0)"
    " + coalesce(image_out, 0))",
    "reasoning": "sum(coalesce(reasoning, 0))",
}


def _grouped(
    opened: sqlite3.Connection, columns: str, between: tuple[float, float]
) -> Iterable[tuple[Any, ...]]:
    """Per group and amount: the group, currency, the amounts added, unknown costs, and counts by name."""
    asked = (
        f"SELECT {columns}, currency, cost, sum({_UNKNOWN}), {', '.join(_SUMMED.values())} "
        f"FROM calls WHERE id >= ? AND id < ? AND {_BETWEEN} GROUP BY {columns}, currency, cost"
    )
    ids = store.first_id(between[0]), store.first_id(between[1] + 1.0)
    for row in opened.execute(asked, (*ids, *between)):
        head, counts = row[: -len(_SUMMED)], dict(zip(_SUMMED, row[-len(_SUMMED) :], strict=True))
        *group, currency, amount, unknown = head
        total = None if amount is None else Decimal(amount) * counts["calls"]
        yield (*group, currency, total, unknown, counts)


def _record(text: str) -> CallRecord:
    return msgspec.json.decode(text, type=CallRecord, strict=False)
