"""What a keeper of limits is. `reserve` and `settle` carry out the steps of those names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from baimo.steps import Reserve
from baimo.types.limits import Receipt, Settlement


class Clock(Protocol):
    """Tells the time and waits; the client's own clock is one."""

    def wall(self) -> float:
        """Unix seconds."""

    def mono(self) -> float:
        """Seconds that never run backwards."""

    def sleep(self, seconds: float) -> None:
        """Wait so long."""

    async def asleep(self, seconds: float) -> None:
        """Wait so long without blocking the loop."""


class Limiter(Protocol):
    """For blocking callers, from any thread."""

    def reserve(self, step: Reserve) -> Receipt:
        """Wait for a place. Raises LimitReachedError where that would take longer than the step may wait."""

    def settle(self, receipt: Receipt, settlement: Settlement) -> None:
        """Give the place back and take in what is known now."""

    def release(self, receipt: Receipt) -> None:
        """The caller is gone: give the place back. Never blocks; what was reserved counts as used."""

    def abort_opening(self, thread: int, is_opening: Callable[[], bool]) -> None:
        """Send away who waits in that thread; `is_opening` tells whether its call still does."""

    def turn_away(self) -> None:
        """Send away all who wait: the client is closed."""

    def close(self) -> None:
        """Let go of what it holds open."""


class AsyncLimiter(Protocol):
    """For asyncio, on any number of loops."""

    async def reserve(self, step: Reserve) -> Receipt:
        """As `Limiter.reserve`. A cancelled one holds no place and has left the line."""

    async def settle(self, receipt: Receipt, settlement: Settlement) -> None:
        """As `Limiter.settle`."""

    def release(self, receipt: Receipt) -> None:
        """As `Limiter.release`."""

    def turn_away(self) -> None:
        """As `Limiter.turn_away`."""

    async def close(self) -> None:
        """As `Limiter.close`."""
