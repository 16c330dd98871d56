"""A balance prints as the amounts that can be spent."""

from __future__ import annotations

from decimal import Decimal

from baimo.types.balance import Balance
from baimo.types.money import Money


def test_a_balance_prints_an_amount_for_each_currency() -> None:
    amounts = (Money(Decimal("110.00"), "CNY"), Money(Decimal("-1.5"), "USD"))
    assert str(Balance(provider="acme", amounts=amounts)) == "110 CNY, -1.5 USD"
