"""What keepers that share limits through Redis decide: who asks, what is asked, and what an answer means.

The line of this process stands before Redis: of those who compete only the first asks, so that within a
process the order is kept. The book of this process holds what it learned, and the configured bounds too: what
one process alone would break need not be asked.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from baimo.resilience.limits import LimitBook, Ticket
from baimo.resilience.line import Line, Waiter, out_of_room
from baimo.resilience.places import NEVER
from baimo.types.limits import Claim, Receipt, Settlement

from .keeping import Keeping
from .store import TIMEOUT_S

_FULL_S = 0.025
"""Where others have all places, it is asked again after once to twice so long: none tells when they leave."""
_JITTER_S = 0.005
_WINDOWS = (
    ("requests_per_second", "r", 1),
    ("requests_per_minute", "r", 60),
    ("requests_per_day", "r", 86_400),
    ("tokens_per_minute", "t", 60),
    ("tokens_per_day", "t", 86_400),
)


class Lease:
    """What Redis counts for a granted claim."""

    __slots__ = ("at", "claim", "id", "until")

    def __init__(self, claim: Claim, lease_id: str, at: int, until: float = NEVER) -> None:
        self.claim = claim
        self.id = lease_id
        self.at = at
        self.until = until
        """When the call's time is over, as far as it is known."""

    @property
    def full_places(self) -> list[str]:
        """The places where it counts among the requests under way."""
        return [hold.place for hold in self.claim.holds if hold.limit.concurrency is not None]


class SharedWaiter(Waiter):
    """A waiter that Redis is to be asked for."""

    __slots__ = ("again_at", "allowed", "asks", "denied", "is_full", "lease_id")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.allowed: tuple[tuple[int, Claim], ...] = ()
        """What this process has room for, to be asked for next."""
        self.asks = False
        self.again_at = float("-inf")
        self.denied: set[str] = set()
        self.is_full = False
        """Whether it was denied for requests under way, of which one of this process may end."""
        self.lease_id = ""


class SharedLine(Line):
    """A line whose heads do not take what there is room for, but ask for it."""

    _waiter = SharedWaiter

    def _served(self, waiter: Waiter, wanted: set[str], now: float) -> bool:
        assert isinstance(waiter, SharedWaiter)
        if waiter.asks:
            wanted.update(hold.place for _, claim in waiter.allowed for hold in claim.holds)
            return False
        waiter.allowed = ()
        if now < waiter.again_at:
            wanted |= waiter.denied
            waiter.due = waiter.again_at
            return False
        lacking: set[str] = set()
        due = NEVER
        allowed = []
        for which, claim in waiter.claims:
            lacks, its_due = self.book.lacking(claim, now)
            if not lacks and not any(hold.place in wanted for hold in claim.holds):
                allowed.append((which, claim))
            elif lacks:
                lacking |= lacks
                due = min(due, its_due)
        waiter.allowed = tuple(allowed)
        waiter.due = now if allowed else due
        wanted |= lacking
        wanted.update(hold.place for _, claim in allowed for hold in claim.holds)
        return False

    def nudge(self, now: float) -> None:
        """A request of this process ended: whoever waits for that asks again."""
        for lane in self._lanes.values():
            head = next(iter(lane.values()))
            assert isinstance(head, SharedWaiter)
            if head.is_full and head.again_at > now:
                head.again_at = now
                head.due = NEVER


class SharedKeeping(Keeping):
    """The line of this process, what it asks of Redis, and what it has yet to tell."""

    line: SharedLine

    def __init__(
        self,
        *,
        learns: bool,
        adaptive: bool,
        mono: Callable[[], float],
        dice: Callable[[], float],
        owner: Callable[[], str],
    ) -> None:
        super().__init__(SharedLine(LimitBook(learns=learns, adaptive=adaptive)), mono)
        self._learns = learns
        self._dice = dice
        self._owner = owner
        self._count = 0
        self._untold: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._leases: dict[str, list[str]] = {}
        self.told: Callable[[], object] = _nobody
        """Called when there is something to tell Redis, from wherever; must not block."""

    @property
    def holds_leases(self) -> bool:
        return bool(self._leases)

    def renewals(self) -> list[tuple[str, str]]:
        """The leases held now, each with its place."""
        with self.lock:
            found = [(place, name) for name, places in self._leases.items() for place in places]
        self.sweep()
        return found

    def untold(self) -> list[dict[str, Any]]:
        """What Redis is to be told; it is told once or, where that fails, never."""
        found = []
        while True:
            try:
                found.append(self._untold.get_nowait())
            except Empty:
                return found

    def left(self, waiter: Waiter) -> float:
        """Seconds that the waiter has for an answer of Redis."""
        return waiter.deadline - self.mono()

    def is_urgent(self, receipt: Receipt) -> bool:
        """Whether there is something to tell, and the call that held the place has no time for Redis to take
        long."""
        lease: Lease | None = None if receipt.ticket is None else receipt.ticket.lease
        return lease is not None and lease.until - self.mono() < TIMEOUT_S and not self._untold.empty()

    def _looked(self, waiter: Waiter, now: float) -> float | None:
        assert isinstance(waiter, SharedWaiter)
        if now >= waiter.due:
            self.serve(now)
        if waiter.allowed and (not waiter.lease_id or now < waiter.deadline):
            waiter.asks = True
            self._count += 1
            waiter.lease_id = f"{self._owner()}:{self._count}"
            return 0.0
        return super()._looked(waiter, now)

    def answered(self, waiter: SharedWaiter, answer: list[Any]) -> None:
        """Take in what Redis said.

        Raises LimitReachedError where there is known to be no room as long as the waiter may wait.
        """
        with self.lock:
            now = self.mono()
            waiter.asks = False
            which = int(answer[0])
            if which:
                self._granted(waiter, waiter.allowed[which - 1], int(answer[1]), now)
            else:
                self._denied(waiter, answer[2:], now)
            waiter.allowed = ()
            self.serve(now)
        self.sweep()

    def leave(self, waiter: Waiter) -> None:
        """As `Keeping.leave`; what Redis may have granted meanwhile is given back there as well."""
        assert isinstance(waiter, SharedWaiter)
        if waiter.asks:
            waiter.asks = False
            for _, claim in waiter.allowed:
                self._tell(Lease(claim, waiter.lease_id, 0), 0, None)
        super().leave(waiter)

    def _granted(self, waiter: SharedWaiter, one: tuple[int, Claim], at: int, now: float) -> None:
        which, claim = one
        ticket = self.line.book.take(claim, now)
        lease = ticket.lease = Lease(claim, waiter.lease_id, at, waiter.deadline)
        if lease.full_places:
            self._leases[lease.id] = lease.full_places
        self.line.granted(waiter, Receipt(which, now - waiter.joined, ticket))

    def _denied(self, waiter: SharedWaiter, told: list[Any], now: float) -> None:
        waits = []
        waiter.is_full = False
        waiter.denied = set()
        known = True
        for (_, claim), (micros, full, lacking) in zip(waiter.allowed, told, strict=True):
            wait_s = int(micros) / 1e6
            waiter.denied.update(claim.holds[int(at) - 1].place for at in lacking)
            if full:
                waiter.is_full = True
                known = known and wait_s > waiter.deadline - now
                wait_s = max(wait_s, _FULL_S * (1 + self._dice()))
            waits.append(wait_s)
        wait_s = min(waits)
        if known and len(told) == len(waiter.claims) and now + wait_s > waiter.deadline:
            self.line.leave(waiter)
            self.serve(now)
            raise out_of_room(waiter.deadline - waiter.joined, wait_s)
        waiter.again_at = waiter.due = now + wait_s + _JITTER_S * self._dice()

    def _close(self, ticket: Ticket, settlement: Settlement, now: float) -> None:
        if not ticket.is_open:
            return
        super()._close(ticket, settlement, now)
        lease: Lease = ticket.lease
        self._leases.pop(lease.id, None)
        more = 0 if settlement.tokens is None else settlement.tokens - ticket.tokens
        learned = settlement.learned
        wait_s = None if learned is None or settlement.verdict != "refused" else learned.retry_after_s
        self._tell(lease, more, wait_s if self._learns else None)
        if lease.full_places:
            self.line.nudge(now)

    def _tell(self, lease: Lease, more: int, pause_s: float | None) -> None:
        """Put down what is to be told of a request that ended."""
        places = []
        for hold in lease.claim.holds:
            corrections = [] if not more else [(window[1], more) for window in windows(hold.limit, "t")]
            if corrections or hold.limit.concurrency is not None:
                places.append({"p": hold.place, "d": corrections, "c": hold.limit.concurrency is not None})
        if not places and not pause_s:
            return
        done: dict[str, Any] = {"id": lease.id, "at": lease.at, "h": places}
        if pause_s:
            done["pause"] = (lease.claim.holds[-1].place, pause_s * 1000)
        self._untold.put(done)
        self.told()


def _nobody() -> None:
    """Nobody is to be told."""


def windows(limit: Any, kinds: str = "rt") -> list[tuple[str, int, int]]:
    """The windows of a limit that are bounded: kind, seconds, bound."""
    found = []
    for name, kind, length_s in _WINDOWS:
        bound = getattr(limit, name)
        if bound is not None and kind in kinds:
            found.append((kind, length_s, bound))
    return found


def asking(waiter: SharedWaiter) -> dict[str, Any]:
    """What Redis is asked for a waiter."""
    claims = []
    for _, claim in waiter.allowed:
        holds = []
        for hold in claim.holds:
            one: dict[str, Any] = {"p": hold.place, "w": windows(hold.limit)}
            if hold.limit.concurrency is not None:
                one["c"] = hold.limit.concurrency
            holds.append(one)
        claims.append({"t": claim.tokens, "h": holds})
    return {"id": waiter.lease_id, "claims": claims}
