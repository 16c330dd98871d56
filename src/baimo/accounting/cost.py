"""The cost of one call: each class of its tokens at its own price."""

from __future__ import annotations

from decimal import Decimal

from baimo.types.models import Price
from baimo.types.money import Money
from baimo.types.usage import Usage

MILLION = Decimal(1_000_000)


def cost(usage: Usage, price: Price, *, batch: bool = False) -> Money | None:
    """What `usage` costs at `price`; None when a class that was used has no known price.

    Reasoning without a price of its own costs what output does, pictures in a prompt what input does. Where
    the provider tells how many tokens it bills, those are counted and no others.
    `batch` asks for the prices of batches, which have none for caches, pictures and sound.
    """
    if usage.input is None or usage.output is None:
        return None
    total: Decimal | int = 0
    for count, per_million in _batched(usage, price) if batch else _classes(usage, price):
        if not count:
            continue
        if per_million is None:
            return None
        total += count * per_million
    return Money(total / MILLION, price.currency)


def _classes(usage: Usage, price: Price) -> tuple[tuple[int | None, Decimal | None], ...]:
    if usage.billed_input is not None and usage.billed_output is not None:
        return ((usage.billed_input, price.input), (usage.billed_output, price.output))
    return (
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
    )


def _batched(usage: Usage, price: Price) -> tuple[tuple[int | None, Decimal | None], ...]:
    return (
        (usage.input_uncached, price.batch_input),
        (usage.output_visible, price.batch_output),
        (usage.reasoning, price.batch_output),
        *(
            (getattr(usage, name), None)
            for name in (
                "cache_read",
                "cache_write_5m",
                "cache_write_1h",
                "audio_in",
                "audio_out",
                "image_in",
                "image_out",
            )
        ),
    )
