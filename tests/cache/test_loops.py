"""Asynchronous flights beyond one running loop."""

from __future__ import annotations

import asyncio
import gc

from baimo.cache.async_flight import AsyncFlights


def test_two_loops_fetch_for_themselves_and_a_loop_that_is_gone_is_forgotten() -> None:
    flights = AsyncFlights()
    assert asyncio.run(flights.join("k")) is None
    assert asyncio.run(flights.join("k")) is None
    gc.collect()
    assert len(flights) == 0


def test_a_call_that_is_left_when_its_loop_has_stopped_is_left_all_the_same() -> None:
    flights = AsyncFlights()
    with asyncio.Runner() as runner:
        assert runner.run(flights.join("k")) is None
        flights.leave("k")
        assert len(flights) == 0
