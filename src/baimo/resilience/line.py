"""Who waits for a place within limits: the higher priority first, in line among equals.

Who lacks room in a place keeps all who come later out of that place, however little they need; who waits for
another place passes. Waiters that ask for the same places form a lane, and only the head of a lane
is looked at: where it must wait, so must all behind it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from heapq import heapify, heappop, heappush

from baimo.errors import LimitReachedError
from baimo.steps import Reserve
from baimo.types.limits import Claim, Receipt

from .limits import LimitBook
from .places import NEVER

Lane = tuple[int, frozenset[tuple[str, ...]]]


class Waiter:
    """One who waits; `wake` tells its keeper that something changed: `receipt` or `due`."""

    __slots__ = ("claims", "deadline", "due", "is_gone", "joined", "lane", "number", "receipt", "wake")

    def __init__(self, claims: tuple[tuple[int, Claim], ...], lane: Lane, number: int, now: float) -> None:
        self.claims = claims
        self.lane = lane
        self.number = number
        self.joined = now
        self.deadline = NEVER
        self.due = NEVER
        """When to look again, if nobody wakes it before."""
        self.receipt: Receipt | None = None
        self.is_gone = False
        self.wake: Callable[[], object] = _nobody


def _nobody() -> None:
    """Nobody is to be woken yet."""


class Line:
    """The line before a book. What `serve` wakes is to be woken by the caller, when he likes."""

    def __init__(self, book: LimitBook) -> None:
        self.book = book
        self.waiting = 0
        self._lanes: dict[Lane, OrderedDict[int, Waiter]] = {}
        self._number = 0

    def join(self, step: Reserve, now: float) -> Waiter:
        """Stand in line. Raises LimitReachedError where that is known to be in vain."""
        possible = self.book.possible(step.claims)
        claims = tuple((which, step.claims[which]) for which in possible)
        places = frozenset(tuple(hold.place for hold in claim.holds) for _, claim in claims)
        self._number += 1
        waiter = self._waiter(claims, (-step.priority, places), self._number, now)
        if step.within_s is not None:
            waiter.deadline = now + step.within_s
            due = min(self.book.lacking(claim, now)[1] for _, claim in claims)
            if NEVER > due > waiter.deadline:
                raise out_of_room(step.within_s, due - now)
        self._lanes.setdefault(waiter.lane, OrderedDict())[waiter.number] = waiter
        self.waiting += 1
        return waiter

    _waiter: type[Waiter] = Waiter

    def leave(self, waiter: Waiter) -> None:
        """The waiter goes without a place; the caller serves those behind it."""
        if waiter.receipt is None and not waiter.is_gone:
            self._out(waiter)

    def serve(self, now: float) -> list[Waiter]:
        """Grant what can be granted; those who must be woken, for a place or to look again earlier."""
        woken: list[Waiter] = []
        wanted: set[str] = set()
        heads: list[tuple[int, int, Waiter]] = []
        for lane in list(self._lanes):
            self._push_head(lane, heads)
        heapify(heads)
        while heads:
            waiter = heappop(heads)[2]
            due = waiter.due
            if self._served(waiter, wanted, now):
                woken.append(waiter)
                self._push_head(waiter.lane, heads)
            elif waiter.due < due:
                woken.append(waiter)
        return woken

    def _served(self, waiter: Waiter, wanted: set[str], now: float) -> bool:
        """Whether the waiter has a place now; else what it lacks is among what is wanted."""
        free = [one for one in waiter.claims if not any(hold.place in wanted for hold in one[1].holds)]
        for which, claim in free:
            ticket = self.book.grant(claim, now)
            if ticket is not None:
                self.granted(waiter, Receipt(which, now - waiter.joined, ticket))
                return True
        waiter.due = NEVER
        for one in waiter.claims:
            lacking, due = self.book.lacking(one[1], now)
            wanted |= lacking
            if one in free:
                waiter.due = min(waiter.due, due)
        return False

    def granted(self, waiter: Waiter, receipt: Receipt) -> None:
        """The waiter has its place, and leaves the line."""
        waiter.receipt = receipt
        self._out(waiter)

    def _out(self, waiter: Waiter) -> None:
        waiter.is_gone = True
        self.waiting -= 1
        lane = self._lanes[waiter.lane]
        del lane[waiter.number]
        if not lane:
            del self._lanes[waiter.lane]

    def _push_head(self, lane: Lane, heads: list[tuple[int, int, Waiter]]) -> None:
        waiters = self._lanes.get(lane)
        if waiters:
            head = next(iter(waiters.values()))
            heappush(heads, (lane[0], head.number, head))


def out_of_room(within_s: float, retry_after: float | None = None) -> LimitReachedError:
    """The error for one who would wait, or has waited, longer than it may."""
    when = "" if retry_after is None else f"; there is room in {retry_after:.1f} s"
    return LimitReachedError(
        f"the limits leave no room within {within_s:.1f} s{when}", retry_after=retry_after
    )
