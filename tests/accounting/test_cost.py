"""What a call costs: decimals in, decimals out, None for what is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.accounting.cost import cost
from baimo.types.models import Price
from baimo.types.money import Money
from baimo.types.usage import Usage

PLAIN = Price(currency="CNY", input=Decimal("2"), output=Decimal("8"), cache_read=Decimal("0.2"))
OF_CLASS = {
    "input_uncached": "input",
    "cache_read": "cache_read",
    "cache_write_5m": "cache_write_5m",
    "cache_write_1h": "cache_write_1h",
    "output_visible": "output",
    "reasoning": "reasoning",
    "audio_in": "audio_in",
    "audio_out": "audio_out",
    "image_in": "image_in",
}
counts = st.integers(0, 10_000_000)
amounts = st.decimals(0, 1000, places=4)


def test_classes_are_billed_each_at_its_own_price() -> None:
    usage = Usage(input_uncached=1_000_000, cache_read=500_000, output_visible=100_000, reasoning=25_000)
    assert cost(usage, PLAIN) == Money(Decimal("2") + Decimal("0.1") + Decimal("0.8") + Decimal("0.2"), "CNY")


@given(
    used=st.fixed_dictionaries(dict.fromkeys(OF_CLASS, counts)),
    priced=st.fixed_dictionaries(dict.fromkeys(OF_CLASS.values(), amounts)),
)
def test_the_cost_is_each_class_at_its_own_price_and_no_token_is_billed_twice(
    used: dict[str, int], priced: dict[str, Decimal]
) -> None:
    usage = Usage(**used)
    found = cost(usage, Price(currency="CNY", **priced))
    assert found is not None
    assert found.amount * 1_000_000 == sum(used[name] * priced[OF_CLASS[name]] for name in OF_CLASS)
    level = cost(usage, Price(currency="CNY", **dict.fromkeys(priced, Decimal(1))))
    assert level is not None and usage.total is not None
    assert level.amount * 1_000_000 == usage.total


@given(used=st.fixed_dictionaries(dict.fromkeys(OF_CLASS, counts)), left_out=st.sampled_from([*OF_CLASS]))
def test_one_class_without_a_price_leaves_the_cost_unknown_unless_it_was_not_used(
    used: dict[str, int], left_out: str
) -> None:
    fallback = {"reasoning": "output", "image_in": "input"}
    priced = {name: Decimal(1) for name in OF_CLASS.values()}
    for name in (OF_CLASS[left_out], fallback.get(left_out)):
        if name is not None:
            del priced[name]
    needs = {name for name in OF_CLASS if name == left_out or OF_CLASS[name] == fallback.get(left_out)}
    found = cost(Usage(**used), Price(currency="CNY", **priced))
    assert (found is None) == any(used[name] for name in needs)


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


def test_reasoning_and_pictures_without_a_price_cost_what_output_and_input_do() -> None:
    usage = Usage(input_uncached=0, image_in=1_000_000, output_visible=0, reasoning=1_000_000)
    assert cost(usage, PLAIN) == Money(Decimal(10), "CNY")


def test_what_a_provider_says_that_it_bills_is_what_is_counted() -> None:
    usage = Usage(
        input_uncached=443, cache_read=992, output_visible=58, billed_input=37, billed_output=28, image_in=9
    )
    price = Price(currency="USD", input=Decimal("2.5"), output=Decimal(10))
    assert cost(usage, price) == Money((37 * Decimal("2.5") + 28 * Decimal(10)) / 1_000_000, "USD")
    assert cost(Usage(input_uncached=1, output_visible=1, billed_input=5), price) == Money(
        Decimal("12.5") / 1_000_000, "USD"
    )


def test_a_batch_has_prices_of_its_own_and_none_for_caches() -> None:
    price = Price(
        currency="USD",
        input=Decimal(2),
        output=Decimal(8),
        cache_read=Decimal(1),
        batch_input=Decimal(1),
        batch_output=Decimal(4),
    )
    usage = Usage(input_uncached=1_000_000, output_visible=500_000, reasoning=500_000)
    assert cost(usage, price, batch=True) == Money(Decimal(5), "USD")
    cached = Usage(input_uncached=1_000_000, cache_read=1, output_visible=500_000)
    assert cost(cached, price, batch=True) is None
    assert cost(usage, PLAIN, batch=True) is None


def test_money_prints_plainly() -> None:
    assert str(Money(Decimal("0.0120"), "CNY")) == "0.012 CNY"
    assert str(Money(Decimal("100"), "USD")) == "100 USD"
