"""Limits shared through a real Redis, for tasks."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from baimo.errors import LimitReachedError, TransportError
from tests.limiting.keepers import ANSWERED, async_shared, shared, step
from tests.loops import BOTH_LOOPS

pytestmark = [pytest.mark.anyio, BOTH_LOOPS]
ONE = step("k", concurrency=1)
NOW = step("k", concurrency=1, within_s=0.0)


async def test_tasks_are_served_in_their_order(store: str, prefix: str) -> None:
    limiter = async_shared(store, prefix)
    order: list[int] = []

    async def work(number: int) -> None:
        receipt = await limiter.reserve(ONE)
        order.append(number)
        await limiter.settle(receipt, ANSWERED)

    await asyncio.gather(*(work(number) for number in range(6)))
    assert order == list(range(6))
    await limiter.close()


async def test_it_shares_with_blocking_callers(store: str, prefix: str) -> None:
    limiter, other = async_shared(store, prefix), shared(store, prefix)
    receipt = other.reserve(ONE)
    with pytest.raises(LimitReachedError):
        await limiter.reserve(NOW)
    other.settle(receipt, ANSWERED)
    await limiter.reserve(NOW)
    other.close()
    await limiter.close()


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancelled_asker_holds_nothing(store: str, prefix: str, turns: int) -> None:
    """Cancelled after so many turns of the loop: before, while and after Redis is asked."""
    limiter = async_shared(store, prefix)
    task = asyncio.ensure_future(limiter.reserve(ONE))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        await limiter.settle(task.result(), ANSWERED)
    await limiter.reserve(step("k", concurrency=1, within_s=1.0))
    assert limiter._keeping.line.waiting == 0
    await limiter.close()


async def test_a_cancelled_waiter_lets_the_next_one_go(store: str, prefix: str) -> None:
    limiter = async_shared(store, prefix)
    receipt = await limiter.reserve(ONE)
    first = asyncio.ensure_future(limiter.reserve(ONE))
    second = asyncio.ensure_future(limiter.reserve(ONE))
    while limiter._keeping.line.waiting != 2:
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    await limiter.settle(receipt, ANSWERED)
    await second
    await limiter.close()


async def test_each_loop_has_a_connection_of_its_own(store: str, prefix: str) -> None:
    limiter = async_shared(store, prefix)
    minute = step("k", requests_per_minute=2)
    ready, done = threading.Event(), threading.Event()

    async def elsewhere() -> None:
        await limiter.reserve(minute)
        ready.set()
        while not done.is_set():
            await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: asyncio.run(elsewhere()))
    thread.start()
    await asyncio.to_thread(ready.wait, 10)
    await limiter.reserve(minute)
    with pytest.raises(LimitReachedError):
        await limiter.reserve(step("k", requests_per_minute=2, within_s=0.0))
    await limiter.close()
    done.set()
    await asyncio.to_thread(thread.join, 10)


async def test_without_redis_no_call_goes_out(closed_port: int) -> None:
    limiter = async_shared(f"redis://someone:a-fake-password@127.0.0.1:{closed_port}/0")
    with pytest.raises(TransportError) as caught:
        await limiter.reserve(ONE)
    assert "fake-password" not in str(caught.value)
    await limiter.close()


async def test_a_redis_that_hangs_takes_no_longer_than_the_call_has(deaf_port: int) -> None:
    limiter = async_shared(f"redis://127.0.0.1:{deaf_port}/0")
    began = time.monotonic()
    with pytest.raises(TransportError, match="does not answer"):
        await limiter.reserve(step("k", requests_per_minute=1, within_s=0.25))
    assert 0.2 <= time.monotonic() - began < 1.5
    await limiter.close()


async def test_a_call_without_time_does_not_wait_until_redis_was_told(store: str, prefix: str) -> None:
    limiter, other = async_shared(store, prefix), async_shared(store, prefix)
    receipt = await limiter.reserve(step("k", concurrency=1, within_s=1.5))

    async def never(job: Any) -> Any:
        raise AssertionError

    limiter._store.send = never  # type: ignore[method-assign, assignment]
    await limiter.settle(receipt, ANSWERED)
    await other.reserve(step("k", concurrency=1, within_s=20.0))
    await limiter.close()
    await other.close()


async def test_an_answer_is_not_lost_because_redis_is_gone(store: str, prefix: str, closed_port: int) -> None:
    limiter = async_shared(store, prefix)
    receipt = await limiter.reserve(ONE)
    there = limiter._store
    limiter._store = type(there)(f"redis://127.0.0.1:{closed_port}", prefix, 1.0)
    await limiter.settle(receipt, ANSWERED)
    await limiter.close()
    await there.close()
