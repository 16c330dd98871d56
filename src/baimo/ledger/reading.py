"""What the ledger tells: single calls, sums, what was spent. Amounts are added as decimals."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from time import localtime, strftime

import msgspec

from baimo.errors import ConfigError
from baimo.types.money import Money
from baimo.types.record import CallRecord
from baimo.types.usage import Usage

from . import store

_READ_S = 5.0
_FREE = ("models", "describe", "pull", "count_tokens", "balance")
"""Operations that nobody is billed for."""


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

    def count(self, call: _Seen) -> None:
        """Add a call."""
        usage, cost = call.usage, call.cost
        billed = sum([one.maybe_billed for one in call.attempts])
        self.calls += 1
        self.failed += call.outcome != "answered"
        self.cached += call.cached
        self.attempts += len(call.attempts)
        self.maybe_billed += billed
        self.input += usage.input or 0
        self.cache_read += usage.cache_read or 0
        self.output += usage.output or 0
        self.reasoning += usage.reasoning or 0
        if cost is not None:
            self.costs[cost.currency] = self.costs.get(cost.currency, _NOTHING) + cost.amount
        elif call.attempts and not call.cached and call.operation not in _FREE:
            self.unknown += call.outcome != "failed" or billed > 0


_NOTHING = Decimal(0)


class _Tried(msgspec.Struct, gc=False):
    """What sums need of an attempt."""

    key: str = ""
    maybe_billed: bool = False


class _Seen(msgspec.Struct, gc=False):
    """What sums need of a record."""

    at: float
    operation: str
    outcome: str
    provider: str | None = None
    model: str | None = None
    usage: Usage = Usage()
    cost: Money | None = None
    cached: bool = False
    attempts: tuple[_Tried, ...] = ()


_to_seen = msgspec.json.Decoder(_Seen, strict=False).decode


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that could not be written."""

    at: float
    count: int
    why: str


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The file for reading. Raises ConfigError naming a file that is not there, is damaged or cannot be read
    now."""
    try:
        with closing(store.connect(path, create=False, busy_s=_READ_S)) as opened:
            yield opened
    except sqlite3.OperationalError as error:
        raise ConfigError(
            f"the ledger {path} cannot be read: {error}",
            hint="Is it a file, may you read it, and does no other program hold it?",
        ) from error
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
    first, last = (float("-inf") if since is None else since, float("inf") if until is None else until)
    groups = [_GROUPS[name] for name in by]
    found: dict[tuple[str, ...], Sum] = {}
    with _opened(path) as opened:
        ids = store.first_id(first), store.first_id(last + 1.0)
        for (text,) in opened.execute("SELECT record FROM records WHERE id >= ? AND id < ?", ids):
            call = _to_seen(text)
            if first <= call.at < last:
                key = tuple([group(call) for group in groups])
                one = found.get(key)
                if one is None:
                    one = found[key] = Sum(group=key, costs={})
                one.count(call)
        losses = [
            Lost(at=at, count=count, why=why)
            for at, count, why in opened.execute(
                "SELECT * FROM losses WHERE at >= ? AND at < ?", (first, last)
            )
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


@lru_cache(maxsize=1024)
def _day(quarter: int) -> str:
    """The day of a quarter of an hour, in this machine's time zone: no zone is off by less."""
    return strftime("%Y-%m-%d", localtime(quarter * _QUARTER_S))


_QUARTER_S = 900
_GROUPS: Mapping[str, Callable[[_Seen], str]] = {
    "day": lambda call: _day(int(call.at // _QUARTER_S)),
    "model": lambda call: (
        "" if call.provider is None or call.model is None else f"{call.provider}/{call.model}"
    ),
    "provider": lambda call: call.provider or "",
    "key": lambda call: call.attempts[-1].key if call.attempts else "",
}


def _record(text: str) -> CallRecord:
    return msgspec.json.decode(text, type=CallRecord, strict=False)
