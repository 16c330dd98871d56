"""Limits in this process, for tasks on one loop and on several."""

from __future__ import annotations

import asyncio
import threading

import pytest

from baimo.errors import LimitReachedError
from baimo.limiting.async_local import AsyncLocalLimiter
from baimo.steps import Reserve
from baimo.testing.clock import VirtualClock
from baimo.types.limits import Receipt
from tests.limiting.keepers import ANSWERED, async_local, step
from tests.loops import BOTH_LOOPS

pytestmark = [pytest.mark.anyio, BOTH_LOOPS]
ONE = step("k", concurrency=1)


async def waiting(limiter: AsyncLocalLimiter, wanted: Reserve) -> asyncio.Task[Receipt]:
    """A task that stands in line."""
    length = limiter._keeping.line.waiting + 1
    task = asyncio.ensure_future(limiter.reserve(wanted))
    while limiter._keeping.line.waiting != length:
        await asyncio.sleep(0)
    return task


async def test_tasks_are_served_in_their_order() -> None:
    limiter = async_local()
    receipt = await limiter.reserve(ONE)
    tasks = [await waiting(limiter, ONE) for _ in range(5)]
    for task in tasks:
        assert not any(other.done() for other in tasks[tasks.index(task) :])
        await limiter.settle(receipt, ANSWERED)
        receipt = await task


async def test_a_cancelled_task_leaves_the_line() -> None:
    limiter = async_local()
    receipt = await limiter.reserve(ONE)
    first, second = await waiting(limiter, ONE), await waiting(limiter, ONE)
    first.cancel()
    await asyncio.wait([first])
    assert first.cancelled()
    assert limiter._keeping.line.waiting == 1
    await limiter.settle(receipt, ANSWERED)
    await second


async def test_a_task_cancelled_between_grant_and_waking_gives_its_place_back() -> None:
    limiter = async_local()
    receipt = await limiter.reserve(ONE)
    task = await waiting(limiter, ONE)
    limiter.release(receipt)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await limiter.reserve(step("k", concurrency=1, within_s=0.0))


async def test_waiting_for_a_minute_takes_no_time_on_a_virtual_clock() -> None:
    clock = VirtualClock()
    limiter = async_local(clock)
    minute = step("k", requests_per_minute=2)
    before = asyncio.all_tasks()
    receipts = await asyncio.gather(*(limiter.reserve(minute) for _ in range(5)))
    assert [receipt.waited_s for receipt in receipts] == [0.0, 0.0, 60.0, 60.0, 120.0]
    assert clock.elapsed == 120.0
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    await limiter.close()


async def test_a_cancelled_wait_on_a_virtual_clock_leaves_no_task() -> None:
    limiter = async_local(VirtualClock())
    before = asyncio.all_tasks()
    await limiter.reserve(ONE)
    task = await waiting(limiter, step("k", concurrency=1, within_s=5.0))
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_who_waited_as_long_as_he_may_leaves_the_line() -> None:
    limiter = async_local()
    await limiter.reserve(ONE)
    with pytest.raises(LimitReachedError):
        await limiter.reserve(step("k", concurrency=1, within_s=0.01))
    assert limiter._keeping.line.waiting == 0


async def test_loops_of_several_threads_share_one_book() -> None:
    limiter = async_local()
    wanted = step("k", concurrency=2)
    running = most = total = 0
    lock = threading.Lock()

    async def work() -> None:
        nonlocal running, most, total
        for _ in range(20):
            receipt = await limiter.reserve(wanted)
            with lock:
                running += 1
                total += 1
                most = max(most, running)
            await asyncio.sleep(0)
            with lock:
                running -= 1
            await limiter.settle(receipt, ANSWERED)

    async def several() -> None:
        await asyncio.gather(*(work() for _ in range(5)))

    threads = [threading.Thread(target=lambda: asyncio.run(several())) for _ in range(3)]
    for thread in threads:
        thread.start()
    await several()
    for thread in threads:
        await asyncio.to_thread(thread.join, 20)
    assert total == 400
    assert most == 2


async def test_a_waiter_whose_loop_is_gone_is_passed_over() -> None:
    limiter = async_local()
    receipt = await limiter.reserve(ONE)

    def abandoned() -> None:
        loop = asyncio.new_event_loop()
        task = loop.create_task(limiter.reserve(ONE))
        while limiter._keeping.line.waiting != 1:
            loop.run_until_complete(asyncio.sleep(0))
        task.cancel()
        loop.close()
        limiter.release(receipt)
        task.get_coro().close()  # type: ignore[union-attr]

    thread = threading.Thread(target=abandoned)
    thread.start()
    await asyncio.to_thread(thread.join, 10)
    await limiter.reserve(step("k", concurrency=1, within_s=1.0))
