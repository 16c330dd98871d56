"""The budget that users hold: a clock and a lock of its own, and what the configuration makes of it."""

from __future__ import annotations

from datetime import timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

import baimo
from baimo.accounting.budgets import set_aside_all, settle_all
from baimo.client.budget import Budget, open_budgets
from baimo.config.settings import Settings
from baimo.errors import BudgetError, InputError
from baimo.testing import VirtualClock
from baimo.types.money import Money
from tests.config.machine import Machine

BEIJING = timezone(timedelta(hours=8))


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


def test_a_budget_tells_what_is_spent_what_is_left_and_when_it_begins_anew() -> None:
    clock = VirtualClock()
    budget = Budget("5 CNY", per="day", clock=clock)
    held = budget.set_aside(cny("2"), wall=clock.wall(), model="acme/m")
    assert (str(budget.spent), str(budget.left)) == ("0 CNY", "3 CNY")
    budget.settle(held, cny("1.5"), wall=clock.wall())
    assert (str(budget.spent), str(budget.left)) == ("1.5 CNY", "3.5 CNY")
    reset = budget.reset_at
    assert reset is not None and reset.utcoffset() == timedelta(hours=8)
    assert (reset.hour, reset.minute) == (0, 0)
    clock.advance(reset.timestamp() - clock.wall())
    assert str(budget.left) == "5 CNY"
    assert Budget("5 CNY").reset_at is None


def test_a_day_begins_with_what_a_ledger_tells() -> None:
    budget = Budget("5 CNY", per="day")
    budget.start_from("4.5 CNY")
    assert budget.left == cny("0.5")
    with pytest.raises(InputError):
        budget.start_from("4.5")


def test_it_is_a_public_name() -> None:
    assert baimo.Budget is Budget


def settings(tmp_path: Path, text: str) -> Settings:
    machine = Machine(tmp_path)
    machine.user(text)
    return machine.settings()


def test_the_budgets_of_the_configuration_come_with_its_rates(tmp_path: Path) -> None:
    own = Budget("1 USD", name="own")
    clock = VirtualClock()
    found = open_budgets(
        settings(
            tmp_path,
            '[money]\nrates = { USD = "7 CNY" }\n'
            '[budgets.daily]\namount = "70 CNY"\nmodels = ["deepseek/*"]\n'
            '[budgets.team]\namount = "10 USD"\nper = "month"\nkeys = ["team-*"]\nutc_offset = "+00:00"\n',
        ),
        [own],
        clock=clock,
    )
    assert [budget.title for budget in found] == [
        "the budget 'own'",
        "the budget 'daily'",
        "the budget 'team'",
    ]
    daily, team = found[1:]
    assert (daily.per, daily.models, daily.keys) == ("day", ("deepseek/*",), ())
    assert (team.per, team.keys, team.reset_at and team.reset_at.utcoffset()) == (
        "month",
        ("team-*",),
        timedelta(0),
    )
    held = set_aside_all(found, cny("7"), wall=clock.wall(), model="deepseek/deepseek-flash")
    assert (own.left, daily.left) == (Money(Decimal(0), "USD"), cny("63"))
    settle_all(held, cny("3.5"), wall=clock.wall())
    assert own.spent.amount.quantize(Decimal("0.0001")) == Decimal("0.5000")
    with pytest.raises(BudgetError, match="'own'"):
        set_aside_all(found, cny("7"), wall=clock.wall(), model="acme/m")


def test_without_tables_only_what_was_handed_over_counts(tmp_path: Path) -> None:
    own = Budget("1 USD")
    bare = settings(tmp_path, "")
    assert open_budgets(bare, [own]) == (own,)
    assert open_budgets(bare) == ()
