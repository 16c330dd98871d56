"""What a call may cost before it is made: never less than it can, and nothing where that is not known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from baimo.accounting.cost import cost
from baimo.accounting.estimate import estimate, estimate_chat, worst_case
from baimo.accounting.prices import price_at
from baimo.errors import ConfigError
from baimo.types.chat import AudioOutput, ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import Audio, Cache, File, Image, Opaque, Part, Replay, Text, ToolResult, Video
from baimo.types.hours import Holidays, Hours
from baimo.types.models import ModelInfo, Price
from baimo.types.money import Money
from baimo.types.tools import CustomTool, FunctionTool, ServerTool
from baimo.types.usage import Usage
from tests.scripted import deployment

BEIJING = timezone(timedelta(hours=8))
NOON = datetime(2026, 11, 27, 12, 30, tzinfo=BEIJING).timestamp()
PLAIN = Price(
    currency="CNY", input=Decimal(1_000_000), output=Decimal(2_000_000), cache_read=Decimal(100_000)
)
"""One CNY a token read, two a token made."""
PEAK = Hours(spans=((time(9), time(12)), (time(14), time(18))), utc_offset="+08:00", except_holidays="CN")
HOLIDAYS = Holidays(days={"CN": frozenset({date(2026, 10, 1)})}, years={"CN": frozenset({2026})})


def facts(*prices: Price, max_output: int | None = None) -> Callable[[], ModelInfo]:
    return lambda: ModelInfo(id="m", provider="acme", max_output=max_output, prices=prices)


def ask(*parts: Part, **more: Any) -> ChatRequest:
    content = parts or (Text(text="x" * 400),)
    return ChatRequest(model="m", messages=(Message(role=Role.USER, content=content),), **more)


def test_the_worst_case_is_a_longer_prompt_and_the_longest_answer() -> None:
    found = estimate(deployment(facts=facts(PLAIN)), ask(max_tokens=50), wall=NOON)
    assert found.input_tokens == 108
    assert found.most_input_tokens == 108 + 54
    assert found.output_tokens == 50
    assert found.high == Money(Decimal(162 + 100), "CNY")
    assert (found.model, found.currency, found.price, found.why) == ("acme/m", "CNY", PLAIN, None)


def test_the_least_is_the_shortest_prompt_from_a_cache() -> None:
    at = deployment(facts=facts(PLAIN))
    found = estimate(at, ask(Text(text="one two three"), max_tokens=50), wall=NOON)
    assert found.low == Money(Decimal(3) / 10, "CNY")
    without = deployment(facts=facts(replace(PLAIN, cache_read=None)))
    dearer = estimate(without, ask(Text(text="one two three"), max_tokens=50), wall=NOON)
    assert dearer.low == Money(Decimal(3), "CNY")


def test_a_short_prompt_has_a_margin_as_well() -> None:
    found = estimate(deployment(facts=facts(PLAIN)), ask(Text(text="Hi"), max_tokens=1), wall=NOON)
    assert found.most_input_tokens == found.input_tokens + 32


def test_the_row_tells_the_longest_answer_where_the_call_does_not() -> None:
    at = deployment(facts=facts(PLAIN, max_output=10))
    assert worst_case(at, ask(), wall=NOON) == Money(Decimal(162 + 20), "CNY")
    assert worst_case(at, ask(max_tokens=3), wall=NOON) == Money(Decimal(162 + 6), "CNY")


@pytest.mark.parametrize(
    ("at", "request_", "why"),
    [
        (deployment(), ask(max_tokens=1), "no price is known for acme/m"),
        (deployment(facts=lambda: None), ask(max_tokens=1), "no price is known"),
        (deployment(facts=facts()), ask(max_tokens=1), "no price is known"),
        (deployment(facts=facts(PLAIN)), ask(), "give max_tokens"),
        (deployment(), ask(), "no price is known"),
        (deployment(facts=facts(replace(PLAIN, output=None))), ask(max_tokens=1), "not every price"),
        (deployment(facts=facts(replace(PLAIN, input=None))), ask(max_tokens=1), "not every price"),
        (deployment(facts=facts(replace(PLAIN, when="on rainy days"))), ask(max_tokens=1), "no price"),
    ],
)
def test_what_is_not_known_has_no_worst_case_but_a_reason(at: Any, request_: ChatRequest, why: str) -> None:
    found = estimate(at, request_, wall=NOON)
    assert found.high is None
    assert found.why is not None and why in found.why


def test_a_floor_needs_the_price_of_input() -> None:
    at = deployment(facts=facts(replace(PLAIN, input=None)))
    assert estimate(at, ask(max_tokens=1), wall=NOON).low is None


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (ask(Image(url="https://a.test/a.png")), "a picture"),
        (ask(Audio(id="a")), "sound"),
        (ask(Video(url="https://a.test/a.mp4")), "a film"),
        (ask(File(file_id="f")), "a file"),
        (ask(Opaque(dialect="lines", json=Raw(b"{}"))), "the kind Opaque"),
        (ask(ToolResult(call_id="1", content=(Image(url="https://a.test/a.png"),))), "a picture"),
        (ask(tools=(ServerTool(replay=Replay(dialect="x", json=Raw(b"{}"))),)), "a tool of the provider"),
        (ask(audio=AudioOutput(voice="v", format="wav")), "spoken or drawn"),
        (ask(modalities=("text", "audio")), "spoken or drawn"),
        (ask(modalities=("image",)), "spoken or drawn"),
        (ask(service_tier="priority"), "service tier 'priority'"),
    ],
)
def test_what_nobody_can_count_before_is_not_bounded(request_: ChatRequest, why: str) -> None:
    found = estimate(deployment(facts=facts(PLAIN)), replace(request_, max_tokens=1), wall=NOON)
    assert found.high is None
    assert found.why is not None and why in found.why


def test_results_of_tools_and_the_default_tier_are_counted_as_words() -> None:
    request = ask(ToolResult(call_id="1", content=(Text(text="x" * 400),)), max_tokens=1, service_tier="auto")
    assert worst_case(deployment(facts=facts(PLAIN)), request, wall=NOON) is not None


def test_the_dearer_of_output_and_reasoning_is_taken() -> None:
    at = deployment(facts=facts(replace(PLAIN, reasoning=Decimal(5_000_000))))
    assert worst_case(at, ask(max_tokens=10), wall=NOON) == Money(Decimal(162 + 50), "CNY")


def test_a_budget_of_thinking_comes_on_top_of_the_answer() -> None:
    request = ask(max_tokens=10, reasoning=Reasoning(budget=5))
    found = estimate(deployment(facts=facts(PLAIN)), request, wall=NOON)
    assert found.output_tokens == 15
    plain = ask(max_tokens=10, reasoning=Reasoning(enabled=True))
    assert estimate(deployment(facts=facts(PLAIN)), plain, wall=NOON).output_tokens == 10


def test_every_choice_is_an_answer_and_extra_overrides() -> None:
    at = deployment(facts=facts(PLAIN))
    assert estimate(at, ask(max_tokens=10, n=3), wall=NOON).output_tokens == 30
    longer = ask(max_tokens=10, extra={"max_tokens": 7, "max_completion_tokens": 20, "n": 2})
    assert estimate(at, longer, wall=NOON).output_tokens == 40
    of_row = deployment(facts=facts(PLAIN), extra={"max_tokens": 4})
    assert estimate(of_row, ask(max_tokens=10, extra={"n": "two"}), wall=NOON).output_tokens == 4


def test_words_beside_the_messages_are_counted() -> None:
    at = deployment(facts=facts(PLAIN))
    bare = estimate(at, ask(max_tokens=1), wall=NOON)
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    custom = CustomTool(name="run", description="y" * 80, grammar="z" * 40)
    more = ask(
        max_tokens=1,
        tools=(custom, FunctionTool(name="f")),
        response_format=ResponseFormat(type="json_schema", schema=schema),
    )
    assert estimate(at, more, wall=NOON).input_tokens > bare.input_tokens + 30 + 12
    predicted = ask(max_tokens=1, prediction="w" * 400)
    assert estimate(at, predicted, wall=NOON).output_tokens == 1 + 100 + 50


def test_marks_of_a_cache_are_priced_as_writes_where_those_cost_more() -> None:
    writes = replace(PLAIN, cache_write_5m=Decimal(1_250_000), cache_write_1h=Decimal(2_000_000))
    marked = ask(Text(text="x" * 400, cache=Cache()), max_tokens=1)
    tool = ask(max_tokens=1, tools=(FunctionTool(name="f", cache=Cache()),))
    at = deployment(facts=facts(writes))
    assert worst_case(at, marked, wall=NOON) == Money(Decimal(324 + 2), "CNY")
    assert worst_case(at, ask(max_tokens=1), wall=NOON) == Money(Decimal(162 + 2), "CNY")
    found = estimate(at, tool, wall=NOON)
    assert found.high == Money(Decimal(found.most_input_tokens * 2 + 2), "CNY")
    assert worst_case(deployment(facts=facts(PLAIN)), marked, wall=NOON) == Money(Decimal(162 + 2), "CNY")


def test_of_the_tiers_that_a_prompt_may_fall_into_the_dearest_is_taken() -> None:
    short = replace(PLAIN, max_input=110)
    long = replace(PLAIN, input=Decimal(3_000_000))
    found = estimate(deployment(facts=facts(short, long)), ask(max_tokens=1), wall=NOON)
    assert found.price is short
    assert found.high == Money(Decimal(162 * 3 + 2), "CNY")
    dear_when_short = replace(PLAIN, input=Decimal(9_000_000), max_input=110)
    again = estimate(deployment(facts=facts(dear_when_short, PLAIN)), ask(max_tokens=1), wall=NOON)
    assert again.high is not None and again.high.amount >= 110 * 9 + 2


def test_a_peak_that_begins_soon_counts_already() -> None:
    peak = replace(PLAIN, hours=PEAK)
    half = replace(PLAIN, input=Decimal(500_000), output=Decimal(1_000_000), hours=Hours(otherwise=True))
    at = deployment(facts=facts(peak, half), holidays=lambda: HOLIDAYS)
    before = datetime(2026, 11, 27, 13, 49, tzinfo=BEIJING).timestamp()
    assert worst_case(at, ask(max_tokens=50), wall=before) == Money(Decimal(131), "CNY")
    assert worst_case(at, ask(max_tokens=50), wall=before + 60) == Money(Decimal(262), "CNY")
    assert estimate(at, ask(max_tokens=50), wall=before + 60).price is half


def test_an_unknown_holiday_is_priced_as_if_it_were_none() -> None:
    peak = replace(PLAIN, hours=PEAK)
    half = replace(PLAIN, input=Decimal(500_000), output=Decimal(1_000_000), hours=Hours(otherwise=True))
    next_year = datetime(2027, 1, 4, 10, tzinfo=BEIJING).timestamp()
    at = deployment(facts=facts(peak, half))
    assert worst_case(at, ask(max_tokens=50), wall=next_year) == Money(Decimal(262), "CNY")
    assert worst_case(at, ask(max_tokens=50), wall=next_year, holidays=HOLIDAYS) == Money(Decimal(262), "CNY")
    assert estimate(at, ask(max_tokens=50), wall=next_year).price is None


def test_the_estimate_of_a_route_is_that_of_its_first_model() -> None:
    first, second = deployment(facts=facts(PLAIN)), deployment(model="n")
    assert estimate_chat(((first,), (second,)), ask(max_tokens=1), wall=NOON).model == "acme/m"
    for empty in ((), ((),)):
        with pytest.raises(ConfigError, match="names no model"):
            estimate_chat(empty, ask(max_tokens=1), wall=NOON)


@given(
    text=st.text(max_size=300),
    share=st.floats(0, 1),
    answer=st.integers(0, 1000),
    reasons=st.integers(0, 1000),
    cached=st.floats(0, 1),
)
def test_no_call_within_its_bounds_costs_more_than_the_worst_case(
    text: str, share: float, answer: int, reasons: int, cached: float
) -> None:
    prices = (replace(PLAIN, max_input=100), replace(PLAIN, output=Decimal(7_000_000), reasoning=Decimal(1)))
    at = deployment(facts=facts(*prices))
    request = ask(Text(text=text), max_tokens=1000)
    found = estimate(at, request, wall=NOON)
    assert found.high is not None and found.low is not None
    read = int(found.most_input_tokens * share)
    from_cache = int(read * cached)
    usage = Usage(
        input_uncached=read - from_cache,
        cache_read=from_cache,
        output_visible=answer,
        reasoning=min(reasons, 1000 - answer),
    )
    price = price_at(prices, input_tokens=read, at=NOON)
    assert price is not None
    real = cost(usage, price)
    assert real is not None and real.amount <= found.high.amount
    assert found.low.amount <= found.high.amount
