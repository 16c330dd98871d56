"""Counting over a sliding window: never more than so many in any window of its length."""

from __future__ import annotations

from collections import deque

GRAINS = 64
"""A window's length is this many times the span over which counts are kept together."""


class Bucket:
    """What was counted within one grain. It leaves the window together, when the last of it does."""

    __slots__ = ("closes", "count", "last")

    def __init__(self, closes: float) -> None:
        self.closes = closes
        self.last = closes
        self.count = 0


class Ceiling:
    """What a provider said is left, until everything is back; `rate` is how much comes back each second."""

    __slots__ = ("at", "left", "rate", "until")

    def __init__(self, left: float, rate: float, at: float, until: float) -> None:
        self.left = left
        self.rate = rate
        self.at = at
        self.until = until

    def due(self, n: int, now: float) -> float:
        """When there is room for `n`; `now` or before means at once."""
        left = self.left + self.rate * (now - self.at)
        if left >= n:
            return now
        return min(self.until, now + (n - left) / self.rate) if self.rate else self.until


class Window:
    """Counts of the last `length_s` seconds, in so few buckets that a day costs no more than a minute.

    A bucket counts until the last of it is `length_s` old: never too few are counted, and what is counted
    leaves at most one grain late.
    """

    __slots__ = ("_buckets", "bound", "ceiling", "counted", "is_own", "length_s", "newest", "room")

    def __init__(self, length_s: float) -> None:
        self.length_s = length_s
        self.bound: int | None = None
        self.room = float("inf")
        """What may count without asking `due`: the bound, or infinity; nothing under a ceiling."""
        self.is_own = False
        """Whether the bound was configured, so that nothing learned replaces it."""
        self.counted = 0
        """What counts now, or more: buckets leave when somebody looks."""
        self.ceiling: Ceiling | None = None
        self._buckets: deque[Bucket] = deque()
        self.newest = Bucket(float("-inf"))
        """What is taken before it closes counts there."""

    def due(self, n: int, now: float) -> float:
        """When there is room for `n`; `now` or before means at once, infinity never.

        More than a bound that was not configured waits until nothing counts: an estimate may be too high.
        """
        due = now
        bound = self.bound
        if bound is not None and self.counted + n > bound:
            if n > bound:
                if self.is_own:
                    return float("inf")
                n = bound
            self._prune(now)
            due = self._room(self.counted + n - bound, now)
        ceiling = self.ceiling
        if ceiling is not None:
            if now >= ceiling.until:
                self._cover(None)
            else:
                due = max(due, ceiling.due(n, now))
        return due

    def bind(self, bound: int | None, *, own: bool) -> None:
        """Bound it anew; None: not at all."""
        self.bound = bound
        self.is_own = own
        self._cover(self.ceiling)

    def take(self, n: int, now: float) -> Bucket:
        """Count `n`; the bucket is for `correct`."""
        bucket = self.newest
        if now >= bucket.closes:
            self._prune(now)
            bucket = self.newest = Bucket(now + self.length_s / GRAINS)
            self._buckets.append(bucket)
        bucket.last = now
        bucket.count += n
        self.counted += n
        ceiling = self.ceiling
        if ceiling is not None:
            ceiling.left -= n
        return bucket

    def add(self, n: int, last: float) -> None:
        """Count `n` in the newest bucket, which was open at `last`, when the last of it was taken."""
        self.newest.last = last
        self.newest.count += n
        self.counted += n

    def correct(self, bucket: Bucket, more: int, now: float) -> None:
        """What was counted in the bucket was more, or less than nothing more, than thought."""
        if more > 0:
            self.take(more, now)
        else:
            less = min(-more, bucket.count)
            bucket.count -= less
            self.counted -= less

    def learn(self, limit: int | None, left: float | None, reset_s: float | None, now: float) -> None:
        """Take in what a reply told: how much in all, what is left, seconds until all is back."""
        if limit is not None and not self.is_own:
            self.bind(limit, own=False)
        if left is None:
            return
        whole = limit if limit is not None else self.bound
        refill_s = self.length_s if whole is None else self.length_s * max(whole - left, 0.0) / whole
        if reset_s is None:
            reset_s = refill_s
        if reset_s <= 0:
            self._cover(None)
            return
        steady = whole is not None and 0.8 < refill_s / reset_s < 1.25
        rate = whole / self.length_s if steady and whole is not None else 0.0
        self._cover(Ceiling(left, rate, now, now + reset_s))

    def _cover(self, ceiling: Ceiling | None) -> None:
        """Have that ceiling, or none."""
        self.ceiling = ceiling
        if ceiling is not None:
            self.room = float("-inf")
        else:
            self.room = float("inf") if self.bound is None else self.bound

    def _prune(self, now: float) -> None:
        buckets = self._buckets
        while buckets and buckets[0].last + self.length_s <= now:
            bucket = buckets.popleft()
            self.counted -= bucket.count
            bucket.count = 0

    def _room(self, over: int, now: float) -> float:
        """When so much of what counts now has left."""
        due = now
        for bucket in self._buckets:
            if over <= 0:
                break
            over -= bucket.count
            due = bucket.last + self.length_s
        return due
