"""What is told of models is exact, dated, and the same however it is read."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from baimo.accounting.prices import price_at
from baimo.catalogue import load
from baimo.types.models import ModelInfo, Price

FILES = sorted((Path(load.__file__).parent / "models").glob("*.toml"))
CURRENCIES = {"CNY", "USD", "EUR"}
CONDITIONS = ("min_answer", "max_answer", "thinking", "hours", "when")
AMOUNTS = tuple(
    name
    for name in Price.__struct_fields__
    if name not in {"currency", "max_input", *CONDITIONS, "since", "until", "source", "checked"}
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_of_models_belongs_to_a_row(path: Path) -> None:
    assert path.stem in load.provider_names()
    assert path.stat().st_size < 32_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_model_and_price_has_a_source_and_a_day(path: Path) -> None:
    for model in load.models(path.stem):
        assert model.provider == path.stem
        assert model.source and model.checked is not None
        for price in model.prices:
            assert price.source and price.checked is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_price_is_an_exact_amount_in_one_currency(path: Path) -> None:
    for model in load.models(path.stem):
        assert {price.currency for price in model.prices} <= CURRENCIES
        assert len({price.currency for price in model.prices}) <= 1
        for price in model.prices:
            amounts = [getattr(price, name) for name in AMOUNTS]
            given = [amount for amount in amounts if amount is not None]
            assert given
            assert all(isinstance(amount, Decimal) and 0 <= amount < 1_000_000 for amount in given)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_tiers_go_up_and_no_two_prices_hold_at_once(path: Path) -> None:
    for model in load.models(path.stem):
        bounds = [price.max_input or 1 << 62 for price in model.prices]
        assert bounds == sorted(bounds), model.id
        held = [(price.max_input, price.thinking, price.when, price.since) for price in model.prices]
        assert len(set(held)) == len(held), model.id


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_one_model_reads_as_it_does_in_the_whole_file(path: Path) -> None:
    for model in load.models(path.stem):
        assert load.model(path.stem, model.id) == model


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_end_successor_and_remark_is_told_by_somebody(path: Path) -> None:
    for model in load.models(path.stem):
        row = load.model_row(path.stem, model.id)
        assert row is not None
        if row.successor or row.never:
            assert row.told_by
        if row.remark:
            assert row.remark.zh != row.remark.en


@pytest.mark.parametrize("name", ["never-heard-of-it", "", 'a"b', "gpt-4o]\n[x", "file"])
def test_a_model_nobody_wrote_down_is_none_and_no_error(name: str) -> None:
    assert load.model("openai", name) is None


def test_a_provider_without_models_has_none() -> None:
    assert load.models("vllm") == ()
    assert load.model("vllm", "any") is None


def test_a_name_that_never_was_is_no_model() -> None:
    row = load.model_row("pangu", "pangu-chat")
    assert row is not None and row.never
    assert load.model("pangu", "pangu-chat") is None
    assert "pangu-chat" not in {model.id for model in load.models("pangu")}


def test_known_prices_are_as_the_price_page_has_them() -> None:
    flash = load.model("deepseek", "deepseek-flash")
    assert isinstance(flash, ModelInfo)
    assert flash.context == 1_000_000
    peak, other = flash.prices
    assert (peak.input, peak.output, peak.cache_read) == (Decimal(2), Decimal(8), Decimal("0.04"))
    assert (other.input, other.output, other.cache_read) == (Decimal(1), Decimal(4), Decimal("0.02"))
    assert peak.when and other.when and peak.currency == "CNY"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_condition_stands_in_words_and_in_a_form_that_can_be_decided(path: Path) -> None:
    for model in load.models(path.stem):
        for price in model.prices:
            forms = [getattr(price, name) for name in CONDITIONS[:-1]]
            assert (price.when is None) == all(form is None for form in forms), model.id
        tiers = {price.max_input for price in model.prices}
        for tier in tiers:
            of_tier = [price for price in model.prices if price.max_input == tier]
            named = [price.hours for price in of_tier if price.hours is not None]
            assert not named or [hours.otherwise for hours in named].count(True) == 1, model.id
            assert {price.thinking for price in of_tier} in ({None}, {True, False}), model.id
            ends = {price.max_answer for price in of_tier} - {None}
            begins = {price.min_answer for price in of_tier} - {None}
            assert {end + 1 for end in ends if end is not None} == begins, model.id


def test_the_same_words_mean_the_same_condition_everywhere() -> None:
    meant: dict[str, set[object]] = {}
    for path in FILES:
        for model in load.models(path.stem):
            for price in model.prices:
                if price.when is not None:
                    form = tuple(getattr(price, name) for name in CONDITIONS[:-1])
                    meant.setdefault(price.when, set()).add(form)
    assert len(meant) == 6
    assert all(len(forms) == 1 for forms in meant.values())


def test_the_peak_hours_of_the_price_page_are_decided() -> None:
    flash = load.model("deepseek", "deepseek-flash")
    assert flash is not None
    beijing = timezone(timedelta(hours=8))
    peak = ((9, 0), (11, 59), (14, 0), (17, 59))
    for clock, amount in (*((at, 2) for at in peak), ((8, 59), 1), ((12, 0), 1), ((18, 0), 1)):
        at = datetime(2026, 11, 27, *clock, tzinfo=beijing).timestamp()
        price = price_at(flash.prices, input_tokens=9, at=at, holidays=load.holidays())
        assert price is not None and price.input == amount


def test_the_holidays_of_2026_are_those_that_were_announced() -> None:
    days = load.holidays().days["CN"]
    assert len(days) == 3 + 9 + 3 + 5 + 3 + 3 + 7
    spans = ((1, 1, 3), (2, 15, 23), (4, 4, 6), (5, 1, 5), (6, 19, 21), (9, 25, 27), (10, 1, 7))
    assert days == {date(2026, month, day) for month, first, last in spans for day in range(first, last + 1)}
    assert load.holidays().years == {"CN": frozenset({2026})}
    assert load.holidays() is load.holidays()


def test_the_sites_of_one_vendor_have_prices_in_their_own_currency() -> None:
    for name, currency in (("moonshot", "CNY"), ("moonshot-intl", "USD"), ("zhipu", "CNY"), ("zai", "USD")):
        priced = [model for model in load.models(name) if model.prices]
        assert priced
        assert {price.currency for model in priced for price in model.prices} == {currency}
