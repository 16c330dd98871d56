"""The clock of a client: the real one, or another that a test hands in."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def wall(self) -> float:
        """Unix seconds."""

    def mono(self) -> float:
        """Seconds that never run backwards."""

    def sleep(self, seconds: float) -> None:
        """Wait so long."""

    async def asleep(self, seconds: float) -> None:
        """Wait so long without blocking the loop."""


class RealClock:
    """The machine's own clock."""

    wall = staticmethod(time.time)
    mono = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)

    async def asleep(self, seconds: float) -> None:
        """Wait so long without blocking the loop."""
        import asyncio

        await asyncio.sleep(seconds)


REAL_CLOCK = RealClock()
