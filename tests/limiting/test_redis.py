"""Limits shared through a real Redis, for threads: what others see, leases, and a Redis that is not there."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis as package

from baimo.errors import ConfigError, LimitReachedError, MissingExtraError, TransportError
from baimo.limiting import store as words
from baimo.limiting.redis import RedisLimiter, Store
from baimo.limiting.script import SCRIPT
from baimo.types.limits import Claim, Hold, Learned, Limit, Settlement
from tests.limiting.keepers import ANSWERED, shared, step
from tests.limiting.test_local import Caller

ONE = step("k", concurrency=1)
NOW = step("k", concurrency=1, within_s=0.0)


@contextmanager
def two(address: str, prefix: str, **facts: Any) -> Iterator[tuple[RedisLimiter, RedisLimiter]]:
    """Two limiters as two processes have them."""
    first, second = shared(address, prefix, **facts), shared(address, prefix, **facts)
    try:
        yield first, second
    finally:
        first.close()
        second.close()


def test_what_one_takes_the_other_lacks(store: str, prefix: str) -> None:
    minute = step("k", requests_per_minute=3, within_s=1.0)
    with two(store, prefix) as (mine, yours):
        mine.reserve(minute)
        yours.reserve(minute)
        mine.reserve(minute)
        for limiter in (mine, yours):
            with pytest.raises(LimitReachedError) as caught:
                limiter.reserve(minute)
            assert caught.value.retry_after == pytest.approx(60, abs=1.5)


def test_a_place_that_another_gives_back_is_taken(store: str, prefix: str) -> None:
    with two(store, prefix) as (mine, yours):
        receipt = mine.reserve(ONE)
        caller = Caller(yours, ONE)
        with pytest.raises(LimitReachedError):
            yours.reserve(NOW)
        mine.settle(receipt, ANSWERED)
        assert caller.got().waited_s < 2


def test_a_released_place_is_given_back_without_a_further_call(store: str, prefix: str) -> None:
    with two(store, prefix) as (mine, yours):
        mine.release(mine.reserve(ONE))
        yours.reserve(step("k", concurrency=1, within_s=2.0))


def test_what_is_untold_is_told_when_it_closes(store: str, prefix: str) -> None:
    with two(store, prefix) as (mine, yours):
        receipt = mine.reserve(step("k", concurrency=1, tokens_per_minute=100, tokens=90))
        mine._keeping.told = lambda: None
        mine.release(receipt)
        mine.close()
        yours.reserve(step("k", concurrency=1, within_s=0.0))


def test_corrections_reach_the_other_and_free_no_more_than_was_taken(store: str, prefix: str) -> None:
    with two(store, prefix) as (mine, yours):
        receipt = mine.reserve(step("k", tokens_per_minute=100, tokens=90))
        mine.settle(receipt, Settlement(tokens=0))
        receipt = yours.reserve(step("k", tokens_per_minute=100, tokens=60))
        yours.settle(receipt, Settlement(tokens=95))
        with pytest.raises(LimitReachedError):
            mine.reserve(step("k", tokens_per_minute=100, tokens=10, within_s=0.0))


def test_a_wait_that_a_provider_names_holds_for_the_other(store: str, prefix: str) -> None:
    refused = Settlement(verdict="refused", learned=Learned(retry_after_s=30.0))
    shorter = Settlement(verdict="refused", learned=Learned(retry_after_s=1.0))
    with two(store, prefix) as (mine, yours):
        first, second = mine.reserve(step("k")), yours.reserve(step("k"))
        mine.settle(first, refused)
        yours.settle(second, shorter)
        with pytest.raises(LimitReachedError) as caught:
            yours.reserve(step("k", within_s=5.0))
        assert caught.value.retry_after == pytest.approx(30, abs=1.5)


def test_nothing_is_told_of_waits_where_nothing_is_learned(store: str, prefix: str) -> None:
    refused = Settlement(verdict="refused", learned=Learned(retry_after_s=30.0))
    with two(store, prefix, learns=False) as (mine, yours):
        mine.settle(mine.reserve(step("k")), refused)
        yours.reserve(step("k", within_s=0.0))


def test_leases_live_as_long_as_their_holder(store: str, prefix: str) -> None:
    with two(store, prefix, lease_s=0.6) as (mine, yours):
        receipt = mine.reserve(ONE)
        with pytest.raises(LimitReachedError):
            yours.reserve(step("k", concurrency=1, within_s=1.5))
        mine._heart.close()  # as if its process had died
        assert yours.reserve(step("k", concurrency=1, within_s=3.0)).waited_s < 2
        mine.settle(receipt, ANSWERED)


def test_threads_of_one_process_are_served_in_their_order(store: str, prefix: str) -> None:
    limiter = shared(store, prefix)
    receipt = limiter.reserve(ONE)
    done: list[Caller] = []
    callers = []
    for number in range(4):
        callers.append(Caller(limiter, ONE, done))
        while limiter._keeping.line.waiting != number + 1:
            threading.Event().wait(0.001)
    for caller in callers:
        limiter.settle(receipt, ANSWERED)
        receipt = caller.got()
    assert done == callers
    limiter.close()


def test_a_large_claim_that_others_keep_out_is_not_passed_by_small_ones_of_its_process(
    store: str, prefix: str
) -> None:
    with two(store, prefix) as (mine, yours):
        yours.reserve(step("k", tokens_per_minute=100, tokens=60))
        large = Caller(mine, step("k", tokens_per_minute=100, tokens=90, within_s=90.0))
        while not any(waiter.denied for waiter in _heads(mine)):
            threading.Event().wait(0.001)
        other = Hold("k/m", Limit(requests_per_minute=9))
        small = Claim((Hold("k", Limit(tokens_per_minute=100)), other), 5)
        with pytest.raises(LimitReachedError):
            mine.reserve(type(ONE)((small,), 0.2))
        free = mine.reserve(step("another", tokens_per_minute=100, tokens=5))
        mine.settle(free, ANSWERED)
        _flush(store)
        _heads(mine)[0].again_at = 0.0
        mine._keeping.line.book._places.clear()
        _heads(mine)[0].due = 0.0
        _heads(mine)[0].wake()
        large.got()


def _heads(limiter: RedisLimiter) -> list[Any]:
    return [next(iter(lane.values())) for lane in list(limiter._keeping.line._lanes.values())]


def _flush(address: str) -> None:
    with package.Redis.from_url(address) as client:
        client.flushdb()


def test_keys_go_away_by_themselves(store: str, prefix: str) -> None:
    limiter = shared(store, prefix)
    wanted = step("k", requests_per_second=5, tokens_per_day=9, concurrency=4, tokens=1)
    limiter.settle(limiter.reserve(wanted), Settlement(verdict="refused", learned=Learned(retry_after_s=3)))
    limiter.reserve(step("j", concurrency=1))
    with package.Redis.from_url(store) as client:
        keys = list(client.scan_iter(match=f"{{{prefix}}}*"))
        assert keys
        assert all(client.pttl(key) > 0 for key in keys)
    limiter.close()


def test_a_script_that_redis_has_forgotten_is_sent_again(store: str, prefix: str) -> None:
    limiter = shared(store, prefix)
    with package.Redis.from_url(store) as client:
        client.script_flush()
        limiter.reserve(step("k", requests_per_minute=1))
        client.script_flush()
    with pytest.raises(LimitReachedError):
        limiter.reserve(step("k", requests_per_minute=1, within_s=0.0))
    limiter.close()


def test_many_buckets_are_counted_and_leave(store: str, prefix: str) -> None:
    """The counts of a second, in Redis: what is older than the window is dropped there too."""
    limiter = shared(store, prefix)
    for _ in range(3):
        for _ in range(10):
            limiter.reserve(step("k", requests_per_second=10))
    with package.Redis.from_url(store) as client:
        key = f"{{{prefix}}}:limits:r1:k"
        assert sum(int(count) for count in client.hvals(key)) <= 20
    limiter.close()


def test_a_redis_that_hangs_takes_no_longer_than_the_call_has(deaf_port: int) -> None:
    limiter = shared(f"redis://127.0.0.1:{deaf_port}/0")
    began = time.monotonic()
    with pytest.raises(TransportError, match="does not answer"):
        limiter.reserve(step("k", requests_per_minute=1, within_s=0.25))
    assert 0.2 <= time.monotonic() - began < 1.5
    assert [words.patience(left) for left in (float("inf"), 1.9, 0.7, 0.3, 0.1, 0.0)] == [
        2,
        1,
        0.5,
        0.2,
        0.1,
        0.1,
    ]


@pytest.mark.parametrize(
    ("within_s", "who"), [(1.5, "baimo-limits"), (None, "MainThread"), (30.0, "MainThread")]
)
def test_a_call_without_time_does_not_wait_until_redis_was_told(
    store: str, prefix: str, within_s: float | None, who: str
) -> None:
    with two(store, prefix) as (mine, yours):
        receipt = mine.reserve(step("k", tokens_per_minute=100, tokens=90, within_s=within_s))
        senders: list[str] = []
        told = threading.Event()
        send = mine._store.send

        def sending(job: dict[str, Any]) -> list[Any]:
            senders.append(threading.current_thread().name)
            answer = send(job)
            told.set()
            return answer

        mine._store.send = sending  # type: ignore[method-assign, assignment]
        mine.settle(receipt, Settlement(tokens=0))
        assert told.wait(20)
        assert senders == [who]
        yours.reserve(step("k", tokens_per_minute=100, tokens=60, within_s=0.0))


def test_without_redis_no_call_goes_out_and_the_error_holds_no_password(closed_port: int) -> None:
    limiter = shared(f"redis://someone:a-fake-password@127.0.0.1:{closed_port}/0")
    with pytest.raises(TransportError) as caught:
        limiter.reserve(ONE)
    assert f"redis://127.0.0.1:{closed_port}/0" in str(caught.value)
    assert "fake-password" not in repr(caught.value) + str(caught.value)
    assert not caught.value.sent
    assert limiter._keeping.line.waiting == 0
    limiter.close()


def test_an_answer_is_not_lost_because_redis_is_gone(store: str, prefix: str, closed_port: int) -> None:
    limiter = shared(store, prefix)
    receipt = limiter.reserve(ONE)
    there, limiter._store = limiter._store, Store(f"redis://127.0.0.1:{closed_port}", prefix, 1.0)
    limiter.settle(receipt, ANSWERED)
    limiter.close()
    there.close()


def test_a_wrong_password_is_a_matter_of_the_configuration(store: str) -> None:
    limiter = shared(store.replace("redis://", "redis://:a-fake-password@"))
    with pytest.raises(ConfigError) as caught:
        limiter.reserve(ONE)
    assert "fake-password" not in str(caught.value)
    limiter.close()


@pytest.mark.parametrize("address", ["http://127.0.0.1", "127.0.0.1:6379", "redis://[", "redis://h:port/0"])
def test_what_is_no_address_is_said_at_once(address: str) -> None:
    with pytest.raises(ConfigError, match="address of a Redis"):
        shared(address)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(MissingExtraError) as caught:
        shared("redis://127.0.0.1:1")
    assert "baimo[redis]" in str(caught.value)


def test_an_interrupted_asker_holds_no_lease(store: str, prefix: str) -> None:
    limiter = shared(store, prefix)
    keeping = limiter._keeping
    waiter: Any = keeping.join(ONE, lambda: None)
    assert keeping.look(waiter) == 0.0
    assert waiter.asks
    from baimo.limiting.sharing import asking

    limiter._store.send({"ask": asking(waiter)})
    keeping.leave(waiter)
    limiter.reserve(NOW)
    limiter.close()


def test_every_name_begins_with_one_tag_so_that_a_cluster_keeps_them_together() -> None:
    assert words.tag("app") == "{app}:limits"
    assert "tag .. ':'" in SCRIPT
