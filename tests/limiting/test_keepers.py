"""What every keeper of limits does alike: in process and shared, blocking and asynchronous."""

from __future__ import annotations

import threading
import time

import pytest

from baimo.errors import LimitReachedError
from baimo.steps import Reserve
from baimo.types.limits import Claim, Hold, Learned, Limit, Settlement
from tests.limiting.keepers import ANSWERED, Keeper, step

NOW = 0.0
"""To wait no time at all."""


def assert_full(keeper: Keeper, wanted: Reserve) -> LimitReachedError:
    """It has no room now; the error that says so."""
    with pytest.raises(LimitReachedError) as caught:
        keeper.reserve(Reserve(wanted.claims, NOW, wanted.priority))
    return caught.value


def test_as_many_as_the_limit_go_at_once_and_the_next_is_told_when(keeper: Keeper) -> None:
    minute = step("k", requests_per_minute=3)
    for _ in range(3):
        assert keeper.reserve(minute).which == 0
    error = assert_full(keeper, minute)
    assert error.retry_after is not None
    assert 58 < error.retry_after < 61.5
    assert error.retryable


def test_the_next_waits_as_long_as_it_must_and_no_longer(keeper: Keeper) -> None:
    second = step("k", requests_per_second=2)
    began = time.monotonic()
    waited = [keeper.reserve(second).waited_s for _ in range(3)]
    assert max(waited[:2]) < 0.3
    assert 0.9 < time.monotonic() - began < 1.5
    assert 0.5 < waited[2] < 1.5


def test_a_place_comes_back_with_the_end_of_a_request(keeper: Keeper) -> None:
    two = step("k", concurrency=2)
    first, second = keeper.reserve(two), keeper.reserve(two)
    assert assert_full(keeper, two).retry_after is None
    keeper.settle(first, ANSWERED)
    third = keeper.reserve(two)
    keeper.release(second)
    keeper.release(second)
    keeper.reserve(Reserve(two.claims, 5.0))
    keeper.settle(first, ANSWERED)
    assert_full(keeper, two)
    keeper.settle(third, ANSWERED)


def test_tokens_are_reserved_and_corrected(keeper: Keeper) -> None:
    receipt = keeper.reserve(step("k", tokens_per_minute=100, tokens=90))
    wanted = step("k", tokens_per_minute=100, tokens=80)
    assert_full(keeper, wanted)
    keeper.settle(receipt, Settlement(tokens=15))
    receipt = keeper.reserve(wanted)
    keeper.settle(receipt, Settlement(tokens=85))
    keeper.reserve(step("k", tokens_per_minute=100))
    assert_full(keeper, step("k", tokens_per_minute=100, tokens=1))


def test_what_was_released_counts_as_it_was_reserved(keeper: Keeper) -> None:
    keeper.release(keeper.reserve(step("k", tokens_per_minute=100, tokens=90)))
    assert_full(keeper, step("k", tokens_per_minute=100, tokens=20))


def test_a_day_is_a_window_too(keeper: Keeper) -> None:
    keeper.reserve(step("k", requests_per_day=1))
    error = assert_full(keeper, step("k", requests_per_day=1))
    assert error.retry_after is not None
    assert 86_000 < error.retry_after < 88_000


def test_all_places_of_a_claim_or_none(keeper: Keeper) -> None:
    wide, narrow = Hold("k", Limit(concurrency=2)), Hold("k/m", Limit(concurrency=1))
    both = Reserve((Claim((wide, narrow)),))
    keeper.reserve(both)
    assert_full(keeper, both)
    keeper.reserve(Reserve((Claim((wide,)),)))
    assert_full(keeper, Reserve((Claim((wide,)),)))


def test_the_first_alternative_that_is_free_is_granted(keeper: Keeper) -> None:
    either = step("a", "b", concurrency=1)
    assert [keeper.reserve(either).which for _ in range(2)] == [0, 1]
    assert_full(keeper, either)


def test_what_never_fits_is_refused_at_once(keeper: Keeper) -> None:
    with pytest.raises(LimitReachedError, match="never fit") as caught:
        keeper.reserve(step("k", tokens_per_minute=100, tokens=101))
    assert not caught.value.retryable


def test_a_refusal_that_names_a_wait_closes_the_place(keeper: Keeper) -> None:
    open_place = step("k", requests_per_minute=50)
    told = Settlement(verdict="refused", learned=Learned(retry_after_s=20.0))
    keeper.settle(keeper.reserve(open_place), told)
    error = assert_full(keeper, open_place)
    assert error.retry_after is not None
    assert 19 < error.retry_after <= 20


def test_a_place_that_nothing_is_known_of_is_free(keeper: Keeper) -> None:
    for _ in range(100):
        keeper.settle(keeper.reserve(step("k")), ANSWERED)
    keeper.release(keeper.reserve(Reserve((Claim(()),))))


def test_a_keeper_leaves_no_thread(keeper: Keeper) -> None:
    before = threading.active_count()
    receipt = keeper.reserve(step("k", concurrency=2))
    keeper.settle(receipt, ANSWERED)
    keeper.reserve(step("k", concurrency=2))
    keeper.close()
    assert threading.active_count() <= before
