"""Budgets: what calls may cost together, in a run, a day or a month. A book without clock and threads.

A call's worst case is set aside before it is sent, and replaced by what it really cost. What is set aside
counts, so that calls under way at the same time cannot spend the same money.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta, timezone
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from baimo.errors import BudgetError, InputError
from baimo.types.hours import parse_offset
from baimo.types.money import Money

from .rates import Rates, parse_money

Per: TypeAlias = Literal["run", "day", "month"]
_TOGETHER = ""
"""The account of a budget that all keys share."""
_NO_HINT = "Set max_tokens, or name a model whose price is known; `baimo models` shows prices."


class SetAside:
    """Money that is set aside for one call, to be settled once."""

    __slots__ = ("account", "amount", "book", "is_settled", "period")

    def __init__(self, book: BudgetBook, account: str, period: int, amount: Decimal) -> None:
        self.book = book
        self.account = account
        self.period = period
        self.amount = amount
        self.is_settled = False


class _Account:
    """What one key, or all together, have spent in a period."""

    __slots__ = ("aside", "period", "spent")

    def __init__(self) -> None:
        self.period: int | None = None
        self.spent = self.aside = Decimal(0)


class BudgetBook:
    """One budget. `lock` guards it where several threads use it; moments are Unix seconds."""

    def __init__(
        self,
        amount: str | Money,
        *,
        per: Per = "run",
        models: Sequence[str] = (),
        keys: Sequence[str] = (),
        utc_offset: str = "+08:00",
        name: str | None = None,
        rates: Rates | None = None,
        lock: AbstractContextManager[object] | None = None,
    ) -> None:
        """`models` and `keys` are patterns; with `keys` each key that fits has the amount for itself.

        Raises InputError for what makes no sense.
        """
        self.amount = parse_money(amount)
        if per not in ("run", "day", "month"):
            raise InputError(f'per must be "run", "day" or "month", not {per!r}')
        if isinstance(models, str) or isinstance(keys, str):
            raise InputError("models and keys are lists of patterns, not one text")
        self.per: Per = per
        self.models = tuple(models)
        self.keys = tuple(keys)
        self.name = name
        self.rates = rates
        self._zone = _zone(utc_offset)
        self._lock: AbstractContextManager[object] = lock if lock is not None else nullcontext()
        self._accounts: dict[str, _Account] = {}

    def use_rates(self, rates: Rates) -> None:
        """The rates to compare currencies by, unless the budget has some of its own."""
        if self.rates is None:
            self.rates = rates

    def counts(self, model: str, key: str = "") -> bool:
        """Whether a call of that `provider/model` with the key of that name counts here."""
        return (not self.models or _fits(model, self.models)) and (not self.keys or _fits(key, self.keys))

    def check(
        self, worst: Money | None, *, wall: float, model: str, key: str = "", why: str | None = None
    ) -> None:
        """Raise the BudgetError that `set_aside` would, and set nothing aside."""
        needed = self._bounded(worst, wall, model, key, why)
        with self._lock:
            self._allow(self._account(key, wall), needed, model)

    def set_aside(
        self, worst: Money | None, *, wall: float, model: str, key: str = "", why: str | None = None
    ) -> SetAside:
        """Set aside what a call can cost at the most. `why` says why `worst` is not known.

        Raises BudgetError where it is not known, cannot be compared, or is more than what is left.
        """
        needed = self._bounded(worst, wall, model, key, why)
        with self._lock:
            account = self._account(key, wall)
            self._allow(account, needed, model)
            account.aside += needed.amount
            assert account.period is not None
            return SetAside(self, self._owner(key), account.period, needed.amount)

    def settle(self, held: SetAside, cost: Money | None, *, wall: float, billed: bool = True) -> None:
        """Put what a call cost in place of what was set aside for it; a second time changes nothing.

        Where the cost is not known and the call may have been `billed`, all that was set aside is spent.
        """
        if cost is None:
            spent = held.amount if billed else Decimal(0)
        else:
            known = (self.rates or Rates()).convert(cost, self.amount.currency)
            spent = held.amount if known is None else known.amount
        with self._lock:
            if held.is_settled:
                return
            held.is_settled = True
            account = self._account_of(held.account, wall)
            if account.period == held.period:  # what an earlier day began is that day's
                account.aside -= held.amount
                account.spent += spent

    def add(self, spent: Money, *, wall: float, key: str = "") -> None:
        """Count what was spent elsewhere in the period of that moment: what a ledger tells of this day.

        Raises BudgetError where it cannot be compared.
        """
        more = self._compared(spent)
        with self._lock:
            self._account(key, wall).spent += more.amount

    def spent_at(self, wall: float, key: str | None = None) -> Money:
        """What is spent in the period of that moment, without what is set aside.

        `key` matters where every key has an amount of its own; None: of all together.
        """
        with self._lock:
            found = (account.spent for account in self._looked_at(key, wall))
            return self._money(sum(found, Decimal(0)))

    def left_at(self, wall: float, key: str | None = None) -> Money:
        """What a call may still cost: neither spent nor set aside; of all keys, the least."""
        with self._lock:
            used = [account.spent + account.aside for account in self._looked_at(key, wall)]
            return self._money(max(self.amount.amount - max(used, default=Decimal(0)), Decimal(0)))

    def resets_after(self, wall: float) -> float | None:
        """The moment when all is free again; None for a budget of the run."""
        local = datetime.fromtimestamp(wall, self._zone)
        start = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.per == "run":
            return None
        if self.per == "day":
            return (start + timedelta(days=1)).timestamp()
        return (start.replace(day=1) + timedelta(days=32)).replace(day=1).timestamp()

    def begins_at(self, wall: float) -> float | None:
        """The moment when the period began that this one is in; None for a budget of the run."""
        local = datetime.fromtimestamp(wall, self._zone)
        start = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.per == "run":
            return None
        return (start if self.per == "day" else start.replace(day=1)).timestamp()

    @property
    def title(self) -> str:
        """How an error names it."""
        return f"the budget {self.name!r}" if self.name else f"the budget of {self.amount}"

    def _bounded(self, worst: Money | None, wall: float, model: str, key: str, why: str | None) -> Money:
        """The worst case in the budget's currency."""
        if worst is not None:
            return self._compared(worst)
        raise BudgetError(
            f"what a call of {model} can cost at the most is not known, so {self.title} cannot allow it"
            + (f": {why}" if why else ""),
            hint=_NO_HINT,
            left=self.left_at(wall, key),
        )

    def _allow(self, account: _Account, needed: Money, model: str) -> None:
        free = self.amount.amount - account.spent - account.aside
        if needed.amount <= free:
            return
        left = self._money(max(free, Decimal(0)))
        raise BudgetError(
            f"{self.title} has {_told(left, ROUND_DOWN)} left, and a call of {model} can cost "
            f"{_told(needed, ROUND_UP)}",
            hint="Set a smaller max_tokens, name a cheaper model, or allow more.",
            needed=needed,
            left=left,
        )

    def _compared(self, money: Money) -> Money:
        """The amount in the budget's currency. Raises BudgetError where no rate leads there."""
        return (self.rates or Rates()).in_currency(money, self.amount.currency)

    def _looked_at(self, key: str | None, wall: float) -> list[_Account]:
        if key is not None:
            return [self._account(key, wall)]
        return [self._account_of(owner, wall) for owner in list(self._accounts)]

    def _owner(self, key: str) -> str:
        return key if self.keys else _TOGETHER

    def _account(self, key: str, wall: float) -> _Account:
        return self._account_of(self._owner(key), wall)

    def _account_of(self, owner: str, wall: float) -> _Account:
        """The account, empty where a new period has begun. A clock that is set back begins none."""
        account = self._accounts.get(owner)
        if account is None:
            account = self._accounts[owner] = _Account()
        period = self._period(wall)
        if account.period is None or period > account.period:
            account.period = period
            account.spent = account.aside = Decimal(0)
        return account

    def _period(self, wall: float) -> int:
        if self.per == "run":
            return 0
        local = datetime.fromtimestamp(wall, self._zone)
        return local.toordinal() if self.per == "day" else local.year * 12 + local.month

    def _money(self, amount: Decimal) -> Money:
        return Money(amount, self.amount.currency)


def set_aside_all(
    books: Iterable[BudgetBook],
    worst: Money | None,
    *,
    wall: float,
    model: str,
    key: str = "",
    why: str | None = None,
) -> tuple[SetAside, ...]:
    """Set a call's worst case aside in every budget that counts it, or in none: BudgetError of the first."""
    held: list[SetAside] = []
    try:
        for book in books:
            if book.counts(model, key):
                held.append(book.set_aside(worst, wall=wall, model=model, key=key, why=why))
    except BudgetError:
        settle_all(held, None, wall=wall, billed=False)
        raise
    return tuple(held)


def settle_all(held: Iterable[SetAside], cost: Money | None, *, wall: float, billed: bool = True) -> None:
    """Settle a call in every budget that counted it, as `BudgetBook.settle` does."""
    for one in held:
        one.book.settle(one, cost, wall=wall, billed=billed)


def _fits(word: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(word, pattern) for pattern in patterns)


def _zone(utc_offset: str) -> timezone:
    try:
        return parse_offset(utc_offset)
    except ValueError as error:
        raise InputError(f"utc_offset: {error}") from error


def _told(money: Money, rounding: str) -> str:
    """An amount for people: no more than six places behind the point."""
    shown = money.amount.quantize(Decimal("0.000001"), rounding=rounding)
    return str(Money(shown, money.currency))
