"""Amounts as people write them, and rates between currencies: amounts compare in one currency only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from baimo.errors import BudgetError, ConfigError, InputError
from baimo.types.money import Money

_FORM = r"(?P<amount>[0-9]+(?:\.[0-9]+)?|\.[0-9]+) *(?P<currency>[A-Za-z]{3})"
_MOST = Decimal(10) ** 15
_SIGNS = {"¥": "CNY", "￥": "CNY", "元": "CNY", "$": "USD", "€": "EUR", "RMB": "CNY", "rmb": "CNY"}
"""What people write in place of a code; several currencies share a sign, so it is only a hint."""


def parse_money(given: str | Money) -> Money:
    """An amount from `0.05 CNY`. Raises InputError for what is no amount of a currency.

    >>> parse_money("0.05 CNY")
    Money(amount=Decimal('0.05'), currency='CNY')
    """
    if isinstance(given, Money):
        if not given.amount.is_finite() or not 0 <= given.amount < _MOST:
            raise InputError(f"an amount must be a number from 0 up, not {given.amount}")
        return given
    if not isinstance(given, str):
        raise InputError(
            f"an amount is text or Money, not {type(given).__name__}", hint='For example "0.05 CNY".'
        )
    found = re.fullmatch(_FORM, given.strip())
    if found is None or found["currency"].upper() == "RMB":
        raise InputError(
            f"{given!r} is no amount: a number, a blank and the code of a currency", hint=_meant(given)
        )
    return parse_money(Money(Decimal(found["amount"]), found["currency"].upper()))


def _meant(given: str) -> str:
    number = re.search(r"[0-9]+(?:\.[0-9]+)?", given)
    amount = number[0] if number else "0.05"
    currency = next((code for sign, code in _SIGNS.items() if sign in given), "CNY")
    return f'For example "{amount} {currency}".'


class Rates:
    """What currencies are worth in each other: as told, turned round, and over one currency between."""

    def __init__(self, told: Mapping[tuple[str, str], Decimal] = {}) -> None:
        """`told` gives for (from, to) how much of `to` one unit of `from` is worth."""
        self._rates = {(to, of): 1 / rate for (of, to), rate in told.items()} | dict(told)

    def convert(self, money: Money, currency: str) -> Money | None:
        """The amount in another currency; None where no rate leads there."""
        if money.currency == currency:
            return money
        rate = self._rates.get((money.currency, currency)) or self._over_one(money.currency, currency)
        return None if rate is None else Money(money.amount * rate, currency)

    def in_currency(self, money: Money, currency: str) -> Money:
        """The amount in another currency. Raises BudgetError where no rate leads there."""
        found = self.convert(money, currency)
        if found is None:
            raise no_rate(money.currency, currency)
        return found

    def _over_one(self, of: str, to: str) -> Decimal | None:
        for start, between in self._rates:
            if start == of and (between, to) in self._rates:
                return self._rates[of, between] * self._rates[between, to]
        return None


def no_rate(of: str, to: str) -> BudgetError:
    """The error for amounts that cannot be compared."""
    return BudgetError(
        f"an amount in {of} cannot be compared with one in {to}",
        hint=f'Set the rate in the configuration: [money] rates = {{ {of} = "… {to}" }}.',
    )


def read_rates(table: Mapping[str, str]) -> Rates:
    """The rates of `[money] rates`: `USD = "7.12 CNY"`. Raises ConfigError for what makes no sense."""
    told: dict[tuple[str, str], Decimal] = {}
    for code, worth in table.items():
        where = f"money.rates.{code}"
        if not re.fullmatch("[A-Za-z]{3}", code):
            raise ConfigError(f"{where}: a currency is named by a code of three letters")
        try:
            money = parse_money(worth)
        except InputError as error:
            raise ConfigError(f"{where} must be an amount of another currency, not {worth!r}") from error
        pair = code.upper(), money.currency
        if pair[0] == pair[1]:
            raise ConfigError(f"{where} is told in the same currency")
        if not money.amount:
            raise ConfigError(f"{where} must be more than 0")
        if pair in told or pair[::-1] in told:
            raise ConfigError(f"{where}: the rate between {pair[0]} and {pair[1]} is told twice")
        told[pair] = money.amount
    return Rates(told)
