"""What keepers of limits have in common: one line under one lock, and how its waiters wait."""

from __future__ import annotations

import threading
import time
from _thread import get_ident
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from baimo.errors import ConnectError, Error, TransportError
from baimo.resilience.limits import LimitBook, Ticket
from baimo.resilience.line import Line, Waiter, out_of_room
from baimo.resilience.places import NEVER, Place
from baimo.types.limits import Claim, Hold, Receipt, Settlement

from .protocol import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from baimo.steps import Reserve

RELEASED = Settlement()
_LEAST_S = 1e-6
"""A shorter wait may be lost in the rounding of the clock, and would then never end."""


class Keeping:
    """The line and its lock. Every method is short, and none waits for anything but the lock."""

    def __init__(self, line: Line, mono: Callable[[], float]) -> None:
        self.line = line
        self.mono = mono
        """Tells the monotonic time."""
        self.lock = threading.Lock()
        self.given_back: deque[Ticket] = deque()

    def at_once(self, step: Reserve) -> Receipt | None:
        """A place for one who need not wait."""
        line = self.line
        receipt = None
        with self.lock:
            if not line.waiting:
                now = self.mono()
                for which, claim in enumerate(step.claims):
                    ticket = line.book.grant(claim, now)
                    if ticket is not None:
                        receipt = Receipt(which, 0.0, ticket)
                        break
        if self.given_back:
            self.sweep()
        return receipt

    def join(self, step: Reserve, wake: Callable[[], object]) -> Waiter:
        """Stand in line; `wake` is called, from any thread, when something has changed."""
        with self.lock:
            now = self.mono()
            waiter = self.line.join(step, now)
            waiter.wake = wake
            self.serve(now)
        self.sweep()
        return waiter

    def look(self, waiter: Waiter) -> float | None:
        """Seconds to wait until the next look; None: the waiter has its place.

        Raises LimitReachedError when it has waited as long as it may.
        """
        try:
            with self.lock:
                return self._looked(waiter, self.mono())
        finally:
            self.sweep()

    def _looked(self, waiter: Waiter, now: float) -> float | None:
        if waiter.receipt is None and now >= waiter.due:
            self.serve(now)
        if waiter.receipt is not None:
            return None
        if now >= waiter.deadline:
            self.line.leave(waiter)
            self.serve(now)
            raise out_of_room(
                waiter.deadline - waiter.joined, waiter.due - now if now < waiter.due < NEVER else None
            )
        return max(min(waiter.due, waiter.deadline) - now, _LEAST_S)

    def settle(self, receipt: Receipt, settlement: Settlement) -> None:
        """Give the place back and wake whom that helps."""
        if receipt.ticket is None:
            return
        with self.lock:
            now = self.mono()
            self._close(receipt.ticket, settlement, now)
            if self.line.waiting:
                self.serve(now)
        if self.given_back:
            self.sweep()

    def release(self, receipt: Receipt) -> None:
        """As `settle` without knowing anything. Never blocks.

        Called also while objects are being collected: where this very thread holds the lock, the place is
        given back as soon as it lets go.
        """
        if receipt.ticket is not None:
            self.drop(receipt.ticket)

    def drop(self, ticket: Ticket) -> None:
        """As `release`, by the ticket."""
        self.given_back.append(ticket)
        self.sweep()

    def leave(self, waiter: Waiter) -> None:
        """The waiter is gone: it leaves the line, or gives back what it was given meanwhile."""
        with self.lock:
            self.line.leave(waiter)
            self.serve(self.mono())
        if waiter.receipt is not None:
            self.given_back.append(waiter.receipt.ticket)
        self.sweep()

    def _close(self, ticket: Ticket, settlement: Settlement, now: float) -> None:
        self.line.book.settle(ticket, settlement, now)

    def serve(self, now: float) -> None:
        """Give places to those in line and wake them. To be called with the lock held."""
        for waiter in self.line.serve(now):
            waiter.wake()

    def sweep(self) -> None:
        """Take in what was given back while somebody held the lock. Never blocks."""
        while self.given_back and self.lock.acquire(blocking=False):
            try:
                now = self.mono()
                while self.given_back:
                    self._close(self.given_back.popleft(), RELEASED, now)
                if self.line.waiting:
                    self.serve(now)
            finally:
                self.lock.release()


class LocalKeeping(Keeping):
    """Of limits that are this process's alone: a call takes and gives back by the ticket, without a step."""

    def __init__(self, book: LimitBook, clock: Clock) -> None:
        super().__init__(Line(book), clock.mono)
        self._book = book
        self.wall = clock.wall

    def now(self) -> tuple[float, float]:
        """The time, wall and monotonic."""
        return self.wall(), self.mono()

    def place(self, hold: Hold) -> Place:
        """The state of a place."""
        with self.lock:
            return self._book.place(hold)

    def grant(self, claim: Claim) -> Ticket | None:
        """As `at_once`, where there is one claim."""
        with self.lock:
            ticket = None if self.line.waiting else self._book.grant(claim, self.mono())
        if self.given_back:
            self.sweep()
        return ticket

    def close(self, ticket: Ticket, settlement: Settlement) -> None:
        """As `settle`."""
        with self.lock:
            now = self.mono()
            self._book.settle(ticket, settlement, now)
            if self.line.waiting:
                self.serve(now)
        if self.given_back:
            self.sweep()


def new_keeping(*, learns: bool, adaptive: bool, clock: Clock) -> LocalKeeping:
    """One with an empty book."""
    return LocalKeeping(LimitBook(learns=learns, adaptive=adaptive), clock)


class Bells:
    """What the blocking callers of one keeper wait on, by thread: others may send them away."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bells: dict[int, Bell] = {}
        self._unwanted: dict[int, Callable[[], bool]] = {}
        self._is_closed = False

    @contextmanager
    def bell(self) -> Iterator[Bell]:
        """The one of this thread."""
        thread = get_ident()
        bell = self._bells[thread] = Bell(self._clock)
        try:
            unwanted = self._unwanted.pop(thread, None)
            if self._is_closed:
                bell.send_away(client_closed())
            elif unwanted is not None and unwanted():
                bell.send_away(given_up())
            yield bell
        finally:
            del self._bells[thread]

    def abort_opening(self, thread: int, is_opening: Callable[[], bool]) -> None:
        """Send away who waits in that thread; `is_opening` tells whether its call still does."""
        self._unwanted[thread] = is_opening  # for one that is about to wait
        bell = self._bells.get(thread)
        if bell is not None and is_opening():
            bell.send_away(given_up())

    def turn_away(self) -> None:
        """Send all away: the client is closed."""
        self._is_closed = True
        for bell in list(self._bells.values()):
            bell.send_away(client_closed())


class Bell:
    """What one blocking waiter waits on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = threading.Event()
        self._away: Error | None = None
        self.ring = self._rung.set

    def send_away(self, why: Error) -> None:
        """End the wait with an error."""
        self._away = why
        self.ring()

    def wait(self, seconds: float) -> None:
        """Until it rings, or so long. A clock that is not the machine's own decides how long that takes."""
        if seconds == NEVER or self._clock.sleep is time.sleep:
            self._rung.wait(None if seconds == NEVER else max(seconds, 0.0))
        elif not self._rung.is_set():
            self._clock.sleep(seconds)
        self._rung.clear()
        if self._away is not None:
            raise self._away


def client_closed() -> ConnectError:
    """The error for a call that waited for its place when its client was closed."""
    return ConnectError("this client was closed while the call waited for its place", retryable=False)


def given_up() -> TransportError:
    """The error for a call that its caller closed while it waited for its place."""
    return TransportError(
        "the call was closed on our side, waiting for its place", retryable=False, sent=False
    )
