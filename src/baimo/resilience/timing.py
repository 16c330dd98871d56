"""Time limits of a call, and the clock of one attempt."""

from __future__ import annotations

import msgspec


class TimeLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. `total` bounds everything: retries, waiting and reading included; None: no bound.

    `first_event` and `idle` count decoded progress: keep-alives extend only the first, up to `queue`.
    """

    connect: float = 10.0
    head: float = 600.0
    first_event: float = 120.0
    idle: float = 60.0
    queue: float = 120.0
    total: float | None = None


class Deadline:
    """When a call must be over, on the monotonic clock."""

    __slots__ = ("_at",)

    def __init__(self, total_s: float | None, *, now: float) -> None:
        self._at = None if total_s is None else now + total_s

    def left(self, now: float) -> float | None:
        """Seconds that remain, never below 0; None where there is no bound."""
        return None if self._at is None else max(self._at - now, 0.0)

    def bound(self, seconds: float, now: float) -> float:
        """`seconds`, or what remains if that is less."""
        return seconds if self._at is None else min(seconds, max(self._at - now, 0.0))


class Progress:
    """How long the next piece of one reply may take.

    Time is asked for only after a read that brought no event, so that a lively stream never looks at
    the clock.
    """

    __slots__ = ("_limits", "_shown", "_since", "_streams")

    def __init__(self, limits: TimeLimits, *, streams: bool, sent_at: float) -> None:
        self._limits = limits
        self._streams = streams
        self._shown = False
        self._since: float | None = sent_at

    def made(self) -> None:
        """Events came: from now on the idle limit counts, anew."""
        self._shown = True
        self._since = None

    def quiet(self, now: float) -> None:
        """A read brought bytes but no event."""
        if self._since is None:
            self._since = now

    def restarted(self, now: float) -> None:
        """The body of a whole reply has begun: from here on bytes count as progress."""
        self._shown = True
        self._since = now

    @property
    def idle(self) -> bool:
        """True when no silence is being timed."""
        return self._since is None

    def within(self, now: float | None) -> float:
        """Seconds that the next read may take. `now` may be None only while `idle`."""
        limits = self._limits
        if self._since is None or now is None:
            return limits.idle
        if self._shown:
            return max(self._since + limits.idle - now, 0.0)
        if not self._streams:
            return max(self._since + limits.head - now, 0.0)
        return max(self._since + limits.first_event - now, 0.0)

    def within_queued(self, now: float) -> float:
        """As `within`, where the reply shows signs of life but no event yet (keep-alives)."""
        limits = self._limits
        if self._shown or self._since is None:
            return self.within(now)
        longest = max(limits.queue, limits.first_event) if self._streams else limits.head
        return max(self._since + longest - now, 0.0)
