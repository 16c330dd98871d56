"""From the end of a call to what its caller gets: outcome and fold, laid together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from msgspec import Raw
from msgspec.structs import replace

from baimo.errors import Error, StreamInterrupted
from baimo.exchange import Deployment, Outcome
from baimo.types.chat import USUAL_TIERS, ChatResponse
from baimo.types.counting import TokenCount
from baimo.types.embeddings import EmbedResponse
from baimo.types.fold import Folder
from baimo.types.hours import NO_HOLIDAYS
from baimo.types.money import Money
from baimo.types.rerank import RerankResponse
from baimo.types.usage import Usage


class Driven(Protocol):
    """A call that was driven to its end, by either driver."""

    outcome: Outcome | None
    raw: list[bytes]

    def wall(self) -> float:
        """The time by the client's clock, in Unix seconds."""


def chat_response(
    folder: Folder, driven: Driven, *, keep_raw: bool, streamed: bool, tier: str | None = None
) -> ChatResponse:
    """The whole answer of a call that ended well."""
    outcome = driven.outcome
    assert outcome is not None  # a call that ended well has an outcome
    kept: Raw | bytes | None = None
    if keep_raw:
        kept = b"".join(driven.raw)
        if not streamed:
            kept = Raw(kept.strip())
    return folded_response(folder, outcome, driven.wall, raw=kept, tier=tier)


def folded_response(
    folder: Folder,
    outcome: Outcome,
    wall: Callable[[], float],
    raw: Raw | bytes | None = None,
    tier: str | None = None,
) -> ChatResponse:
    """What the events of a call that ended well add up to, with its cost at the prices of that time.

    `tier` is what was asked for.
    """
    at = outcome.at
    response = folder.response(
        model=at.model,
        provider=at.provider,
        notes=outcome.notes,
        request_id=outcome.request_id,
        sent=None if outcome.cached else outcome.sent,
        raw=raw,
    )
    if at.extra:
        tier = at.extra.get("service_tier", tier)
    if at.facts is None or tier not in USUAL_TIERS:
        return response
    cost = priced(at, response.usage, wall(), thinking=True if response.thinking else None)
    if cost is not None and outcome.cached:
        cost = replace(cost, amount=cost.amount * 0)  # nothing was sent
    return response if cost is None else replace(response, cost=cost)


def embed_response(given: EmbedResponse, driven: Driven) -> EmbedResponse:
    """The vectors, with what is known of the call."""
    outcome = driven.outcome
    assert outcome is not None
    at = outcome.at
    usage = given.usage
    if usage.output is None:
        usage = replace(usage, output_visible=0)  # vectors are not billed
    return replace(
        given,
        provider=at.provider,
        model=given.model or at.model,
        notes=given.notes + outcome.notes,
        request_id=given.request_id or outcome.request_id,
        sent=outcome.sent,
        cost=priced(at, usage, driven.wall()),
    )


def rerank_response(given: RerankResponse, driven: Driven) -> RerankResponse:
    """The ranks, with what is known of the call."""
    outcome = driven.outcome
    assert outcome is not None
    at = outcome.at
    return replace(
        given,
        provider=at.provider,
        model=given.model or at.model,
        notes=given.notes + outcome.notes,
        request_id=given.request_id or outcome.request_id,
        sent=outcome.sent,
        cost=priced(at, replace(given.usage, output_visible=0), driven.wall()),
    )


def token_count(given: TokenCount, driven: Driven) -> TokenCount:
    """The count, with what is known of the call."""
    outcome = driven.outcome
    assert outcome is not None
    return replace(
        given,
        provider=outcome.at.provider,
        model=given.model or outcome.at.model,
        notes=given.notes + outcome.notes,
        request_id=given.request_id or outcome.request_id,
        sent=outcome.sent,
    )


def priced(at: Deployment, usage: Usage, wall: float, *, thinking: bool | None = None) -> Money | None:
    """What a call that ended at `wall` costs at a deployment, where both price and usage are known."""
    if at.facts is None or usage.input is None:
        return None
    facts = at.facts()
    if facts is None or not facts.prices:
        return None
    from baimo.accounting.cost import cost
    from baimo.accounting.prices import asks_for_holidays, price_at

    if thinking is None and usage.reasoning is not None:
        thinking = usage.reasoning > 0
    price = price_at(
        facts.prices,
        input_tokens=usage.input,
        at=wall,
        holidays=at.holidays() if at.holidays and asks_for_holidays(facts.prices) else NO_HOLIDAYS,
        output_tokens=usage.output,
        thinking=thinking,
    )
    return None if price is None else cost(usage, price)


def with_partial(error: Error, folder: Folder, **facts: Any) -> Error:
    """The error of a broken stream, given what came before it broke."""
    if isinstance(error, StreamInterrupted) and error.partial is None:
        ended: Any = error.ended
        error.partial = folder.response(
            ended=ended, provider=error.provider, request_id=error.request_id, **facts
        )
    return error
