"""How many requests at once where nobody tells: more while all goes well, half after a refusal."""

from __future__ import annotations

FIRST = 64
"""As many as `Client.map` sends at once, so that nobody waits before a refusal; six of them lead to one."""


class Adaptive:
    """Additive increase, multiplicative decrease."""

    __slots__ = ("_eased_at", "_good", "limit")

    def __init__(self, first: int = FIRST) -> None:
        self.limit = first
        self._good = 0
        self._eased_at = float("-inf")

    def answered(self, in_flight: int) -> None:
        """A request was answered while so many, itself included, were under way.

        After as many answers as the limit lets through at once, it is one higher; answers that came while
        there was room to spare say nothing of it.
        """
        if in_flight < self.limit:
            return
        self._good += 1
        if self._good >= self.limit:
            self.limit += 1
            self._good = 0

    def refused(self, in_flight: int, began: float, now: float) -> None:
        """A request that began then was refused while so many, itself included, were under way.

        Those that were under way at the last decrease are of the same burst, and lower nothing again.
        """
        if began < self._eased_at:
            return
        self.limit = max(1, min(self.limit, in_flight) // 2)
        self._good = 0
        self._eased_at = now
