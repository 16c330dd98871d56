"""What embeddings may cost, before they are asked for."""

from __future__ import annotations

from decimal import Decimal

from baimo.accounting.vectors import estimate_vectors
from baimo.types.embeddings import EmbedRequest
from baimo.types.hours import NO_HOLIDAYS
from baimo.types.models import ModelInfo, Price
from baimo.types.money import Money
from tests.scripted import deployment

REQUEST = EmbedRequest(model="", inputs=("a text " * 100, "another"))
IDS = EmbedRequest(model="", inputs=((1, 2, 3), (4, 5)))
ONE = Price(currency="CNY", input=Decimal("0.7"))


def facts(*prices: Price) -> ModelInfo:
    return ModelInfo(id="m", provider="acme", prices=prices)


def test_the_worst_case_is_the_likely_prompt_with_a_margin() -> None:
    found = estimate_vectors(deployment(facts=lambda: facts(ONE)), REQUEST, wall=0.0)
    assert found.most_input_tokens >= found.input_tokens * 3 // 2 and found.output_tokens == 0
    assert found.high == Money(found.most_input_tokens * Decimal("0.7") / 1_000_000, "CNY")
    assert (found.model, found.currency, found.price) == ("acme/m", "CNY", ONE)
    assert found.why is None


def test_token_ids_are_counted_as_they_are() -> None:
    assert estimate_vectors(deployment(facts=lambda: facts(ONE)), IDS, wall=0.0).input_tokens == 5


def test_without_a_known_price_there_is_no_worst_case() -> None:
    for at in (
        deployment(),
        deployment(facts=lambda: None),
        deployment(facts=facts),
        deployment(facts=lambda: facts(Price(currency="CNY"))),
    ):
        found = estimate_vectors(at, REQUEST, wall=0.0)
        assert found.high is None and found.why == "no price is known for acme/m"


def test_of_prices_that_may_hold_the_dearest_counts() -> None:
    prices = (
        Price(currency="CNY", input=Decimal(1), max_input=10),
        Price(currency="CNY", input=Decimal(3), thinking=True),
        Price(currency="CNY", input=Decimal(2), thinking=False),
    )
    found = estimate_vectors(
        deployment(facts=lambda: facts(*prices), holidays=lambda: NO_HOLIDAYS), REQUEST, wall=0.0
    )
    assert found.high == Money(found.most_input_tokens * Decimal(3) / 1_000_000, "CNY")
    assert found.price is None
