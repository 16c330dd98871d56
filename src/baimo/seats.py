"""The usual call within limits: its only deployment is well, has room, and gives a whole answer at once.

Then nothing is waited for and nothing chosen: what health and limits want to know is written down in one go
at the beginning, and at the end. Whatever is not so usual goes the way of every other call.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from contextlib import AbstractContextManager
from typing import Protocol

from baimo.errors import Error
from baimo.exchange import Deployment, Tally
from baimo.resilience.limits import Ticket
from baimo.resilience.line import Line
from baimo.resilience.places import Place
from baimo.resilience.windows import Bucket, Window
from baimo.routing.health import HealthBook
from baimo.types.limits import Claim, Hold, Learned, Settlement
from baimo.wire.http import WireHead

_MOST = 256


class Keeper(Protocol):
    """Keeps limits in this process: what it can say at once needs no step. As the steps and `Limiter` do."""

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held by whoever looks at places or changes them. Short, and never while anything is waited for."""

    @property
    def line(self) -> Line:
        """Those who wait."""

    @property
    def given_back(self) -> Sized:
        """What is to be swept up as soon as nobody holds the lock."""

    @property
    def wall(self) -> Callable[[], float]:
        """Tells the time in Unix seconds."""

    @property
    def mono(self) -> Callable[[], float]:
        """Tells the monotonic time."""

    def place(self, hold: Hold) -> Place:
        """The state of a place."""

    def serve(self, now: float) -> None:
        """Give places to those in line; to be called with the lock held."""

    def sweep(self) -> None:
        """Take in what was given back while somebody held the lock."""

    def now(self) -> tuple[float, float]:
        """The time, wall and monotonic."""

    def grant(self, claim: Claim) -> Ticket | None:
        """Take the claim if nobody need wait for it; None: `Reserve` must ask."""

    def close(self, ticket: Ticket, settlement: Settlement) -> None:
        """The request is over: give back what it holds."""

    def drop(self, ticket: Ticket) -> None:
        """The caller is gone. Never blocks; what was reserved counts as used."""


class Door:
    """What is known of one deployment, found once: how it is, and the only place where its calls count."""

    __slots__ = ("at", "health", "keeper", "learn", "place", "state")

    def __init__(self, doors: Doors, at: Deployment, holds: tuple[Hold, ...]) -> None:
        self.at = at
        self.health, self.keeper, self.learn = doors.health, doors.keeper, doors.learn
        self.state = doors.health.state((at.provider, at.endpoint, at.key, at.model))
        self.place = doors.keeper.place(holds[0]) if len(holds) == 1 else None


class Doors:
    """The doors of one client."""

    def __init__(
        self,
        keeper: Keeper,
        health: HealthBook,
        holds: Callable[[Deployment], tuple[Hold, ...]],
        learn: Callable[[WireHead, float], Learned | None] | None = None,
    ) -> None:
        """`holds` says where calls to a deployment count; `learn` reads what a head tells of limits."""
        self.keeper = keeper
        self.health = health
        self.learn = learn
        self._holds = holds
        self._doors: dict[int, Door] = {}

    def of(self, at: Deployment) -> Door:
        """The door of a deployment. Kept by its identity."""
        door = self._doors.get(id(at))
        if door is None:
            if len(self._doors) >= _MOST:
                self._doors.clear()
            door = self._doors[id(at)] = Door(self, at, self._holds(at))
        return door


class HeldSeat(Tally):
    """What such a call holds while its deployment works for it; it also counts what it used."""

    counted = True
    door: Door
    reserved: int
    """Tokens that the call may use."""
    buckets: list[tuple[Window, Bucket]]
    """Where they count."""
    began: float
    is_held = False
    """Whether the place is still to be given back; that is done once, whatever breaks in on it."""

    __init__ = object.__init__
    """Whoever makes one sets the first two, which costs less than giving them here."""

    def take(self) -> bool:
        """Take a place; False where it has to be waited for, or looked at more closely."""
        door = self.door
        state, place, keeper = door.state, door.place, door.keeper
        if place is None or state.ejected_until or door.health.outs:
            return False
        tokens, ahead = self.reserved, place.ahead
        with keeper.lock:
            now = keeper.mono()
            if (
                now >= ahead.until
                or now < state.cool_until
                or ahead.requests < 1
                or ahead.tokens < tokens
                or place.in_flight >= place.room
                or not place.is_known
                or keeper.line.waiting
            ):
                return False
            place.in_flight += 1
            place.tokens_in_flight += tokens
            ahead.requests -= 1
            ahead.tokens -= tokens
            ahead.last = now
            self.buckets = ahead.counted
        self.began, self.is_held = now, True
        state.under_way.add(self)
        return True

    def done(self, head: WireHead) -> None:
        """The whole answer is here."""
        door, reserved, used = self.door, self.reserved, self.tokens
        keeper, learn = door.keeper, door.learn
        place: Place = door.place  # type: ignore[assignment]  # `take` has looked
        learned = None if learn is None else learn(head, keeper.wall())
        more = 0 if used is None else used - reserved
        ahead = place.ahead
        with keeper.lock:
            now = keeper.mono()
            is_usual = learned is None and more <= 0 and self.buckets is ahead.counted
            if is_usual:
                self.is_held = False
                place.in_flight -= 1
                place.tokens_in_flight -= reserved
                ahead.tokens -= more
                if keeper.line.waiting:
                    keeper.serve(now)
        if not is_usual:
            self.is_held = False
            keeper.close(self._ticket(), Settlement(tokens=used, verdict="answered", learned=learned))
        elif keeper.given_back:
            keeper.sweep()
        door.health.replied(door.state, now, now - self.began)
        door.state.under_way.discard(self)

    def failed(self, error: Error, settlement: Settlement) -> None:
        """It gave no answer."""
        door = self.door
        keeper = door.keeper
        door.health.ended(door.state.name, error, keeper.mono())
        door.state.under_way.discard(self)
        self.is_held = False
        keeper.close(self._ticket(), settlement)

    def left(self) -> None:
        """The caller is gone."""
        self.door.state.under_way.discard(self)
        if self.is_held:
            self.is_held = False
            self.door.keeper.drop(self._ticket())

    def _ticket(self) -> Ticket:
        """What the keeper would have given for it."""
        place = self.door.place
        return Ticket([] if place is None else [place], self.reserved, self.began, False, self.buckets)
