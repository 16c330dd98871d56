"""Budgets of a client: the pure book with a real lock and a clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from baimo.accounting.budgets import BudgetBook, Per
from baimo.accounting.rates import Rates, parse_money, read_rates
from baimo.errors import BudgetError, ConfigError
from baimo.types.hours import parse_offset
from baimo.types.money import Money

from .clock import REAL_CLOCK, Clock

if TYPE_CHECKING:
    from baimo.config.settings import Settings


class Budget(BudgetBook):
    """What calls may cost together: in this run, each day, or each month.

    Several clients may share one. A call that could break it is not sent: BudgetError. `models` are patterns
    of `provider/model`, `keys` of the names of keys: each key that fits has the amount for itself. Days and
    months are those of `utc_offset`.

    >>> budget = Budget("5 CNY", per="day")
    >>> print(budget.spent, "spent,", budget.left, "left")
    0 CNY spent, 5 CNY left
    """

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
        clock: Clock = REAL_CLOCK,
    ) -> None:
        super().__init__(
            amount,
            per=per,
            models=models,
            keys=keys,
            utc_offset=utc_offset,
            name=name,
            rates=rates,
            lock=Lock(),
        )
        self._clock = clock
        self._offset = parse_offset(utc_offset)

    @property
    def spent(self) -> Money:
        """What is spent so far in this run, day or month; of all keys together."""
        return self.spent_at(self._clock.wall())

    @property
    def left(self) -> Money:
        """What a call may still cost: neither spent nor set aside for calls under way."""
        return self.left_at(self._clock.wall())

    @property
    def reset_at(self) -> datetime | None:
        """When all is free again; None for a budget of the run."""
        moment = self.resets_after(self._clock.wall())
        return None if moment is None else datetime.fromtimestamp(moment, self._offset)

    def start_from(self, spent: str | Money, *, key: str = "") -> None:
        """Count what was spent before: what a ledger tells of this day. Raises InputError or BudgetError."""
        self.add(parse_money(spent), wall=self._clock.wall(), key=key)

    def begin_from(self, spent: Iterable[tuple[str, str, Money]]) -> None:
        """Count what a ledger tells of this period: provider/model, name of the key, amount."""
        for model, key, amount in spent:
            if self.counts(model, key):
                self.add(amount, wall=self._clock.wall(), key=key)

    @property
    def begun_at(self) -> float | None:
        """When this day or month began, in Unix seconds; None for a budget of the run."""
        return self.begins_at(self._clock.wall())


def begin_from_ledger(budgets: Iterable[Budget], path: Path) -> None:
    """Let budgets of a day or a month begin with what the ledger says was spent in it.

    Raises ConfigError where the ledger cannot be read, or an amount cannot be compared.
    """
    from baimo.ledger.reading import spent_each

    for budget in budgets:
        since = budget.begun_at
        if since is None:
            continue
        try:
            budget.begin_from(spent_each(path, since))
        except BudgetError as error:
            raise ConfigError(
                f"{budget.title} cannot begin with what the ledger tells: {error.message}", hint=error.hint
            ) from error


def open_budgets(
    settings: Settings, given: Iterable[Budget] = (), *, clock: Clock = REAL_CLOCK
) -> tuple[Budget, ...]:
    """The budgets that a client's calls count in: those that were handed to it, and those of `[budgets]`.

    A budget without rates of its own is given those of `[money]`.
    """
    found = list(given)
    if settings.has_services:
        services = settings.services
        rates = read_rates(services.money.rates)
        for budget in found:
            budget.use_rates(rates)
        for name, table in services.budgets.items():
            found.append(
                Budget(
                    table.amount,
                    per=table.per,
                    models=table.models,
                    keys=table.keys,
                    utc_offset=table.utc_offset,
                    name=name,
                    rates=rates,
                    clock=clock,
                )
            )
    return tuple(found)
