"""Limits kept in this process, for asyncio on any number of loops."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from baimo.errors import Error
from baimo.resilience.places import NEVER
from baimo.steps import Reserve
from baimo.types.limits import Receipt, Settlement

from .keeping import LocalKeeping, client_closed
from .protocol import Clock


class AsyncLocalLimiter:
    """Meets `AsyncLimiter`."""

    def __init__(self, keeping: LocalKeeping, clock: Clock) -> None:
        self._keeping = self.keeper = keeping
        bells = AsyncBells(clock)
        self._bell, self.turn_away = bells.bell, bells.turn_away
        self.release = keeping.release

    async def reserve(self, step: Reserve) -> Receipt:
        """As `LocalLimiter.reserve`. A cancelled one holds no place and has left the line."""
        return self._keeping.at_once(step) or await self._wait(step)

    async def settle(self, receipt: Receipt, settlement: Settlement) -> None:
        """Give the place back and take in what is known now."""
        self._keeping.settle(receipt, settlement)

    async def close(self) -> None:
        """Nothing is held open."""

    async def _wait(self, step: Reserve) -> Receipt:
        with self._bell() as bell:
            waiter = self._keeping.join(step, bell.ring)
            try:
                while True:
                    seconds = self._keeping.look(waiter)
                    if seconds is None:
                        assert waiter.receipt is not None
                        return waiter.receipt
                    await bell.wait(seconds)
            except BaseException:
                self._keeping.leave(waiter)
                raise


class AsyncBells:
    """What the waiters of one keeper wait on, on all loops: who closes the client sends them away."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bells: set[AsyncBell] = set()
        self._is_closed = False

    @contextmanager
    def bell(self) -> Iterator[AsyncBell]:
        """One for a waiter on the running loop."""
        bell = AsyncBell(self._clock)
        self._bells.add(bell)
        try:
            if self._is_closed:
                bell.send_away(client_closed())
            yield bell
        finally:
            self._bells.discard(bell)

    def turn_away(self) -> None:
        """Send all away: the client is closed."""
        self._is_closed = True
        for bell in list(self._bells):
            bell.send_away(client_closed())


class AsyncBell:
    """What one waiter on an event loop waits on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()
        self._away: Error | None = None

    def send_away(self, why: Error) -> None:
        """End the wait with an error, from any thread."""
        self._away = why
        self.ring()

    def ring(self) -> None:
        """From any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._rung.set)

    async def wait(self, seconds: float) -> None:
        """As `Bell.wait`."""
        if seconds == NEVER:
            await self._rung.wait()
        elif self._clock.sleep is time.sleep:
            alarm = self._loop.call_later(max(seconds, 0.0), self._rung.set)
            try:
                await self._rung.wait()
            finally:
                alarm.cancel()
        else:
            await self._wait_or_sleep(seconds)
        self._rung.clear()
        if self._away is not None:
            raise self._away

    async def _wait_or_sleep(self, seconds: float) -> None:
        sleeping = asyncio.ensure_future(self._clock.asleep(seconds))
        sleeping.add_done_callback(self._slept)
        try:
            await self._rung.wait()
        finally:
            sleeping.cancel()

    def _slept(self, sleeping: asyncio.Future[None]) -> None:
        if not sleeping.cancelled():
            self._rung.set()
