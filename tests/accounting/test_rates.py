"""Amounts as text, and currencies that compare only where a rate leads from one to the other."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.accounting.rates import Rates, parse_money, read_rates
from baimo.errors import BudgetError, ConfigError, InputError
from baimo.types.money import Money


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("0.05 CNY", "0.05", "CNY"),
        (" 5 cny ", "5", "CNY"),
        ("12USD", "12", "USD"),
        (".5 EUR", "0.5", "EUR"),
        ("0 CNY", "0", "CNY"),
    ],
)
def test_an_amount_is_a_number_and_a_code(text: str, amount: str, currency: str) -> None:
    assert parse_money(text) == Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("¥0.05", '"0.05 CNY"'),
        ("0.05元", '"0.05 CNY"'),
        ("$3", '"3 USD"'),
        ("3 RMB", '"3 CNY"'),
        ("€7.5", '"7.5 EUR"'),
        ("five", '"0.05 CNY"'),
        ("5", '"5 CNY"'),
        ("-5 CNY", '"5 CNY"'),
        ("1e3 CNY", "CNY"),
        ("1,000 CNY", "CNY"),
        ("", "CNY"),
    ],
)
def test_what_is_no_amount_is_refused_with_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_money(text)
    assert caught.value.hint is not None and hint in caught.value.hint


@pytest.mark.parametrize("amount", [Decimal(-1), Decimal("NaN"), Decimal("Infinity"), Decimal(10) ** 15])
def test_money_that_is_no_amount_is_refused(amount: Decimal) -> None:
    with pytest.raises(InputError, match="from 0 up"):
        parse_money(Money(amount, "CNY"))


def test_a_number_alone_has_no_currency() -> None:
    with pytest.raises(InputError, match="not float"):
        parse_money(0.05)  # type: ignore[arg-type]


def test_rates_lead_both_ways_and_over_one_currency_between() -> None:
    rates = read_rates({"USD": "8 CNY", "EUR": "9 CNY"})
    assert rates.convert(Money(Decimal(2), "USD"), "CNY") == Money(Decimal(16), "CNY")
    assert rates.convert(Money(Decimal(16), "CNY"), "USD") == Money(Decimal(2), "USD")
    assert rates.convert(Money(Decimal(8), "EUR"), "USD") == Money(Decimal(9), "USD")
    assert rates.convert(Money(Decimal(1), "JPY"), "CNY") is None
    assert rates.convert(Money(Decimal(1), "USD"), "JPY") is None
    same = Money(Decimal(3), "CNY")
    assert Rates().convert(same, "CNY") is same


def test_a_rate_over_two_currencies_between_is_not_made_up() -> None:
    rates = read_rates({"AAA": "2 BBB", "BBB": "2 CCC", "CCC": "2 DDD"})
    assert rates.convert(Money(Decimal(1), "AAA"), "CCC") == Money(Decimal(4), "CCC")
    assert rates.convert(Money(Decimal(1), "AAA"), "DDD") is None


def test_without_a_rate_the_error_says_what_to_set() -> None:
    with pytest.raises(BudgetError) as caught:
        Rates().in_currency(Money(Decimal(1), "USD"), "CNY")
    assert "[money] rates" in str(caught.value) and "USD" in str(caught.value)
    assert Rates().in_currency(Money(Decimal(1), "USD"), "USD").amount == 1


@pytest.mark.parametrize(
    "table",
    [
        {"USD": "7"},
        {"USD": "0 CNY"},
        {"USD": "7 USD"},
        {"dollar": "7 CNY"},
        {"USD": "7 CNY", "CNY": "0.14 USD"},
        {"USD": "7 CNY", "usd": "7 CNY"},
    ],
)
def test_rates_that_make_no_sense_are_refused(table: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"money\.rates"):
        read_rates(table)


@given(
    amount=st.decimals(0, 10**6, places=6),
    rate=st.decimals(Decimal("0.0001"), 10_000, places=4),
)
def test_there_and_back_is_the_same_amount(amount: Decimal, rate: Decimal) -> None:
    rates = Rates({("AAA", "BBB"): rate})
    there = rates.convert(Money(amount, "AAA"), "BBB")
    assert there is not None and there.amount == amount * rate
    back = rates.convert(there, "AAA")
    assert back is not None and abs(back.amount - amount) <= Decimal("1e-18")
