"""Budgets: nothing is spent that was not allowed, whatever is under way at the same time."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.accounting.budgets import BudgetBook, set_aside_all, settle_all
from baimo.accounting.rates import Rates, read_rates
from baimo.errors import BudgetError, InputError
from baimo.types.money import Money

BEIJING = timezone(timedelta(hours=8))
DAY = datetime(2026, 11, 28, 23, 59, tzinfo=BEIJING).timestamp()
MODEL = "acme/m"


def cny(amount: str | int | Decimal) -> Money:
    return Money(Decimal(amount), "CNY")


def test_a_call_that_could_break_it_is_refused_before_it_is_sent() -> None:
    book = BudgetBook("1 CNY")
    held = book.set_aside(cny("0.7"), wall=DAY, model=MODEL)
    with pytest.raises(BudgetError) as caught:
        book.set_aside(cny("0.4"), wall=DAY, model=MODEL)
    assert (caught.value.needed, caught.value.left) == (cny("0.4"), cny("0.3"))
    assert "the budget of 1 CNY has 0.3 CNY left" in str(caught.value)
    book.settle(held, cny("0.1"), wall=DAY)
    assert (book.spent_at(DAY), book.left_at(DAY)) == (cny("0.1"), cny("0.9"))
    book.set_aside(cny("0.9"), wall=DAY, model=MODEL)
    assert book.left_at(DAY) == cny(0)


def test_what_is_not_known_is_not_allowed_and_the_error_says_why() -> None:
    book = BudgetBook("1 CNY", name="team")
    with pytest.raises(BudgetError) as caught:
        book.set_aside(None, wall=DAY, model=MODEL, why="no price is known for acme/m")
    assert "'team'" in str(caught.value) and "no price is known for acme/m" in str(caught.value)
    assert (caught.value.needed, caught.value.left) == (None, cny(1))
    with pytest.raises(BudgetError, match="not known"):
        book.set_aside(None, wall=DAY, model=MODEL)


def test_what_may_have_been_billed_and_is_not_known_is_spent_whole() -> None:
    book = BudgetBook("1 CNY")
    book.settle(book.set_aside(cny("0.4"), wall=DAY, model=MODEL), None, wall=DAY)
    assert book.spent_at(DAY) == cny("0.4")
    book.settle(book.set_aside(cny("0.4"), wall=DAY, model=MODEL), None, wall=DAY, billed=False)
    assert book.spent_at(DAY) == cny("0.4")
    assert book.left_at(DAY) == cny("0.6")


def test_a_call_is_settled_once() -> None:
    book = BudgetBook("1 CNY")
    held = book.set_aside(cny("0.4"), wall=DAY, model=MODEL)
    book.settle(held, cny("0.1"), wall=DAY)
    book.settle(held, None, wall=DAY)
    assert (book.spent_at(DAY), book.left_at(DAY)) == (cny("0.1"), cny("0.9"))


def test_a_call_that_cost_more_than_was_set_aside_is_counted_in_full() -> None:
    book = BudgetBook("1 CNY")
    book.settle(book.set_aside(cny("0.9"), wall=DAY, model=MODEL), cny("1.2"), wall=DAY)
    assert (book.spent_at(DAY), book.left_at(DAY)) == (cny("1.2"), cny(0))
    with pytest.raises(BudgetError) as caught:
        book.set_aside(cny("0.1"), wall=DAY, model=MODEL)
    assert caught.value.left == cny(0)


def test_a_call_that_costs_nothing_is_always_allowed() -> None:
    book = BudgetBook("0 CNY")
    book.settle(book.set_aside(cny(0), wall=DAY, model=MODEL), cny(0), wall=DAY)
    assert book.left_at(DAY) == cny(0)


@pytest.mark.parametrize(("per", "later"), [("day", 120.0), ("month", 3 * 86_400.0)])
def test_a_new_period_begins_with_all_of_it(per: str, later: float) -> None:
    book = BudgetBook("1 CNY", per=per)  # type: ignore[arg-type]
    held = book.set_aside(cny("0.5"), wall=DAY, model=MODEL)
    book.settle(book.set_aside(cny("0.4"), wall=DAY, model=MODEL), cny("0.4"), wall=DAY)
    assert book.left_at(DAY + later) == cny(1)
    book.settle(held, cny("0.5"), wall=DAY + later)
    assert (book.spent_at(DAY + later), book.left_at(DAY + later)) == (cny(0), cny(1))


def test_a_run_does_not_end_with_the_day() -> None:
    book = BudgetBook("1 CNY")
    book.settle(book.set_aside(cny("0.4"), wall=DAY, model=MODEL), cny("0.4"), wall=DAY)
    assert book.spent_at(DAY + 1e8) == cny("0.4")
    assert book.resets_after(DAY) is None


def test_days_and_months_are_those_of_the_offset() -> None:
    def local(moment: float | None, zone: timezone = BEIJING) -> datetime:
        assert moment is not None
        return datetime.fromtimestamp(moment, zone)

    day, month = BudgetBook("1 CNY", per="day"), BudgetBook("1 CNY", per="month")
    assert BudgetBook("1 CNY").begins_at(DAY) is None
    assert local(day.begins_at(DAY)) == datetime(2026, 11, 28, tzinfo=BEIJING)
    assert local(month.begins_at(DAY)) == datetime(2026, 11, 1, tzinfo=BEIJING)
    assert local(day.resets_after(DAY)) == datetime(2026, 11, 29, tzinfo=BEIJING)
    assert local(month.resets_after(DAY)) == datetime(2026, 12, 1, tzinfo=BEIJING)
    last = datetime(2026, 12, 31, 12, tzinfo=BEIJING).timestamp()
    assert local(month.resets_after(last)) == datetime(2027, 1, 1, tzinfo=BEIJING)
    west = BudgetBook("1 CNY", per="day", utc_offset="-05:00")
    zone = timezone(timedelta(hours=-5))
    assert local(west.resets_after(DAY), zone) == datetime(2026, 11, 29, tzinfo=zone)


def test_a_clock_that_is_set_back_gives_nothing_back() -> None:
    book = BudgetBook("1 CNY", per="day")
    book.settle(book.set_aside(cny("0.4"), wall=DAY + 120, model=MODEL), cny("0.4"), wall=DAY + 120)
    assert book.left_at(DAY) == cny("0.6")
    book.set_aside(cny("0.6"), wall=DAY, model=MODEL)
    assert book.left_at(DAY + 120) == cny(0)


def test_each_key_has_an_amount_of_its_own_where_keys_are_named() -> None:
    book = BudgetBook("1 CNY", keys=("team-*",))
    assert book.counts(MODEL, "team-a") and not book.counts(MODEL, "other") and not book.counts(MODEL)
    for key in ("team-a", "team-b"):
        book.settle(book.set_aside(cny("0.8"), wall=DAY, model=MODEL, key=key), cny("0.8"), wall=DAY)
    assert book.spent_at(DAY) == cny("1.6")
    assert book.spent_at(DAY, "team-a") == cny("0.8")
    assert book.left_at(DAY) == cny("0.2")
    assert book.left_at(DAY, "team-c") == cny(1)


def test_only_the_models_that_are_named_count() -> None:
    book = BudgetBook("1 CNY", models=("deepseek/*", "qwen/qwen-max"))
    assert book.counts("deepseek/deepseek-flash") and book.counts("qwen/qwen-max")
    assert not book.counts("qwen/qwen-plus")
    assert set_aside_all([book], None, wall=DAY, model="qwen/qwen-plus") == ()


def test_amounts_of_another_currency_need_a_rate() -> None:
    book = BudgetBook("10 CNY")
    dollar = Money(Decimal(1), "USD")
    with pytest.raises(BudgetError, match=r"\[money\] rates"):
        book.set_aside(dollar, wall=DAY, model=MODEL)
    book.use_rates(read_rates({"USD": "7 CNY"}))
    held = book.set_aside(dollar, wall=DAY, model=MODEL)
    assert book.left_at(DAY) == cny(3)
    book.settle(held, Money(Decimal("0.5"), "USD"), wall=DAY)
    assert book.spent_at(DAY) == cny("3.5")
    again = book.set_aside(cny(1), wall=DAY, model=MODEL)
    book.settle(again, Money(Decimal("0.5"), "JPY"), wall=DAY)
    assert book.spent_at(DAY) == cny("4.5")


def test_rates_of_its_own_are_kept() -> None:
    own = Rates({("USD", "CNY"): Decimal(8)})
    book = BudgetBook("10 CNY", rates=own)
    book.use_rates(Rates())
    assert book.rates is own


def test_what_was_spent_before_counts() -> None:
    book = BudgetBook("1 CNY", per="day")
    book.add(cny("0.9"), wall=DAY)
    with pytest.raises(BudgetError):
        book.set_aside(cny("0.2"), wall=DAY, model=MODEL)
    with pytest.raises(BudgetError, match="cannot be compared"):
        book.add(Money(Decimal(1), "USD"), wall=DAY)


def test_of_several_budgets_all_allow_a_call_or_none_is_touched() -> None:
    large, small = BudgetBook("10 CNY"), BudgetBook("1 CNY", name="small")
    with pytest.raises(BudgetError, match="'small'"):
        set_aside_all([large, small], cny(2), wall=DAY, model=MODEL)
    assert (large.left_at(DAY), small.left_at(DAY)) == (cny(10), cny(1))
    held = set_aside_all([large, small], cny(1), wall=DAY, model=MODEL)
    assert small.left_at(DAY) == cny(0)
    settle_all(held, cny("0.5"), wall=DAY)
    assert (large.spent_at(DAY), small.spent_at(DAY)) == (cny("0.5"), cny("0.5"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "five"},
        {"per": "week"},
        {"utc_offset": "8"},
        {"models": "deepseek/*"},
        {"keys": "a"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InputError):
        BudgetBook(**{"amount": "1 CNY", **wrong})  # type: ignore[arg-type]


@given(
    calls=st.lists(
        st.tuples(
            st.decimals(0, 3, places=3),
            st.decimals(0, 1, places=3),
            st.sampled_from(["answered", "lost", "no"]),
        ),
        max_size=30,
    )
)
def test_whatever_happens_no_more_is_spent_than_allowed_and_nothing_is_lost(
    calls: list[tuple[Decimal, Decimal, str]],
) -> None:
    """Calls cost at most what was set aside; every other one stays under way until the end."""
    book, expected, open_ones = BudgetBook("5 CNY"), Decimal(0), []
    for index, (worst, share, end) in enumerate(calls):
        try:
            held = book.set_aside(cny(worst), wall=DAY, model=MODEL)
        except BudgetError:
            assert worst > book.left_at(DAY).amount
            continue
        if index % 2:
            open_ones.append((held, worst, share, end))
            continue
        expected += settle(book, held, worst, share, end)
        assert book.spent_at(DAY).amount == expected <= 5
    for held, worst, share, end in open_ones:
        expected += settle(book, held, worst, share, end)
    assert book.spent_at(DAY).amount == expected <= 5
    assert book.left_at(DAY).amount == 5 - expected


def settle(book: BudgetBook, held: object, worst: Decimal, share: Decimal, end: str) -> Decimal:
    real = worst * share
    cost = cny(real) if end == "answered" else None
    book.settle(held, cost, wall=DAY, billed=end != "no")  # type: ignore[arg-type]
    return {"answered": real, "lost": worst, "no": Decimal(0)}[end]


def test_threads_cannot_spend_the_same_money() -> None:
    book = BudgetBook("100 CNY", lock=threading.Lock())
    allowed: list[int] = []

    def spend() -> None:
        for _ in range(200):
            try:
                held = book.set_aside(cny(1), wall=DAY, model=MODEL)
            except BudgetError:
                continue
            allowed.append(1)
            book.settle(held, cny(1), wall=DAY)

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == 100
    assert book.spent_at(DAY) == cny(100)
