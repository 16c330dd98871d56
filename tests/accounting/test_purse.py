"""The purse of one call: nothing is sent that could cost more than is left, whatever happened before."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from baimo.accounting.budgets import BudgetBook
from baimo.accounting.purse import CallPurse
from baimo.accounting.rates import read_rates
from baimo.errors import BudgetError
from baimo.exchange import Deployment
from baimo.rules import Purse
from baimo.types.embeddings import EmbedRequest
from baimo.types.models import ModelInfo, Price
from baimo.types.money import Money
from tests.scripted import chat_request, deployment

WALL = 1_790_000_000.0


def priced(amount: int, currency: str = "CNY", **more: Any) -> Deployment:
    """A deployment where a request of these tests costs so much at the most."""
    price = Price(currency=currency, input=Decimal(0), output=Decimal(amount) * 1_000_000)
    facts = ModelInfo(id="m", provider="acme", max_output=1, prices=(price,))
    return deployment(facts=lambda: facts, **more)


def cny(amount: int | str) -> Money:
    return Money(Decimal(amount), "CNY")


def test_a_call_spends_no_more_than_at_most_over_all_its_attempts() -> None:
    purse: Purse = CallPurse(chat_request(), at_most=cny(5))
    at = priced(2)
    for _ in range(2):
        purse.check(at, WALL)
        purse.take(at, WALL)
        purse.failed(billed=True)
    with pytest.raises(BudgetError, match="'at_most' has 1 CNY left"):
        purse.check(at, WALL)
    purse.check(priced(1), WALL)


def test_what_was_surely_not_billed_is_given_back() -> None:
    purse = CallPurse(chat_request(), at_most=cny(2))
    at = priced(2)
    for _ in range(3):
        purse.take(at, WALL)
        purse.failed(billed=False)
    purse.take(at, WALL)
    with pytest.raises(BudgetError):
        purse.check(at, WALL)


def test_budgets_that_count_the_call_are_asked_and_settled_with_the_cost() -> None:
    counted, other = (
        BudgetBook("3 CNY", models=("acme/*",), keys=("a",)),
        BudgetBook("0 CNY", models=("b/*",)),
    )
    purse = CallPurse(chat_request(), budgets=(counted, other))
    at = priced(2, key="a")
    purse.check(at, WALL)
    purse.take(at, WALL)
    assert counted.left_at(WALL, "a") == cny(1)
    purse.close(cny("0.5"))
    purse.close(None)
    assert (counted.spent_at(WALL), counted.left_at(WALL, "a")) == (cny("0.5"), cny("2.5"))
    assert other.spent_at(WALL) == cny(0)


def test_where_nothing_counts_a_call_its_cost_need_not_be_known() -> None:
    purse = CallPurse(chat_request(), budgets=(BudgetBook("1 CNY", models=("b/*",)),))
    purse.check(deployment(), WALL)
    purse.take(deployment(), WALL)
    purse.close(None)
    bounded = CallPurse(chat_request(), at_most=cny(1))
    for ask in (bounded.check, bounded.take):
        with pytest.raises(BudgetError, match="no price is known for acme/m"):
            ask(deployment(), WALL)


def test_a_call_whose_end_nobody_saw_counts_with_all_that_was_set_aside() -> None:
    book = BudgetBook("10 CNY")
    purse = CallPurse(chat_request(), budgets=(book,))
    purse.take(priced(2), WALL)
    purse.take(priced(3), WALL)
    purse.close(None)
    assert book.spent_at(WALL) == cny(5)


def test_costs_compare_in_one_currency() -> None:
    rates = read_rates({"USD": "7 CNY"})
    purse = CallPurse(chat_request(), at_most=cny(100), rates=rates)
    assert purse.cost(priced(2, "USD"), WALL) == 14.0
    assert purse.cost(priced(2, "JPY"), WALL) is None
    assert purse.cost(deployment(), WALL) is None
    free = CallPurse(chat_request(), rates=rates)
    assert free.cost(priced(2, "USD"), WALL) == 2.0
    assert free.cost(priced(7), WALL) == 1.0


def test_the_estimate_is_made_once_for_a_place_and_a_moment() -> None:
    asked: list[int] = []
    facts = ModelInfo(id="m", provider="acme")
    at = deployment(facts=lambda: asked.append(1) or facts)  # type: ignore[func-returns-value]
    purse = CallPurse(chat_request())
    for moment in (WALL, WALL, WALL + 1):
        assert purse.cost(at, moment) is None
    assert len(asked) == 2


def test_a_call_that_asks_once_more_costs_what_both_answers_cost_and_is_counted_once() -> None:
    book = BudgetBook("10 CNY")
    purse = CallPurse(chat_request(), at_most=cny(5), budgets=(book,))
    at = priced(2)
    purse.take(at, WALL)
    purse.take(at, WALL)
    assert book.left_at(WALL) == cny(6)
    purse.close(cny(1))
    assert (book.spent_at(WALL), book.left_at(WALL)) == (cny(1), cny(9))
    purse.close(cny(1))
    assert book.spent_at(WALL) == cny(1)


def test_where_the_second_answer_fails_the_first_is_what_it_cost() -> None:
    book = BudgetBook("10 CNY")
    purse = CallPurse(chat_request(), budgets=(book,))
    purse.take(priced(2), WALL)
    purse.take(priced(2), WALL)
    purse.failed(billed=False)
    purse.close(cny("0.5"))
    assert (book.spent_at(WALL), book.left_at(WALL)) == (cny("0.5"), cny("9.5"))


def test_embeddings_are_bounded_too() -> None:
    price = Price(currency="CNY", input=Decimal(1_000_000))
    at = deployment(facts=lambda: ModelInfo(id="m", provider="acme", prices=(price,)))
    purse = CallPurse(EmbedRequest(model="", inputs=((1, 2, 3),)), budgets=(BudgetBook("34 CNY"),))
    with pytest.raises(BudgetError):
        purse.check(at, WALL)
    CallPurse(EmbedRequest(model="", inputs=((1, 2, 3),)), budgets=(BudgetBook("35 CNY"),)).check(at, WALL)
