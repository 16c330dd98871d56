"""The cost of one call, from its usage and the model's dated prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from baimo.types.models import Price
from baimo.types.money import Money
from baimo.types.usage import Usage

_MILLION = Decimal(1_000_000)


def price_for(prices: tuple[Price, ...], *, input_tokens: int, day: date) -> Price | None:
    """The price that holds on `day` for a prompt of that length; None where it is not known."""
    valid = [
        price
        for price in prices
        if (price.since is None or price.since <= day)
        and (price.until is None or day < price.until)
        and (price.max_input is None or input_tokens <= price.max_input)
    ]
    if not valid:
        return None
    tightest = min(price.max_input if price.max_input is not None else 1 << 62 for price in valid)
    same_tier = [p for p in valid if (p.max_input if p.max_input is not None else 1 << 62) == tightest]
    if any(price.when is not None for price in same_tier):
        return None  # depends on the hour in the provider's words: not known here
    return same_tier[0]


def cost(usage: Usage, price: Price) -> Money | None:
    """What `usage` costs at `price`; None when a class that was used has no known price."""
    if usage.input is None or usage.output is None:
        return None
    total = Decimal(0)
    for count, per_million in (
        (usage.input_uncached, price.input),
        (usage.cache_read, price.cache_read),
        (usage.cache_write_5m, price.cache_write_5m),
        (usage.cache_write_1h, price.cache_write_1h),
        (usage.output_visible, price.output),
        (usage.reasoning, price.reasoning if price.reasoning is not None else price.output),
        (usage.audio_in, price.audio_in),
        (usage.audio_out, price.audio_out),
        (usage.image_in, price.image_in if price.image_in is not None else price.input),
        (usage.image_out, None),
    ):
        if not count:
            continue
        if per_million is None:
            return None
        total += count * per_million
    return Money(total / _MILLION, price.currency)
