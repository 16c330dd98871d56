"""Equal calls of tasks: one fetches, the others get what it brings, and whoever goes leaves no trace."""

from __future__ import annotations

import asyncio

import pytest

from baimo.cache.async_flight import AsyncFlights
from baimo.errors import TimedOutError
from tests.cache.waiting import until_so
from tests.loops import BOTH_LOOPS

MANY = 50
pytestmark = [pytest.mark.anyio, BOTH_LOOPS]


def waiting(flights: AsyncFlights) -> int:
    return sum(len(board._flights.get("k", ())) for board in flights._boards.values())


async def line(flights: AsyncFlights, count: int) -> list[asyncio.Task[bytes | None]]:
    """So many tasks that wait behind a leader."""
    assert await flights.join("k") is None
    tasks = [asyncio.ensure_future(flights.join("k")) for _ in range(count)]
    await until_so(lambda: waiting(flights) == count)
    return tasks


async def test_of_many_tasks_one_fetches_and_all_have_it() -> None:
    flights = AsyncFlights()
    tasks = await line(flights, MANY)
    flights.land("k", b"v")
    assert await asyncio.gather(*tasks) == [b"v"] * MANY
    assert len(flights) == 0


async def test_a_leader_that_leaves_hands_over_to_exactly_one() -> None:
    flights = AsyncFlights()
    tasks = await line(flights, MANY)
    flights.leave("k")
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert [one.result() for one in done] == [None]
    assert waiting(flights) == MANY - 1
    flights.land("k", b"v")
    assert await asyncio.gather(*rest) == [b"v"] * (MANY - 1)


async def test_waiters_that_are_cancelled_leave_no_trace() -> None:
    flights = AsyncFlights()
    tasks = await line(flights, 3)
    tasks[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    assert waiting(flights) == 2
    flights.leave("k")
    assert await tasks[1] is None
    flights.leave("k")
    assert await tasks[2] is None
    flights.leave("k")
    assert len(flights) == 0


async def test_a_waiter_that_is_cancelled_in_the_moment_it_is_to_lead_hands_on() -> None:
    flights = AsyncFlights()
    first, second = await line(flights, 2)
    flights.leave("k")
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second is None
    flights.leave("k")
    assert len(flights) == 0


async def test_who_has_no_time_left_ends_and_leaves_no_trace() -> None:
    flights = AsyncFlights()
    assert await flights.join("k") is None
    with pytest.raises(TimedOutError) as caught:
        await flights.join("k", 0.001)
    assert caught.value.limit == "total"
    assert waiting(flights) == 0
    flights.leave("k")
    assert len(flights) == 0


async def test_a_call_that_is_told_nothing_lands_on_no_other_loop() -> None:
    flights = AsyncFlights()
    flights.land("k", b"v")
    flights.leave("k")
    assert len(flights) == 0
