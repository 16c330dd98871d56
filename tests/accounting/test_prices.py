"""Which price holds: by day, hour, length of prompt and answer, thinking; none where that is not known."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from baimo.accounting.prices import AMOUNTS, asks_for_holidays, dearest, possible_prices, price_at
from baimo.catalogue import load
from baimo.types.hours import NO_HOLIDAYS, Holidays, Hours
from baimo.types.models import Price

BEIJING = timezone(timedelta(hours=8))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
HOLIDAYS = Holidays(days={"CN": frozenset({date(2026, 10, 1)})}, years={"CN": frozenset({2026})})


def cny(amount: int | str, **more: object) -> Price:
    return Price(currency="CNY", input=Decimal(amount), output=Decimal(amount), **more)  # type: ignore[arg-type]


PEAK = cny(
    2,
    hours=Hours(
        days=("mon", "tue", "wed", "thu", "fri"),
        spans=((time(9), time(12)), (time(14), time(18))),
        utc_offset="+08:00",
        except_holidays="CN",
    ),
)
OFF = cny(1, hours=Hours(otherwise=True))


def beijing(*clock: int) -> float:
    return datetime(*clock, tzinfo=BEIJING).timestamp()  # type: ignore[misc,arg-type]


def test_the_whole_call_is_in_the_tier_of_its_prompt() -> None:
    short, long = cny(1, max_input=32_000), cny(3)
    assert price_at((short, long), input_tokens=32_000, at=NOON) is short
    assert price_at((short, long), input_tokens=32_001, at=NOON) is long
    assert price_at((short,), input_tokens=32_001, at=NOON) is None


def test_prices_have_their_days_so_that_old_bills_never_change() -> None:
    old, new = cny(1, until=date(2026, 10, 17)), cny(2, since=date(2026, 10, 17))
    before = datetime(2026, 10, 16, 23, 59, tzinfo=UTC).timestamp()
    assert price_at((old, new), input_tokens=1, at=before) is old
    assert price_at((old, new), input_tokens=1, at=before + 60) is new


def test_the_days_of_a_price_with_hours_are_those_of_its_clock() -> None:
    all_day = Hours(utc_offset="+08:00")
    old, new = cny(1, until=date(2026, 8, 17), hours=all_day), cny(2, since=date(2026, 8, 17), hours=all_day)
    assert price_at((old, new), input_tokens=1, at=datetime(2026, 8, 16, 15, tzinfo=UTC).timestamp()) is old
    assert price_at((old, new), input_tokens=1, at=datetime(2026, 8, 16, 16, tzinfo=UTC).timestamp()) is new


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ((2026, 11, 27, 10), PEAK),
        ((2026, 11, 27, 13), OFF),
        ((2026, 11, 28, 10), OFF),
        ((2026, 10, 1, 10), OFF),
        ((2027, 1, 4, 10), None),
        ((2027, 1, 4, 13), OFF),
    ],
)
def test_a_price_by_the_hour_is_told_where_no_unknown_holiday_decides(
    moment: tuple[int, ...], wanted: Price | None
) -> None:
    assert price_at((PEAK, OFF), input_tokens=1, at=beijing(*moment), holidays=HOLIDAYS) is wanted


def test_an_unknown_holiday_does_not_matter_where_both_prices_make_the_same_bill() -> None:
    same = replace(PEAK, hours=OFF.hours)
    assert price_at((PEAK, same), input_tokens=1, at=beijing(2027, 1, 4, 10)) is not None
    dollars = replace(same, currency="USD")
    assert price_at((PEAK, dollars), input_tokens=1, at=beijing(2027, 1, 4, 10)) is None


def test_the_length_of_the_answer_decides_where_it_is_known() -> None:
    short, long = cny(1, max_answer=200, when="short"), cny(2, min_answer=201, when="long")
    assert price_at((short, long), input_tokens=1, at=NOON, output_tokens=200) is short
    assert price_at((short, long), input_tokens=1, at=NOON, output_tokens=201) is long
    assert price_at((short, long), input_tokens=1, at=NOON) is None
    assert possible_prices((short, long), input_tokens=1, at=NOON) == (short, long)


def test_thinking_decides_where_it_is_known() -> None:
    on, off = cny(2, thinking=True), cny(1, thinking=False)
    assert price_at((on, off), input_tokens=1, at=NOON, thinking=True) is on
    assert price_at((on, off), input_tokens=1, at=NOON, thinking=False) is off
    assert price_at((on, off), input_tokens=1, at=NOON) is None


def test_a_condition_in_words_alone_is_not_guessed() -> None:
    assert price_at((cny(2, when="on rainy days"),), input_tokens=1, at=NOON) is None
    assert price_at((cny(2), cny(1, when="on rainy days")), input_tokens=1, at=NOON) is None


def test_a_price_for_always_beside_one_by_the_hour_leaves_both_possible() -> None:
    always = cny(3)
    found = possible_prices((always, PEAK), input_tokens=1, at=beijing(2026, 11, 27, 10), holidays=HOLIDAYS)
    assert found == (always, PEAK)


def test_only_prices_with_holidays_ask_for_a_table() -> None:
    assert asks_for_holidays((OFF, PEAK))
    assert not asks_for_holidays((OFF, cny(1)))
    assert dearest([None, Decimal(1), Decimal(2)]) == Decimal(2)
    assert dearest([None]) is None


@given(
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    tokens=st.integers(0, 300_000),
    answer=st.integers(0, 3000) | st.none(),
    thinking=st.booleans() | st.none(),
)
def test_the_price_that_is_told_is_one_of_those_that_may_hold(
    moment: datetime, tokens: int, answer: int | None, thinking: bool | None
) -> None:
    at = moment.replace(tzinfo=BEIJING).timestamp()
    for provider, name in (("deepseek", "deepseek-flash"), ("zhipu", "glm-4.7"), ("qwen", "qwen-plus")):
        facts = load.model(provider, name)
        assert facts is not None, name
        for holidays in (load.holidays(), NO_HOLIDAYS):
            asked = {"input_tokens": tokens, "at": at, "holidays": holidays}
            known = {"output_tokens": answer, "thinking": thinking}
            found = possible_prices(facts.prices, **asked, **known)  # type: ignore[arg-type]
            told = price_at(facts.prices, **asked, **known)  # type: ignore[arg-type]
            bills = {tuple(getattr(one, field) for field in AMOUNTS) for one in found}
            assert (told is not None) == (len(bills) == 1)
            assert told is None or told in found
            assert set(found) <= set(possible_prices(facts.prices, **asked))  # type: ignore[arg-type]
