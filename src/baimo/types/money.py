"""An amount of money in one currency."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Money(msgspec.Struct, frozen=True):
    """`amount` in `currency` (ISO 4217 code).

    >>> str(Money(Decimal("0.0120"), "CNY"))
    '0.012 CNY'
    """

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.currency}"
