"""What a call costs: decimals in, decimals out, None for what is not known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from baimo.accounting.cost import cost, price_for
from baimo.types.models import Price
from baimo.types.money import Money
from baimo.types.usage import Usage

DAY = date(2026, 11, 22)
PLAIN = Price(currency="CNY", input=Decimal("2"), output=Decimal("8"), cache_read=Decimal("0.2"))


def test_classes_are_billed_each_at_its_own_price() -> None:
    usage = Usage(input_uncached=1_000_000, cache_read=500_000, output_visible=100_000, reasoning=25_000)
    assert cost(usage, PLAIN) == Money(Decimal("2") + Decimal("0.1") + Decimal("0.8") + Decimal("0.2"), "CNY")


@pytest.mark.parametrize(
    "usage",
    [
        Usage(),
        Usage(input_uncached=5),
        Usage(output_visible=5),
        Usage(input_uncached=5, output_visible=5, audio_in=1),
        Usage(input_uncached=5, output_visible=5, image_out=1),
    ],
)
def test_what_is_not_known_has_no_cost_never_zero(usage: Usage) -> None:
    assert cost(usage, PLAIN) is None


def test_unused_classes_need_no_price() -> None:
    usage = Usage(input_uncached=0, output_visible=1_000_000, audio_in=0)
    assert cost(usage, PLAIN) == Money(Decimal(8), "CNY")


def test_the_tier_is_that_of_the_prompt_s_length() -> None:
    short = Price(currency="CNY", input=Decimal(1), max_input=32_000)
    long = Price(currency="CNY", input=Decimal(3))
    assert price_for((short, long), input_tokens=32_000, day=DAY) is short
    assert price_for((short, long), input_tokens=32_001, day=DAY) is long
    assert price_for((short,), input_tokens=32_001, day=DAY) is None


def test_prices_have_their_days() -> None:
    old = Price(currency="CNY", input=Decimal(1), until=date(2026, 10, 17))
    new = Price(currency="CNY", input=Decimal(2), since=date(2026, 10, 17))
    assert price_for((old, new), input_tokens=1, day=date(2026, 10, 16)) is old
    assert price_for((old, new), input_tokens=1, day=date(2026, 10, 17)) is new


def test_a_price_that_depends_on_the_hour_is_not_guessed() -> None:
    peak = Price(currency="CNY", input=Decimal(2), when="peak")
    off = Price(currency="CNY", input=Decimal(1), when="off-peak")
    assert price_for((peak, off), input_tokens=1, day=DAY) is None


def test_money_prints_plainly() -> None:
    assert str(Money(Decimal("0.0120"), "CNY")) == "0.012 CNY"
    assert str(Money(Decimal("100"), "USD")) == "100 USD"
