"""Money through the public face: nothing goes out that could cost more than is allowed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import baimo
from baimo.errors import BudgetError, ConfigError, OverloadedError
from baimo.testing import Simulator, VirtualClock
from baimo.types.money import Money
from tests.client.observing import FLASH, GPT, Ask, Fates, Remembers, ask_async, ask_sync, pool

BOTH = pytest.mark.parametrize("ask", [ask_sync, ask_async], ids=["sync", "async"])
PRO = "deepseek/deepseek-v4-pro"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("deepseek", "openai") as made:
        yield made


def worst(sim: Simulator, model: str = FLASH, **options: Any) -> Decimal:
    with sim.client() as client:
        high = client.estimate(model, "Hi", **options).high
    assert high is not None
    return high.amount


@BOTH
@pytest.mark.parametrize("method", ["chat", "stream"])
def test_a_budget_that_a_call_could_break_stops_it_before_it_is_sent(
    ask: Ask, method: str, sim: Simulator
) -> None:
    budget = baimo.Budget(Money(worst(sim, max_tokens=100) * Decimal("1.5"), "CNY"), clock=sim.clock)
    first = ask(sim, method, FLASH, "Hi", max_tokens=100, client={"budget": budget})
    assert first.cost is not None and budget.spent == first.cost
    error = ask(sim, method, FLASH, "Hi", max_tokens=1000, client={"budget": budget})
    assert isinstance(error, BudgetError) and not error.sent
    assert error.left == budget.left and error.needed is not None
    assert len(sim.requests) == 1 and budget.spent == first.cost


def test_concurrent_calls_cannot_spend_the_same_money(sim: Simulator) -> None:
    budget = baimo.Budget(Money(worst(sim, max_tokens=100) * 3, "CNY"), clock=sim.clock)
    sim.timing(ttft=1.0)

    async def run() -> list[Any]:
        async with sim.async_client(budget=budget) as client:
            calls = [client.chat(FLASH, "Hi", max_tokens=100) for _ in range(10)]
            return await asyncio.gather(*calls, return_exceptions=True)

    found = asyncio.run(run())
    answered = [one for one in found if isinstance(one, baimo.ChatResponse)]
    assert len(answered) == 3 == len(sim.requests)
    assert all(isinstance(one, BudgetError) for one in found if one not in answered)
    assert budget.spent.amount == sum(one.cost.amount for one in answered if one.cost is not None)
    assert budget.left.amount == budget.amount.amount - budget.spent.amount


def test_threads_cannot_either(sim: Simulator) -> None:
    budget = baimo.Budget("1 CNY", clock=sim.clock)
    with sim.client(budget=budget) as client:

        def ask() -> None:
            for _ in range(10):
                client.chat(FLASH, "Hi", max_tokens=20)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (one,) = {client.chat(FLASH, "Hi", max_tokens=20).cost}
    assert one is not None and budget.spent.amount == one.amount * 81
    assert budget.left.amount == 1 - budget.spent.amount


@BOTH
def test_budgets_of_the_configuration_by_day_begin_anew(ask: Ask, sim: Simulator) -> None:
    amount = worst(sim, max_tokens=20)
    config = {**sim.config, "budgets": {"daily": {"amount": f"{amount} CNY", "per": "day"}}}
    with sim.client(config=config) as client:
        client.chat(FLASH, "Hi", max_tokens=20)
        with pytest.raises(BudgetError, match="the budget 'daily'"):
            client.chat(FLASH, "Hi", max_tokens=20)
        sim.clock.advance(86_400)
        client.chat(FLASH, "Hi", max_tokens=20)


def test_each_key_has_the_amount_for_itself(sim: Simulator) -> None:
    amount = worst(sim, max_tokens=20)
    budgets = {"team": {"amount": f"{amount} CNY", "keys": ["sk-*"]}}
    config = pool(sim, "deepseek", {"name": "sk-a"}, {"name": "sk-b"}, budgets=budgets)
    transport = Fates(sim, "deepseek", {})
    with baimo.Client(config=config, transport=transport, clock=sim.clock) as client:
        for _ in range(2):
            client.chat(FLASH, "Hi", max_tokens=20)
        with pytest.raises(BudgetError):
            client.chat(FLASH, "Hi", max_tokens=20)
    assert sorted(transport.asked) == ["sk-a", "sk-b"]


@BOTH
def test_embeddings_count_too(ask: Ask, sim: Simulator) -> None:
    model = "openai/text-embedding-3-small"
    budget = baimo.Budget("0.00001 USD", clock=sim.clock)
    answer = ask(sim, "embed", model, "Hello there", client={"budget": budget})
    assert answer.cost is not None and budget.spent == answer.cost
    error = ask(sim, "embed", model, "Hello there " * 500, client={"budget": budget})
    assert isinstance(error, BudgetError) and len(sim.requests) == 1


@BOTH
def test_at_most_picks_the_cheaper_fallback_and_says_so(ask: Ask, sim: Simulator) -> None:
    dear, cheap = worst(sim, PRO, max_tokens=500), worst(sim, FLASH, max_tokens=500)
    assert cheap < dear
    between = f"{(cheap + dear) / 2:.6f} CNY"
    answer = ask(sim, "chat", [PRO, FLASH], "Hi", max_tokens=500, at_most=between)
    assert answer.model == "deepseek-flash" and len(sim.requests) == 1
    (note,) = answer.notes
    assert note.code == "fell_back" and "budget" in note.message and PRO in note.message
    error = ask(sim, "chat", [PRO, FLASH], "Hi", max_tokens=500, at_most="0.0000001 CNY")
    assert isinstance(error, BudgetError) and len(error.earlier) == 1 and len(sim.requests) == 1


@BOTH
def test_at_most_needs_a_bounded_answer_and_a_known_rate(ask: Ask, sim: Simulator) -> None:
    facts = {**sim.config}
    facts["providers"]["mine"] = {
        "dialect": "openai_chat",
        "base_url": "http://mine.test/v1",
        "api_key": "sk-fake",
    }
    error = ask(sim, "chat", "mine/m", "Hi", at_most="1 CNY", client={"config": facts})
    assert isinstance(error, BudgetError) and "no price is known for mine/m" in error.message
    error = ask(sim, "chat", GPT, "Hi", max_tokens=10, at_most="1 CNY")
    assert isinstance(error, BudgetError) and "rates" in str(error)
    rated = {**sim.config, "money": {"rates": {"USD": "7.12 CNY"}}}
    assert ask(sim, "chat", GPT, "Hi", max_tokens=10, at_most="1 CNY", client={"config": rated}).text
    assert ask(sim, "chat", GPT, "Hi", max_tokens=10, budget="1 CNY", client={"config": rated}).text


@BOTH
def test_what_may_have_been_billed_counts(ask: Ask, sim: Simulator) -> None:
    amount = worst(sim, max_tokens=100)
    sim.fault("500", times=1)
    answer = ask(sim, "chat", FLASH, "Hi", max_tokens=100, at_most=f"{amount * Decimal('1.5')} CNY")
    assert answer.text, "a refusal costs nothing"
    sim.reset()
    sim.fault("cut_after@1", times=1)
    error = ask(sim, "chat", FLASH, "Hi", max_tokens=100, at_most=f"{amount * Decimal('1.5')} CNY")
    assert isinstance(error, BudgetError) and error.maybe_billed == 1 and len(error.earlier) == 1
    assert len(sim.requests) == 1
    sim.reset()
    sim.fault("cut_after@1", times=1)
    assert ask(sim, "chat", FLASH, "Hi", max_tokens=100, at_most=f"{amount * Decimal('2.5')} CNY").text


def test_a_call_that_is_left_counts_with_its_worst_case(sim: Simulator) -> None:
    amount = worst(sim, max_tokens=100)
    budget = baimo.Budget("1 CNY", clock=sim.clock)
    with sim.client(budget=budget) as client:
        with client.stream(FLASH, "Hi", max_tokens=100) as stream:
            next(stream)
        assert budget.spent.amount == amount
        client.stream(FLASH, "Hi", max_tokens=100).close()
        assert budget.spent.amount == amount, "nobody read it, so nothing was sent"
    assert budget.left.amount == 1 - amount


@BOTH
def test_a_repaired_call_costs_both_rounds_and_the_budget_knows(ask: Ask, sim: Simulator) -> None:
    budget = baimo.Budget("1 CNY", clock=sim.clock)
    options = {"response_format": "json_object", "validate": "repair", "max_tokens": 100}
    sim.reply("no JSON", '{"ok": true}')
    answer = ask(sim, "chat", FLASH, "Answer in JSON", client={"budget": budget}, **options)
    assert answer.text == '{"ok": true}' and [note.code for note in answer.notes] == ["repaired"]
    assert answer.cost is not None and answer.sent.attempts == 2
    assert budget.spent == answer.cost and budget.left.amount == 1 - answer.cost.amount
    sim.reply("still no JSON")
    error = ask(sim, "chat", FLASH, "Answer in JSON", client={"budget": budget}, **options)
    assert error.code == "answer_format" and error.response.cost is not None
    assert budget.spent.amount == answer.cost.amount + error.response.cost.amount


@BOTH
def test_the_cheapest_is_asked_first(ask: Ask, sim: Simulator) -> None:
    answer = ask(sim, "chat", [PRO, FLASH], "Hi", max_tokens=100, strategy="cheapest")
    assert answer.model == "deepseek-flash" and answer.notes == ()
    told = Remembers()
    sim.fault("503", times=1)
    answer = ask(
        sim, "chat", [PRO, FLASH], "Hi", max_tokens=100, strategy="cheapest", client={"observers": [told]}
    )
    assert answer.model == "deepseek-v4-pro" and told.one.decisions[0].standings[0]["cost"] > 0


@BOTH
@pytest.mark.parametrize(
    ("options", "known"),
    [
        ({"service_tier": "flex"}, False),
        ({"service_tier": "priority"}, False),
        ({"extra": {"service_tier": "flex"}}, False),
        ({"service_tier": "default"}, True),
        ({"service_tier": "auto"}, True),
        ({}, True),
    ],
)
@pytest.mark.parametrize("method", ["chat", "stream"])
def test_a_service_tier_of_unknown_price_has_no_cost(
    ask: Ask, method: str, options: dict[str, Any], known: bool, sim: Simulator
) -> None:
    for client in ({}, {"observers": [Remembers()]}):
        answer = ask(sim, method, GPT, "Hi", client=client, **options)
        assert (answer.cost is not None) is known
    if not known:
        error = ask(sim, method, GPT, "Hi", max_tokens=10, at_most="1 USD", **options)
        assert isinstance(error, BudgetError) and "service tier" in error.message


def test_a_tier_that_an_alias_asks_for_has_no_cost_either(sim: Simulator) -> None:
    config = {**sim.config, "models": {"slow": {"model": GPT, "extra": {"service_tier": "flex"}}}}
    with sim.client(config=config) as client:
        assert client.chat("slow", "Hi").cost is None
        assert client.chat("slow", "Hi", response_format="text").cost is None
        with pytest.raises(BudgetError, match="service tier 'flex'"):
            client.chat("slow", "Hi", max_tokens=10, at_most="1 USD")


NOON = 1_767_240_000.0  # the first of January 2026, noon in Beijing


def with_ledger(sim: Simulator, path: Path, **budget: Any) -> dict[str, Any]:
    return {**sim.config, "ledger": {"path": str(path)}, "budgets": {"daily": {"per": "day", **budget}}}


def test_a_day_begins_with_what_the_ledger_tells(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    with Simulator("deepseek", clock=VirtualClock(wall=NOON)) as sim:
        for _ in range(2):
            with sim.client(config=with_ledger(sim, path, amount="1 CNY")) as client:
                (budget,) = client._attached.budgets  # type: ignore[union-attr]
                before = budget.spent
                cost = client.chat(FLASH, "Hi", max_tokens=20).cost
                assert cost is not None and budget.spent.amount == before.amount + cost.amount
        assert before == cost
        with sim.client(config=with_ledger(sim, path, amount=f"{worst(sim, max_tokens=20)} CNY")) as client:
            with pytest.raises(BudgetError):
                client.chat(FLASH, "Hi", max_tokens=20)
            sim.clock.advance(12 * 3600)  # midnight
            client.chat(FLASH, "Hi", max_tokens=20)
    with Simulator("deepseek", clock=VirtualClock(wall=NOON + 86_400)) as sim:
        found = []
        for per in ("day", "month", "run"):
            with sim.client(config=with_ledger(sim, path, amount="1 CNY", per=per)) as client:
                (budget,) = client._attached.budgets  # type: ignore[union-attr]
                found.append(budget.spent.amount / cost.amount)
        assert found == [1, 3, 0]


def test_models_and_keys_of_the_ledger_count_where_the_budget_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    with Simulator("deepseek", clock=VirtualClock(wall=NOON)) as sim:
        amounts = {"amount": "1 CNY"}
        keyed = {"team": {**amounts, "keys": ["sk-*"]}, "pro": {**amounts, "models": ["*/deepseek-v4-pro"]}}
        config = pool(
            sim,
            "deepseek",
            {"name": "sk-a"},
            {"name": "sk-b", "weight": 0.0001},
            ledger={"path": str(path)},
            budgets=keyed,
        )
        spent: dict[str, Decimal] = {}
        for _ in range(2):
            transport = Fates(sim, "deepseek", {})
            with baimo.Client(config=config, transport=transport, clock=sim.clock) as client:
                team, pro = client._attached.budgets  # type: ignore[union-attr]
                wall = sim.clock.wall()
                for key, amount in spent.items():
                    assert team.spent_at(wall, key).amount == amount
                assert pro.spent.amount == 0
                for number in range(12):
                    cost = client.chat(FLASH, f"Hi {number}", max_tokens=20).cost
                    assert cost is not None
                    key = transport.asked[-1]
                    spent[key] = spent.get(key, Decimal(0)) + cost.amount


def test_a_ledger_that_cannot_be_compared_or_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "calls.db"
    with Simulator("deepseek", "openai", clock=VirtualClock(wall=NOON)) as sim:
        with sim.client(ledger=str(path)) as client:
            client.chat(GPT, "Hi")
        config = with_ledger(sim, path, amount="1 CNY")
        with pytest.raises(ConfigError, match=r"'daily' cannot begin with what the ledger tells.*USD"):
            sim.client(config=config)
        sim.client(config={**config, "money": {"rates": {"USD": "7 CNY"}}}).close()
        path.write_bytes(b"no database at all, but long enough to be looked at as one" * 30)
        with pytest.raises(ConfigError, match="damaged"):
            sim.client(config=config)


def test_a_failed_call_gives_back_what_was_set_aside(sim: Simulator) -> None:
    budget = baimo.Budget("1 CNY", clock=sim.clock)
    sim.fault("503")
    with sim.client(budget=budget, max_retries=0) as client, pytest.raises(OverloadedError):
        client.chat(FLASH, "Hi", max_tokens=20)
    assert budget.spent.amount == 0 and budget.left == budget.amount
