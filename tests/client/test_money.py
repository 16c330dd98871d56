"""Costs, estimates and balances end to end: against the simulator, by a clock that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

import baimo
from baimo.catalogue import load
from baimo.client.answer import priced
from baimo.errors import AuthError, ConfigError
from baimo.testing import Simulator, VirtualClock
from baimo.types.hours import Holidays
from baimo.types.models import ModelInfo, Price
from baimo.types.money import Money
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.scripted import Script, deployment

BEIJING = timezone(timedelta(hours=8))
PEAK = datetime(2026, 11, 27, 10, tzinfo=BEIJING).timestamp()
NIGHT = datetime(2026, 11, 27, 23, tzinfo=BEIJING).timestamp()
MODEL = "deepseek/deepseek-flash"


@pytest.fixture(params=[PEAK, NIGHT], ids=["peak", "night"])
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator("deepseek", clock=VirtualClock(wall=request.param)) as sim:
        yield sim


def due(usage: Usage, wall: float) -> Decimal:
    """The bill by the price page: half of it outside of the peak."""
    times = 2 if PEAK <= wall < PEAK + 3600 else 1
    read = (usage.input_uncached or 0) * Decimal(1) + (usage.cache_read or 0) * Decimal("0.02")
    return times * (read + (usage.output or 0) * 4) / 1_000_000


def test_a_call_costs_what_the_hour_asks_for(simulator: Simulator) -> None:
    simulator.reply("Good morning.")
    begun = simulator.clock.wall()
    with simulator.client() as client:
        whole = client.chat(MODEL, "Hello there", reasoning=False)
        with client.stream(MODEL, "Hello there", reasoning=False) as stream:
            assert "".join(stream.text) == "Good morning."
    for response in (whole, stream.response):
        assert response.usage.output
        assert response.cost == Money(due(response.usage, begun), "CNY")

    async def asked() -> Any:
        async with simulator.async_client() as client:
            return await client.chat(MODEL, "Hello there", reasoning=False)

    assert asyncio.run(asked()).cost == whole.cost


def test_an_estimate_bounds_what_the_call_then_costs(simulator: Simulator) -> None:
    with simulator.client() as client:
        found = client.estimate(MODEL, "Tell me of money, please.", max_tokens=200)
        cost = client.chat(MODEL, "Tell me of money, please.", max_tokens=200).cost
    assert found.high is not None and found.low is not None and cost is not None
    assert found.low.amount <= cost.amount <= found.high.amount
    assert (found.model, found.currency, found.output_tokens) == (MODEL, "CNY", 200)


def test_an_estimate_sends_nothing_and_takes_the_first_model_of_a_list() -> None:
    with Simulator("deepseek", "openai") as sim, sim.client() as client:
        found = client.estimate([MODEL, "openai/gpt-5"], "Hi")
        assert found.model == MODEL and found.high is not None
        assert sim.requests == ()


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_balance_is_asked_for(kind: str) -> None:
    with Simulator("deepseek") as sim:
        if kind == "sync":
            with sim.client() as client:
                found = client.balance("deepseek")
        else:

            async def asked() -> Any:
                async with sim.async_client() as client:
                    return await client.balance("deepseek")

            found = asyncio.run(asked())
    assert str(found) == "88 CNY"
    assert [str(one) for one in (*found.granted, *found.topped_up)] == ["8 CNY", "80 CNY"]
    assert found.available is True


def test_a_balance_needs_the_right_key_and_a_provider_that_tells_it() -> None:
    with Simulator("deepseek", "openai") as sim:
        with sim.client() as client, pytest.raises(ConfigError, match="documents no way"):
            client.balance("openai")
        sim.refuse("wrong_secret", times=1)
        with sim.client() as client, pytest.raises(AuthError):
            client.balance("deepseek")


FLASH = load.model("deepseek", "deepseek-flash")
SOME = Usage(input_uncached=1_000_000, output_visible=0)


def test_a_price_that_an_unknown_holiday_decides_is_not_told() -> None:
    next_year = datetime(2027, 1, 4, 10, tzinfo=BEIJING).timestamp()
    at = deployment(facts=lambda: FLASH, holidays=load.holidays)
    assert priced(at, SOME, next_year) is None
    assert priced(at, SOME, next_year + 3 * 3600) == Money(Decimal(1), "CNY")
    named = Holidays(years={"CN": frozenset({2027})}, further=frozenset({date(2027, 1, 4)}))
    assert priced(replace(at, holidays=lambda: named), SOME, next_year) == Money(Decimal(1), "CNY")
    assert priced(replace(at, holidays=None), SOME, PEAK) is None


def test_reasoning_in_the_usage_tells_whether_it_thought() -> None:
    prices = tuple(
        Price(currency="CNY", input=Decimal(1), output=Decimal(amount), thinking=thinking)
        for thinking, amount in ((True, 8), (False, 2))
    )
    at = deployment(facts=lambda: ModelInfo(id="m", provider="acme", prices=prices))
    usage = Usage(input_uncached=0, output_visible=1_000_000)
    assert priced(at, usage, PEAK) is None
    assert priced(at, replace(usage, reasoning=0), PEAK) == Money(Decimal(2), "CNY")
    assert priced(at, usage, PEAK, thinking=True) == Money(Decimal(8), "CNY")


def test_vectors_cost_what_was_read() -> None:
    with Simulator("openai") as sim, sim.client() as client:
        response = client.embed("openai/text-embedding-3-small", ["Hello there"])
    assert response.usage.input
    assert response.cost is not None and response.cost.currency == "USD"
    assert response.cost.amount > 0


def test_a_provider_of_one_s_own_may_say_where_its_balance_is_told() -> None:
    places = {"path": "/account", "amount": "/data/left", "source": "our wiki", "checked": "2026-11-28"}
    row = {
        "dialect": "openai_chat",
        "base_url": "https://llm.acme.test/v1",
        "api_key": "fake-key-0123456789",
        "currency": "CNY",
        "balance": places,
    }
    script = Script((WireHead(200), [b'{"data": {"left": "12.5"}}']))
    with baimo.Client(config={"providers": {"acme": row}}, transport=script) as client:
        assert str(client.balance("acme")) == "12.5 CNY"
    assert script.sent[0].target == b"/v1/account"
    wrong = {**row, "balance": {**places, "amount": "data"}}
    with pytest.raises(ConfigError, match="begins with /"):
        baimo.Client(config={"providers": {"acme": wrong}})
