"""The retry budget: how much of a client's traffic may be second attempts.

In an outage every call fails, and a client that tries each one again doubles the load on a provider that is
down. As in Envoy's circuit breakers, retries may be a share of what is under way, and never fewer than a
few: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/circuit_breaker.proto
"""

from __future__ import annotations

from collections.abc import Callable


class RetryBudget:
    """Counts a client's calls under way and those of them that are being tried again.

    Calls are kept in sets: to add or to take away one twice does no harm, and needs no lock.

    >>> budget = RetryBudget()
    >>> [budget.may_retry(call) for call in "abcd"]
    [True, True, True, False]
    """

    __slots__ = ("_active", "_least", "_retrying", "_share", "begin")

    def __init__(self, *, share: float = 0.2, least: int = 3) -> None:
        self._share = share
        self._least = least
        self._active: set[object] = set()
        self._retrying: set[object] = set()
        self.begin: Callable[[object], None] = self._active.add
        """A call begins."""

    @property
    def active(self) -> int:
        """Calls under way."""
        return len(self._active)

    @property
    def retrying(self) -> int:
        """Those of them that are being tried again."""
        return len(self._retrying)

    @property
    def bound(self) -> float:
        """How many may be tried again at this moment."""
        return max(self._share * len(self._active), self._least)

    def may_retry(self, call: object) -> bool:
        """Whether a call may be tried again; one that may counts as such until it ends."""
        if call not in self._retrying:
            if len(self._retrying) + 1 > self.bound:
                return False
            self._retrying.add(call)
        return True

    def end(self, call: object) -> None:
        """The call is over."""
        self._active.discard(call)
        if self._retrying:
            self._retrying.discard(call)


TOO_MANY = (
    "Not tried again: too many calls are being tried again already, and more would make an outage worse."
)
