"""Limits kept in this process, for asyncio on any number of loops."""

from __future__ import annotations

import asyncio
import time

from baimo.resilience.places import NEVER
from baimo.steps import Reserve
from baimo.types.limits import Receipt, Settlement

from .keeping import LocalKeeping
from .protocol import Clock


class AsyncLocalLimiter:
    """Meets `AsyncLimiter`."""

    def __init__(self, keeping: LocalKeeping, clock: Clock) -> None:
        self._keeping = self.keeper = keeping
        self._clock = clock
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
        bell = AsyncBell(self._clock)
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


class AsyncBell:
    """What one waiter on an event loop waits on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()

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
