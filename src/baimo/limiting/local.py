"""Limits kept in this process, for blocking callers from any thread."""

from __future__ import annotations

from baimo.steps import Reserve
from baimo.types.limits import Receipt

from .keeping import Bells, LocalKeeping
from .protocol import Clock


class LocalLimiter:
    """Meets `Limiter`."""

    def __init__(self, keeping: LocalKeeping, clock: Clock) -> None:
        self._keeping = self.keeper = keeping
        bells = Bells(clock)
        self._bell, self.turn_away, self.abort_opening = bells.bell, bells.turn_away, bells.abort_opening
        self.settle = keeping.settle
        self.release = keeping.release

    def reserve(self, step: Reserve) -> Receipt:
        """Wait for a place. Raises LimitReachedError where that would take longer than the step may wait."""
        return self._keeping.at_once(step) or self._wait(step)

    def close(self) -> None:
        """Nothing is held open."""

    def _wait(self, step: Reserve) -> Receipt:
        with self._bell() as bell:
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
