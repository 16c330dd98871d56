"""Limits of one key."""

from __future__ import annotations

import pytest

from baimo.errors import InputError
from baimo.simulator.rates import Meter, Meters, OverRateError, Rate
from baimo.simulator.words import RefusedError, Why


def test_requests_of_the_last_minute_are_counted_and_the_wait_is_told() -> None:
    meter, rate = Meter(), Rate(requests_per_minute=2)
    meter.enter(rate, 100.0)
    meter.enter(rate, 130.0)
    with pytest.raises(OverRateError) as caught:
        meter.enter(rate, 140.0)
    assert caught.value.retry_after == 20.0
    meter.enter(rate, 160.0)
    with pytest.raises(OverRateError):
        meter.enter(rate, 189.9)


def test_tokens_of_the_last_minute_are_counted() -> None:
    meter, rate = Meter(), Rate(tokens_per_minute=100)
    meter.enter(rate, 0.0)
    meter.leave(100, 1.0)
    with pytest.raises(OverRateError) as caught:
        meter.enter(rate, 31.0)
    assert caught.value.retry_after == 30.0
    meter.enter(rate, 61.0)
    meter.leave(0, 61.0)


def test_calls_under_way_are_counted_until_they_end() -> None:
    meter, rate = Meter(), Rate(concurrency=1)
    meter.enter(rate, 0.0)
    with pytest.raises(RefusedError) as caught:
        meter.enter(rate, 0.0)
    assert caught.value.why is Why.OVER_CONCURRENCY
    meter.leave(5, 0.0)
    meter.enter(rate, 0.0)


@pytest.mark.parametrize("rate", [Rate(quota_requests=1), Rate(quota_tokens=5)])
def test_a_quota_is_used_up_for_ever(rate: Rate) -> None:
    meter = Meter()
    meter.enter(rate, 0.0)
    meter.leave(5, 0.0)
    with pytest.raises(RefusedError) as caught:
        meter.enter(rate, 10_000.0)
    assert caught.value.why is Why.OVER_QUOTA


@pytest.mark.parametrize("rate", [Rate(requests_per_minute=0), Rate(tokens_per_minute=0)])
def test_none_at_all_is_a_limit_too(rate: Rate) -> None:
    with pytest.raises(OverRateError) as caught:
        Meter().enter(rate, 5.0)
    assert caught.value.retry_after == 60.0


def test_keys_are_counted_apart_and_so_are_providers() -> None:
    meters = Meters()
    assert meters.of("a", "k") is meters.of("a", "k")
    assert len({id(meters.of(*who)) for who in (("a", "k"), ("a", "l"), ("b", "k"))}) == 3


def test_less_than_nothing_is_no_limit() -> None:
    with pytest.raises(InputError, match="concurrency"):
        Rate(concurrency=-1)
