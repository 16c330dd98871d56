"""A clock that jumps: waiting takes no time, and the time it shows is right all the same."""

from __future__ import annotations

import heapq
import threading

_ROUNDS = 8
"""How often others on the loop may run before the clock jumps."""


class VirtualClock:
    """Meets the protocol `baimo.client.clock.Clock`.

    Who sleeps is woken when the clock shows the time he asked for; the clock goes on when all that can run
    has run. Sleepers of one event loop wake in the order of their times.

    >>> clock = VirtualClock()
    >>> clock.sleep(60)
    >>> clock.elapsed
    60.0
    """

    def __init__(self, *, wall: float = 1_767_225_600.0, mono: float = 1_000.0) -> None:
        """`wall` is what it shows at first, in Unix seconds: the first of January 2026."""
        self._wall = wall
        self._mono = self._begun = mono
        self._lock = threading.Lock()
        self._sleepers: list[tuple[float, int]] = []
        self._count = 0

    @property
    def elapsed(self) -> float:
        """Seconds since it was made."""
        return self._mono - self._begun

    def wall(self) -> float:
        """Unix seconds."""
        return self._wall

    def mono(self) -> float:
        """Seconds that never run backwards."""
        return self._mono

    def advance(self, seconds: float) -> None:
        """Let time go by. Raises ValueError for less than 0."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._go_to(self._mono + seconds)

    def set_wall(self, wall: float) -> None:
        """Set the time of day, as a person does who corrects a clock; `mono` does not change."""
        with self._lock:
            self._wall = wall

    def sleep(self, seconds: float) -> None:
        """Wait so long, in no time."""
        self._go_to(self._mono + max(seconds, 0.0))

    async def asleep(self, seconds: float) -> None:
        """Wait so long, in no time; whoever is to wake earlier wakes first."""
        import asyncio

        if seconds <= 0:
            await asyncio.sleep(0)
            return
        self._count += 1
        sleeper = (self._mono + seconds, self._count)
        heapq.heappush(self._sleepers, sleeper)
        try:
            rounds = 0
            while rounds < _ROUNDS:  # as the first to wake, all the while
                await asyncio.sleep(0)
                rounds = rounds + 1 if self._sleepers[0] == sleeper else 0
            self._go_to(sleeper[0])
        finally:
            self._sleepers.remove(sleeper)
            heapq.heapify(self._sleepers)

    def _go_to(self, mono: float) -> None:
        with self._lock:
            step = mono - self._mono
            if step > 0:
                self._mono = mono
                self._wall += step
