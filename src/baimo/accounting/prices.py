"""Which of a model's prices holds for a call: its day and hour, the lengths of prompt and answer, thinking.

What decides and is not known leaves several prices possible; a price is only told where one is left, or where
all that are left are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

from baimo.types.hours import NO_HOLIDAYS, Holidays, parse_offset
from baimo.types.models import Price

AMOUNTS = (
    "input",
    "output",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "reasoning",
    "audio_in",
    "audio_out",
    "image_in",
    "batch_input",
    "batch_output",
)
"""The fields of a price that are amounts for a million tokens."""


def price_at(
    prices: tuple[Price, ...],
    *,
    input_tokens: int,
    at: float,
    holidays: Holidays = NO_HOLIDAYS,
    output_tokens: int | None = None,
    thinking: bool | None = None,
) -> Price | None:
    """The price of a call that ended at that moment (Unix seconds); None where it is not known.

    The whole call falls into the tier of its prompt's length, and of its answer's where the model has such.
    """
    if len(prices) == 1 and _is_plain(prices[0]):
        return prices[0]
    found = possible_prices(
        prices,
        input_tokens=input_tokens,
        at=at,
        holidays=holidays,
        output_tokens=output_tokens,
        thinking=thinking,
    )
    if not found or any(not _same(found[0], other) for other in found[1:]):
        return None
    return found[0]


def possible_prices(
    prices: tuple[Price, ...],
    *,
    input_tokens: int,
    at: float,
    holidays: Holidays = NO_HOLIDAYS,
    output_tokens: int | None = None,
    thinking: bool | None = None,
) -> tuple[Price, ...]:
    """Every price that may hold, given what is known; empty where no price is known.

    A price under a condition that is told in words alone makes all of its tier unknown.
    """
    found = [price for price in prices if _is_dated(price, at)]
    if thinking is not None:
        found = [price for price in found if price.thinking is None or price.thinking == thinking]
    found = _tier(found, input_tokens)
    if output_tokens is not None:
        found = [price for price in found if _fits(price, output_tokens)]
    if any(price.when and not _is_decidable(price) for price in found):
        return ()
    if all(price.hours is None for price in found):
        return tuple(found)
    return _at_that_hour(found, at, holidays)


def _is_plain(price: Price) -> bool:
    """Whether it holds always, for every call."""
    conditions = (price.since, price.until, price.max_input, price.when)
    return conditions == (None, None, None, None) and not _is_decidable(price)


def _is_decidable(price: Price) -> bool:
    """Whether the words of its condition have a form that can be decided."""
    forms = (price.hours, price.min_answer, price.max_answer, price.thinking)
    return forms != (None, None, None, None)


def _is_dated(price: Price, at: float) -> bool:
    """Whether the day is within the price's; days are those of its hours, else those of UTC."""
    if price.since is None and price.until is None:
        return True
    zone = UTC if price.hours is None else parse_offset(price.hours.utc_offset)
    day: date = datetime.fromtimestamp(at, zone).date()
    return (price.since is None or price.since <= day) and (price.until is None or day < price.until)


def _tier(prices: list[Price], tokens: int) -> list[Price]:
    """The prices of the tightest tier that has room for a prompt of so many tokens."""
    fitting = [price for price in prices if price.max_input is None or tokens <= price.max_input]
    tightest = min((price.max_input for price in fitting if price.max_input is not None), default=None)
    return [price for price in fitting if price.max_input == tightest]


def _fits(price: Price, answer: int) -> bool:
    """Whether the price is for answers of that length."""
    return (price.min_answer or 0) <= answer and (price.max_answer is None or answer <= price.max_answer)


def _at_that_hour(prices: Iterable[Price], at: float, holidays: Holidays) -> tuple[Price, ...]:
    always: list[Price] = []
    named: list[tuple[Price, bool | None]] = []
    other: list[Price] = []
    for price in prices:
        if price.hours is None:
            always.append(price)
        elif price.hours.otherwise:
            other.append(price)
        else:
            named.append((price, price.hours.holds(at, holidays)))
    found = [price for price, holds in named if holds is not False]
    if not any(holds for _, holds in named):
        found += other
    return tuple(always + found)


def asks_for_holidays(prices: Iterable[Price]) -> bool:
    """Whether a holiday decides which of the prices holds."""
    return any(price.hours is not None and price.hours.except_holidays is not None for price in prices)


def _same(one: Price, other: Price) -> bool:
    """Whether two prices make the same bill."""
    return one.currency == other.currency and all(
        getattr(one, name) == getattr(other, name) for name in AMOUNTS
    )


def dearest(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The largest of the amounts that are known."""
    return max((amount for amount in amounts if amount is not None), default=None)
