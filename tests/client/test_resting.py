"""Waits that are broken off: by the closing of the client, or because their call is over."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from baimo.client.clock import REAL_CLOCK
from baimo.client.resting import AsyncRests, Rests
from baimo.errors import ConnectError
from baimo.testing import VirtualClock
from tests.transports.contract import wait_until


def going_on() -> bool:
    return False


def test_a_wait_takes_as_long_as_the_clock_says() -> None:
    clock = VirtualClock()
    Rests(clock).rest(60.0, going_on)
    Rests(REAL_CLOCK).rest(0.001, going_on)
    asyncio.run(AsyncRests(clock).rest(60.0))
    asyncio.run(AsyncRests(REAL_CLOCK).rest(0.001))
    assert clock.elapsed == 120.0


def test_who_is_woken_goes_on_and_nobody_else() -> None:
    rests = Rests(REAL_CLOCK)
    with ThreadPoolExecutor(1) as others:
        thread = others.submit(threading.get_ident).result()
        resting = others.submit(rests.rest, 60.0, going_on)
        wait_until(lambda: bool(rests._bells))
        rests.wake(thread + 1)
        assert not resting.done()
        rests.wake(thread)
        resting.result(5)
    assert not rests._bells


def test_a_call_that_is_over_before_its_wait_does_not_wait() -> None:
    Rests(REAL_CLOCK).rest(60.0, lambda: True)


def test_nobody_rests_in_a_closed_client() -> None:
    rests, awaited = Rests(REAL_CLOCK), AsyncRests(REAL_CLOCK)
    rests.close()
    awaited.close()
    with pytest.raises(ConnectError, match="client is closed"):
        rests.rest(60.0, going_on)
    with pytest.raises(ConnectError, match="client is closed"):
        asyncio.run(awaited.rest(60.0))
