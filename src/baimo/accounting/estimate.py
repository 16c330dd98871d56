"""What a call may cost, before it is made: from the prompt's size, the longest answer and the prices.

Nothing here promises less than may come: the worst case takes the dearest price that may hold, a prompt half
as long again as it is likely to be, and an answer of full length. What cannot be bounded has no worst case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from baimo.dialect.estimate import likely_tokens, prompt_size
from baimo.dialect.jsontext import encode
from baimo.errors import ConfigError
from baimo.types.chat import USUAL_TIERS, ChatRequest
from baimo.types.content import Part, Refusal, Text, Thinking, ToolCall, ToolResult
from baimo.types.hours import NO_HOLIDAYS, Holidays
from baimo.types.models import ModelInfo, Price
from baimo.types.money import Money
from baimo.types.tools import CustomTool, FunctionTool

from .cost import MILLION
from .prices import asks_for_holidays, dearest, possible_prices, price_at

PROMPT_MARGIN = 2
"""A half of the likely tokens is put on top: code and JSON have more tokens than prose of the same length."""
SMALLEST_MARGIN = 32
_SOON_S = 600.0
"""A call that begins now may be billed by the hour that begins within so many seconds."""

_LIMITS = ("max_completion_tokens", "max_tokens")
"""What `extra` may lay over the request's own limit."""
_WORDS = (Text, Thinking, Refusal, ToolCall, ToolResult)
_KINDS = {"Image": "a picture", "Audio": "sound", "Video": "a film", "File": "a file"}


class Priced(Protocol):
    """What must be known of a deployment: its name and its dated facts."""

    @property
    def name(self) -> str:
        """provider/model."""

    @property
    def facts(self) -> Callable[[], ModelInfo | None] | None:
        """Reads what is known of the model."""

    @property
    def holidays(self) -> Callable[[], Holidays] | None:
        """Reads the days off."""

    @property
    def extra(self) -> Any:
        """What is merged into every body."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What one request may cost at one model. `high` is None where it cannot be bounded; `why` says why."""

    model: str
    low: Money | None
    """The prompt alone, as short and as cheap as it can be."""
    high: Money | None
    """The worst case; another attempt, where the first may have been billed, can cost as much again."""
    input_tokens: int
    """What the prompt is likely to have."""
    most_input_tokens: int
    """What `high` counts with."""
    output_tokens: int | None
    """The longest answer that `high` counts with: all choices together."""
    price: Price | None
    """The price that holds now for a prompt of that size, where it is known."""
    currency: str | None
    why: str | None = None


def estimate_chat(
    route: Sequence[Sequence[Priced]],
    request: ChatRequest,
    *,
    wall: float,
    holidays: Holidays | None = None,
) -> Estimate:
    """What the request may cost at the first model of a route, were it sent now. Raises ConfigError."""
    if not route or not route[0]:
        raise ConfigError("the route names no model")
    return estimate(route[0][0], request, wall=wall, holidays=holidays)


def worst_case(
    at: Priced, request: ChatRequest, *, wall: float, holidays: Holidays | None = None
) -> Money | None:
    """The most that the request can cost at a deployment; None where that is not known.

    `estimate(…).why` says why.
    """
    return estimate(at, request, wall=wall, holidays=holidays).high


def estimate(at: Priced, request: ChatRequest, *, wall: float, holidays: Holidays | None = None) -> Estimate:
    """What the request may cost at one deployment, were it sent now."""
    facts = at.facts() if at.facts is not None else None
    prices = facts.prices if facts is not None else ()
    if holidays is None:
        holidays = at.holidays() if at.holidays is not None and asks_for_holidays(prices) else NO_HOLIDAYS
    size = prompt_size(request)
    likely = size.likely + _beside_messages(request)
    most_in = with_margin(likely)
    most_out = _longest_answer(at, request, facts)
    now = price_at(prices, input_tokens=likely, at=wall, holidays=holidays)
    candidates = [
        price
        for moment in (wall, wall + _SOON_S)
        for tokens in _bounds(prices, size.least, most_in)
        for price in possible_prices(prices, input_tokens=tokens, at=moment, holidays=holidays)
    ]
    currency = candidates[0].currency if candidates else None
    high, why = _high(at, request, candidates, most_in, most_out)
    return Estimate(
        model=at.name,
        low=_low(candidates, size.least),
        high=high,
        input_tokens=likely,
        most_input_tokens=most_in,
        output_tokens=most_out,
        price=now,
        currency=currency,
        why=why,
    )


def _bounds(prices: Sequence[Price], least: int, most: int) -> list[int]:
    """Lengths of the prompt of which each tier that it may fall into has one."""
    return [
        *{
            price.max_input
            for price in prices
            if price.max_input is not None and least <= price.max_input < most
        },
        most,
    ]


def _high(
    at: Priced, request: ChatRequest, candidates: Sequence[Price], most_in: int, most_out: int | None
) -> tuple[Money | None, str | None]:
    """The worst case, or why there is none."""
    odd = _unbounded(at, request)
    if odd is not None:
        return None, odd
    if not candidates:
        return None, f"no price is known for {at.name}"
    if most_out is None:
        return None, f"how long an answer of {at.name} may be is not known: give max_tokens"
    costs: list[Decimal] = []
    for price in candidates:
        read = _price_of_prompt(price, request)
        made = dearest((price.output, price.reasoning)) if price.output is not None else None
        if read is None or made is None:
            return None, f"not every price is known for {at.name}"
        costs.append(most_in * read + most_out * made)
    return Money(max(costs) / MILLION, candidates[0].currency), None


def _low(candidates: Sequence[Price], least: int) -> Money | None:
    """The least: the shortest that the prompt may be, read from a cache, and no answer."""
    cheapest: list[Decimal] = []
    for price in candidates:
        if price.input is None:
            return None
        cheapest.append(price.input if price.cache_read is None else min(price.input, price.cache_read))
    return Money(least * min(cheapest) / MILLION, candidates[0].currency) if cheapest else None


def _price_of_prompt(price: Price, request: ChatRequest) -> Decimal | None:
    """The dearest class that the prompt may be in: not cached, or written into a cache it asks for."""
    if price.input is None or not _marks_cache(request):
        return price.input
    return dearest((price.input, price.cache_write_5m, price.cache_write_1h))


def _marks_cache(request: ChatRequest) -> bool:
    return any(part.cache is not None for message in request.messages for part in message.content) or any(
        isinstance(tool, FunctionTool) and tool.cache is not None for tool in request.tools
    )


def _longest_answer(at: Priced, request: ChatRequest, facts: ModelInfo | None) -> int | None:
    """The tokens of all choices at full length, thinking that has a budget of its own included."""
    given = {**at.extra, **request.extra}
    most = max(
        (given[name] for name in _LIMITS if isinstance(given.get(name), int)), default=request.max_tokens
    )
    if most is None and facts is not None:
        most = facts.max_output
    if most is None:
        return None
    if request.reasoning is not None:
        most += request.reasoning.budget or 0
    if request.prediction is not None:  # its words are billed as made where they turn out wrong
        most += with_margin(likely_tokens(request.prediction))
    choices = given.get("n", request.n)
    return most * (choices if isinstance(choices, int) else 1)


def with_margin(likely: int) -> int:
    """The likely tokens with what they may be wrong by."""
    return likely + max(likely // PROMPT_MARGIN, SMALLEST_MARGIN)


def _beside_messages(request: ChatRequest) -> int:
    """Tokens of what is told to the model outside of messages and functions."""
    texts = [tool.description or "" for tool in request.tools if isinstance(tool, CustomTool)]
    texts += [tool.grammar or "" for tool in request.tools if isinstance(tool, CustomTool)]
    if request.response_format is not None and request.response_format.schema is not None:
        texts.append(encode(request.response_format.schema))
    return sum(map(likely_tokens, texts))


def _unbounded(at: Priced, request: ChatRequest) -> str | None:
    """What in the request costs something that nobody can tell before."""
    for part in _parts(part for message in request.messages for part in message.content):
        if not isinstance(part, _WORDS):
            kind = _KINDS.get(type(part).__name__, f"a part of the kind {type(part).__name__}")
            return f"how many tokens {kind} has is not known before"
    if any(not isinstance(tool, FunctionTool | CustomTool) for tool in request.tools):
        return "what a tool of the provider costs is not known"
    if request.audio is not None or "audio" in request.modalities or "image" in request.modalities:
        return "how many tokens a spoken or drawn answer has is not known before"
    tier = {**at.extra, **request.extra}.get("service_tier", request.service_tier)
    if tier not in USUAL_TIERS:
        return f"the prices of the service tier {tier!r} are not known"
    return None


def _parts(parts: Iterable[Part]) -> Iterable[Any]:
    for part in parts:
        yield part
        if isinstance(part, ToolResult):
            yield from part.content
