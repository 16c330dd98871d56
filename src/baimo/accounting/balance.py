"""Reading the balance of an account out of a provider's reply, by the places that its row names."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Raw

from baimo.catalogue.rows import BalancePlaces
from baimo.dialect.jsontext import decode
from baimo.errors import WireError
from baimo.types.balance import Balance
from baimo.types.money import Money


def read_balance(body: bytes, places: BalancePlaces, *, provider: str, currency: str | None) -> Balance:
    """The balance in a good reply. `currency` is what the site bills in, for replies that do not tell it.

    Raises WireError naming the place that is missing or holds no amount.
    """
    reply = decode(body)
    found: dict[str, list[Money]] = {"amounts": [], "granted": [], "topped_up": []}
    for account in _accounts(reply, places.accounts):
        unit = _text(account, places.currency) if places.currency else currency
        if unit is None:
            raise WireError("the reply tells no currency, and none is known for the site")
        amount = _amount(account, places.amount)
        if places.less is not None:
            amount -= _amount(account, places.less)
        found["amounts"].append(Money(amount, unit))
        for part, place in (("granted", places.granted), ("topped_up", places.topped_up)):
            if place is not None and (value := _at(account, place)) is not None:
                found[part].append(Money(_decimal(value, place), unit))
    available = _at(reply, places.available) if places.available is not None else None
    return Balance(
        provider=provider,
        amounts=tuple(found["amounts"]),
        granted=tuple(found["granted"]),
        topped_up=tuple(found["topped_up"]),
        available=available if isinstance(available, bool) else None,
        raw=Raw(body.strip()),
    )


def _accounts(reply: Any, place: str | None) -> Iterator[Any]:
    if place is None:
        yield reply
        return
    accounts = _at(reply, place)
    if not isinstance(accounts, list):
        raise WireError(f"the reply has no list of accounts at {place}")
    yield from accounts


def _amount(account: Any, place: str) -> Decimal:
    value = _at(account, place)
    if value is None:
        raise WireError(f"the reply tells no amount at {place}")
    return _decimal(value, place)


def _decimal(value: Any, place: str) -> Decimal:
    """The number at a place, written as one or as text."""
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        amount = Decimal(str(value))
    except InvalidOperation:
        raise WireError(f"what the reply tells at {place} is no amount") from None
    if not amount.is_finite():
        raise WireError(f"what the reply tells at {place} is no amount")
    return amount


def _text(account: Any, place: str) -> str:
    value = _at(account, place)
    if not isinstance(value, str) or not value:
        raise WireError(f"the reply tells no currency at {place}")
    return value.upper()


def _at(value: Any, pointer: str) -> Any:
    """What a JSON pointer leads to through objects; None where it leads nowhere."""
    for name in pointer.split("/")[1:]:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
