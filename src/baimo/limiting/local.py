"""Limits kept in this process, for blocking callers from any thread."""

from __future__ import annotations

from baimo.steps import Reserve
from baimo.types.limits import Receipt

from .keeping import Bell, LocalKeeping
from .protocol import Clock


class LocalLimiter:
    """Meets `Limiter`."""

    def __init__(self, keeping: LocalKeeping, clock: Clock) -> None:
        self._keeping = self.keeper = keeping
        self._clock = clock
        self.settle = keeping.settle
        self.release = keeping.release

    def reserve(self, step: Reserve) -> Receipt:
        """Wait for a place. Raises LimitReachedError where that would take longer than the step may wait."""
        return self._keeping.at_once(step) or self._wait(step)

    def close(self) -> None:
        """Nothing is held open."""

    def _wait(self, step: Reserve) -> Receipt:
        bell = Bell(self._clock)
        waiter = self._keeping.join(step, bell.ring)
        try:
            while True:
                seconds = self._keeping.look(waiter)
                if seconds is None:
                    assert waiter.receipt is not None
                    return waiter.receipt
                bell.wait(seconds)
        except BaseException:
            self._keeping.leave(waiter)
            raise
