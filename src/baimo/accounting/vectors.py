"""What embeddings may cost before they are asked for: likely tokens with a margin, at the dearest price."""

from __future__ import annotations

from baimo.dialect.estimate import likely_tokens
from baimo.types.embeddings import EmbedRequest
from baimo.types.hours import NO_HOLIDAYS
from baimo.types.money import Money

from .cost import MILLION
from .estimate import Estimate, Priced, with_margin
from .prices import asks_for_holidays, dearest, possible_prices


def estimate_vectors(at: Priced, request: EmbedRequest, *, wall: float) -> Estimate:
    """What the vectors of a request may cost at one deployment, were it sent now."""
    facts = at.facts() if at.facts is not None else None
    prices = facts.prices if facts is not None else ()
    holidays = at.holidays() if at.holidays is not None and asks_for_holidays(prices) else NO_HOLIDAYS
    likely = sum([likely_tokens(one) if isinstance(one, str) else len(one) for one in request.inputs])
    most = with_margin(likely)
    candidates = possible_prices(prices, input_tokens=most, at=wall, holidays=holidays)
    is_known = candidates and all(one.input is not None for one in candidates)
    price = dearest([one.input for one in candidates]) if is_known else None
    return Estimate(
        model=at.name,
        low=None,
        high=None if price is None else Money(most * price / MILLION, candidates[0].currency),
        input_tokens=likely,
        most_input_tokens=most,
        output_tokens=0,
        price=candidates[0] if len(candidates) == 1 else None,
        currency=candidates[0].currency if candidates else None,
        why=f"no price is known for {at.name}" if price is None else None,
    )
