"""A clock that jumps."""

from __future__ import annotations

import asyncio
import threading

import pytest

from baimo.client.clock import Clock
from baimo.testing import VirtualClock


def test_waiting_takes_no_time_and_both_times_go_on() -> None:
    clock: Clock = VirtualClock(wall=100.0, mono=5.0)
    wait = clock.sleep
    wait(3600)
    wait(0)
    wait(-1)
    assert (clock.wall(), clock.mono()) == (3700.0, 3605.0)


def test_time_is_let_go_by_and_never_runs_backwards() -> None:
    clock = VirtualClock()
    clock.advance(2.5)
    assert clock.elapsed == 2.5
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_the_time_of_day_may_be_set_without_the_other_one() -> None:
    clock = VirtualClock(wall=100.0, mono=5.0)
    clock.set_wall(50.0)
    clock.advance(1.0)
    assert (clock.wall(), clock.mono()) == (51.0, 6.0)


async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    clock = VirtualClock()
    woke: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.asleep(seconds)
        woke.append((name, clock.elapsed))

    await asyncio.gather(sleeper("c", 30), sleeper("a", 10), sleeper("b", 20), sleeper("now", 0))
    assert woke == [("now", 0.0), ("a", 10.0), ("b", 20.0), ("c", 30.0)]


async def test_time_goes_on_only_when_all_that_can_run_has_run() -> None:
    clock = VirtualClock()
    seen: list[float] = []

    async def busy() -> None:
        for _ in range(5):
            await asyncio.sleep(0)
            seen.append(clock.elapsed)

    await asyncio.gather(clock.asleep(60), busy())
    assert seen == [0.0] * 5
    assert clock.elapsed == 60.0


async def test_a_cancelled_sleeper_holds_nobody_up() -> None:
    clock = VirtualClock()
    short = asyncio.ensure_future(clock.asleep(1))
    long = asyncio.ensure_future(clock.asleep(100))
    await asyncio.sleep(0)
    short.cancel()
    await long
    assert clock.elapsed == 100.0
    assert short.cancelled()


def test_threads_may_sleep_at_once() -> None:
    clock = VirtualClock()
    threads = [threading.Thread(target=clock.sleep, args=(1.0,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1.0 <= clock.elapsed <= 20.0
