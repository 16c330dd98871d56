"""What the ledger tells: single calls, sums, what was spent. Amounts are added as decimals."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import lru_cache
from heapq import heappush, heapreplace, nsmallest
from operator import attrgetter
from pathlib import Path
from time import localtime, strftime
from typing import Protocol, TypeVar

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


class _Kept(Protocol):
    @property
    def id(self) -> str: ...


_A = TypeVar("_A", bound=_Kept)
_id_of = attrgetter("id")


class _Tried(msgspec.Struct, gc=False):
    """What sums need of an attempt."""

    key: str = ""
    maybe_billed: bool = False


class _Seen(msgspec.Struct, gc=False):
    """What sums need of a record."""

    id: str
    at: float
    operation: str
    outcome: str
    provider: str | None = None
    model: str | None = None
    usage: Usage = Usage()
    cost: Money | None = None
    cached: bool = False
    attempts: tuple[_Tried, ...] = ()


class _Ended(msgspec.Struct, gc=False):
    """How a call ended."""

    outcome: str


class _Spent(msgspec.Struct, gc=False):
    """What a call cost, and whom it was for."""

    id: str
    at: float
    provider: str | None = None
    model: str | None = None
    cost: Money | None = None
    attempts: tuple[_Tried, ...] = ()


_to_ended = msgspec.json.Decoder(list[_Ended]).decode
_to_spent = msgspec.json.Decoder(list[_Spent], strict=False).decode
_to_seen = msgspec.json.Decoder(list[_Seen], strict=False).decode
_to_calls = msgspec.json.Decoder(list[CallRecord], strict=False).decode
_ALL = "", "g"
"""What no id sorts before, and what all sort before."""
_WHOLE = 32
"""Characters of an id."""
_KNOWN = 50_000
"""Ids that are remembered before those are forgotten that cannot come again."""


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


def _batches(opened: sqlite3.Connection, ids: tuple[str, str] = _ALL) -> Iterator[tuple[str, str]]:
    """The last id and the text of batches that may hold ids from the first until before the second.

    Those with the latest end come first.
    """
    return opened.execute(
        "SELECT last, records FROM batches WHERE last >= ? AND first < ? ORDER BY last DESC", ids
    )


def _each(batches: Iterable[tuple[str, str]], read: Callable[[str], list[_A]]) -> Iterator[_A]:
    """The calls of batches, each once: two ledgers of one client may both have written it."""
    known: set[str] = set()
    for last, text in batches:
        if len(known) > _KNOWN:  # what is later than a batch's end is not in those that follow
            known = {one for one in known if one <= last}
        for call in read(text):
            if call.id not in known:
                known.add(call.id)
                yield call


def last_calls(path: Path, count: int, *, failed: bool = False) -> tuple[CallRecord, ...]:
    """The last calls, newest first; with `failed` only those that did not end well."""
    newest: list[str] = []
    calls: dict[str, CallRecord] = {}
    with _opened(path) as opened:
        for last, text in _batches(opened):
            if len(newest) >= count and (not newest or last < newest[0]):
                break
            if failed and all(one.outcome == "answered" for one in _to_ended(text)):
                continue
            for call in _to_calls(text):
                if call.id in calls or (failed and call.outcome == "answered"):
                    continue
                if len(newest) < count:
                    heappush(newest, call.id)
                elif call.id > newest[0]:
                    del calls[heapreplace(newest, call.id)]
                else:
                    continue
                calls[call.id] = call
    return tuple(sorted(calls.values(), key=_id_of, reverse=True))


def find_calls(path: Path, part: str) -> tuple[CallRecord, ...]:
    """The calls whose id begins or ends so, at most ten."""
    ids = _ALL if len(part) < _WHOLE else (part, part + "g")
    with _opened(path) as opened:
        holding = (batch for batch in _batches(opened, ids) if part in batch[1])
        found = [
            call for call in _each(holding, _to_calls) if call.id.startswith(part) or call.id.endswith(part)
        ]
    return tuple(nsmallest(10, found, key=_id_of))


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
        for call in _each(_batches(opened, ids), _to_seen):
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
    for name, key, cost in _costs(path, at):
        if keys and key not in keys:
            continue
        if models and not any(fnmatchcase(name, pattern) for pattern in models):
            continue
        spent[cost.currency] = spent.get(cost.currency, _NOTHING) + cost.amount
    return tuple(Money(amount, currency) for currency, amount in sorted(spent.items()))


def spent_each(path: Path, at: float) -> list[tuple[str, str, Money]]:
    """What calls since then cost: provider/model, name of the key, amount. Nothing without a ledger."""
    if not path.exists():
        return []
    spent: dict[tuple[str, str, str], Decimal] = {}
    for name, key, cost in _costs(path, at):
        group = name, key, cost.currency
        spent[group] = spent.get(group, _NOTHING) + cost.amount
    return [(model, key, Money(amount, currency)) for (model, key, currency), amount in sorted(spent.items())]


def _costs(path: Path, at: float) -> Iterator[tuple[str, str, Money]]:
    """Of each call since then whose cost is known: provider/model, name of the key, cost."""
    with _opened(path) as opened:
        for call in _each(_batches(opened, (store.first_id(at), _ALL[1])), _to_spent):
            if call.cost is not None and call.at >= at:
                yield f"{call.provider}/{call.model}", _key_of(call), call.cost


def _key_of(call: _Seen | _Spent) -> str:
    return call.attempts[-1].key if call.attempts else ""


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
    "key": _key_of,
}
