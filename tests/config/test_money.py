"""The tables `[money]` and `[budgets.NAME]`."""

from __future__ import annotations

from datetime import date

import pytest

from baimo.catalogue import load
from baimo.config.services import MoneySettings, with_own_days
from baimo.errors import ConfigError
from tests.config.machine import Machine


def test_days_of_the_user_are_holidays_and_a_year_can_be_told_whole(machine: Machine) -> None:
    assert machine.settings().holidays() is load.holidays()
    machine.user("[money]\nholidays = [2027-01-01, 2026-11-27]\nholiday_years = [2027]\n")
    found = machine.settings().holidays()
    assert found.has("CN", date(2027, 1, 1)) is True
    assert found.has("CN", date(2027, 1, 4)) is False
    assert found.has("CN", date(2028, 1, 3)) is None
    assert found.has("CN", date(2026, 11, 27)) is True
    assert found.has("CN", date(2026, 10, 1)) is True


def test_a_day_alone_does_not_make_its_year_known() -> None:
    found = with_own_days(load.holidays(), MoneySettings(holidays=(date(2027, 1, 1),)))
    assert found.has("CN", date(2027, 1, 1)) is True
    assert found.has("CN", date(2027, 1, 4)) is None


def test_deployments_know_the_days(machine: Machine) -> None:
    machine.environ["DEEPSEEK_API_KEY"] = "sk-fake"
    machine.user("[money]\nholidays = [2026-11-27]\n")
    at = machine.at("deepseek/deepseek-flash")
    assert at.holidays is not None
    assert at.holidays().has("CN", date(2026, 11, 27)) is True


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[money]\nrates = { USD = "7" }\n', r"money\.rates\.USD must be an amount"),
        ('[money]\nrates = { dollar = "7 CNY" }\n', r"money\.rates\.dollar: a currency is named"),
        ('[money]\nholidays = ["soon"]\n', "money"),
        ('[budgets.a]\namount = "5"\n', r"budgets\.a: '5' is no amount"),
        ('[budgets.a]\namount = "5 CNY"\nutc_offset = "8"\n', r"budgets\.a: a distance from UTC"),
        ('[budgets.a]\namount = "5 CNY"\nper = "week"\n', r"budgets\.a"),
        ('[budgets.a]\namount = "5 CNY"\nname = "x"\n', r"budgets\.a"),
    ],
)
def test_what_makes_no_sense_names_its_key(machine: Machine, text: str, words: str) -> None:
    machine.user(text)
    with pytest.raises(ConfigError, match=words) as caught:
        machine.settings()
    assert str(machine.user_file) in str(caught.value)


def test_a_budget_may_be_told_in_two_files(machine: Machine) -> None:
    machine.user('[budgets.a]\namount = "5 CNY"\n')
    machine.here('[budgets.a]\nper = "month"\n')
    (budget,) = machine.settings().services.budgets.values()
    assert (budget.amount, budget.per) == ("5 CNY", "month")


def test_a_budget_needs_an_amount(machine: Machine) -> None:
    machine.user('[budgets.a]\nper = "month"\n')
    with pytest.raises(ConfigError, match="amount"):
        _ = machine.settings().services
