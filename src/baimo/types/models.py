"""What is known of a model: from a provider's own list, and from our dated facts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec


class Price(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Prices per million tokens in one currency, for prompts of up to `max_input` tokens.

    A model with tiers has several, cheapest prompt first; a price that is not known is None.
    """

    currency: str
    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None
    reasoning: Decimal | None = None
    audio_in: Decimal | None = None
    audio_out: Decimal | None = None
    image_in: Decimal | None = None
    batch_input: Decimal | None = None
    batch_output: Decimal | None = None
    max_input: int | None = None
    """The tier holds for prompts of up to so many tokens; None: for all."""
    when: str | None = None
    """The hours the price holds for, in the provider's words; None: always."""
    since: date | None = None
    until: date | None = None
    source: str | None = None
    checked: date | None = None


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One model of one provider. What no source tells is None."""

    id: str
    provider: str
    context: int | None = None
    """Tokens that prompt and answer may have together."""
    max_output: int | None = None
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()
    prices: tuple[Price, ...] = ()
    retired: date | None = None
    successor: str | None = None
    remark: str | None = None
    created: int | None = None
    owned_by: str | None = None
    source: str | None = None
    checked: date | None = None
