"""What is known of a model: from a provider's own list, and from our dated facts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from .hours import Hours


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
    min_answer: int | None = None
    max_answer: int | None = None
    """The price holds for answers of at least and at the most so many tokens; None: for all."""
    thinking: bool | None = None
    """The price of calls that think, or of those that do not; None: of both."""
    hours: Hours | None = None
    """When the price holds; None: always."""
    when: str | None = None
    """Lengths of answers, `thinking` or `hours` in the provider's words. Words alone cannot be decided."""
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
    capabilities: tuple[str, ...] = ()
    """In the provider's words: completion, tools, thinking, vision, embedding, insert, …"""
    size: int | None = None
    """Bytes on the server's disk, where it tells."""
    parameters: str | None = None
    """How many weights, as the provider writes it: `8.2B`."""
    quantization: str | None = None
    prices: tuple[Price, ...] = ()
    retired: date | None = None
    successor: str | None = None
    remark: str | None = None
    created: int | None = None
    owned_by: str | None = None
    source: str | None = None
    checked: date | None = None


class PullProgress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a server stands in fetching a model. The last one has the status `success`."""

    status: str
    """In the server's words."""
    digest: str | None = None
    """The layer that is under way."""
    completed: int | None = None
    """Bytes of the layer that are there."""
    total: int | None = None
    """Bytes of the layer in all."""
