"""The book of limits: what is taken where, whether a claim can be granted now, and when else.

A claim takes its requests and estimated tokens in all its places at once, or nothing. What became of the
request corrects the tokens, gives its place back, and teaches. Time is an argument and never runs backwards.
"""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.errors import LimitReachedError
from baimo.types.limits import Claim, Hold, Settlement

from .places import NEVER, Place
from .windows import Bucket, Window


class Ticket(msgspec.Struct, eq=False, gc=False):
    """What one granted claim holds."""

    places: list[Place]
    tokens: int
    at: float
    seeks: bool
    """Whether its narrowest place finds out by itself how much it bears."""
    counted: list[tuple[Window, Bucket]]
    """Where its tokens can be corrected."""
    is_open: bool = True
    lease: Any = None
    """What a keeper that shares limits holds elsewhere for it."""


class LimitBook:
    """All places, by name."""

    __slots__ = ("_adaptive", "_learns", "_places")

    def __init__(self, *, learns: bool = True, adaptive: bool = True) -> None:
        self._places: dict[str, Place] = {}
        self._learns = learns
        self._adaptive = adaptive

    def place(self, hold: Hold) -> Place:
        """The state of a place, bounded as the hold says."""
        place = self._places.get(hold.place)
        if place is None:
            place = self._places[hold.place] = Place(hold)
        elif place.limit is not hold.limit or place.row is not hold.row:
            place.configure(hold)
        return place

    def grant(self, claim: Claim, now: float) -> Ticket | None:
        """Take the claim where there is room in all its places.

        Every call comes by here: bounds are compared in place, and only what is full or under a ceiling is
        asked when there is room.
        """
        places = []
        seeks = self._adaptive
        tokens = claim.tokens
        for hold in claim.holds:
            place = self._places.get(hold.place)
            if place is None or place.limit is not hold.limit or place.row is not hold.row:
                place = self.place(hold)
            if place.in_flight >= place.room or place.blocked_until > now:
                return None
            for window in place.requests:
                if window.counted >= window.room and window.due(1, now) > now:
                    return None
            for window in place.tokens:
                if window.counted + tokens > window.room and window.due(tokens, now) > now:
                    return None
            if place.is_known:
                seeks = False
            places.append(place)
        if seeks and places and places[-1].in_flight >= places[-1].adaptive.limit:
            return None
        return self._taken(places, tokens, now, seeks)

    def take(self, claim: Claim, now: float) -> Ticket:
        """Take the claim, whether there is room or not: somebody else has decided that there is."""
        places = [self.place(hold) for hold in claim.holds]
        seeks = self._adaptive and not any(place.is_known for place in places)
        return self._taken(places, claim.tokens, now, seeks)

    def lacking(self, claim: Claim, now: float) -> tuple[set[str], float]:
        """The places without room for the claim, and when there may be some, as far as time alone decides."""
        lacking: set[str] = set()
        latest = now
        places = [self.place(hold) for hold in claim.holds]
        for place in places:
            due = place.due(claim.tokens, now)
            if due > now:
                lacking.add(place.name)
                latest = max(latest, due)
        if self._adaptive and places and not any(place.is_known for place in places):
            narrow = places[-1]
            if narrow.in_flight >= narrow.adaptive.limit:
                lacking.add(narrow.name)
                latest = NEVER
        return lacking, latest

    def possible(self, claims: tuple[Claim, ...]) -> tuple[int, ...]:
        """Which of the claims fit into their limits at all. Raises LimitReachedError where none does."""
        found = []
        why = ""
        for which, claim in enumerate(claims):
            for hold in claim.holds:
                bound = self.place(hold).too_many(claim.tokens)
                if bound is not None:
                    why = f"{claim.tokens} tokens never fit into the limit of {bound} of {hold.place}"
                    break
            else:
                found.append(which)
        if not found:
            raise LimitReachedError(
                why, hint="Ask for fewer (max_tokens, a shorter prompt) or raise the limit.", retryable=False
            )
        return tuple(found)

    def settle(self, ticket: Ticket, settlement: Settlement, now: float) -> None:
        """Give back what the request holds, correct its tokens, and learn. A second time does nothing."""
        if not ticket.is_open:
            return
        ticket.is_open = False
        places, tokens = ticket.places, ticket.tokens
        if ticket.seeks and places:
            narrow = places[-1]
            if settlement.verdict == "answered":
                narrow.adaptive.answered(narrow.in_flight)
            elif settlement.verdict == "refused":
                narrow.adaptive.refused(narrow.in_flight, ticket.at, now)
        for place in places:
            place.in_flight -= 1
            place.tokens_in_flight -= tokens
        used, learned = settlement.tokens, settlement.learned
        if used is not None and used != tokens:
            more = used - tokens
            for window, bucket in ticket.counted:
                if more < 0 <= bucket.count + more:
                    bucket.count += more  # as `correct` does, where all of it still counts
                    window.counted += more
                else:
                    window.correct(bucket, more, now)
        if learned is not None and self._learns and places:
            narrow = places[-1]
            narrow.learn(learned, now)
            if settlement.verdict == "refused" and learned.retry_after_s is not None:
                narrow.blocked_until = max(narrow.blocked_until, now + learned.retry_after_s)

    def _taken(self, places: list[Place], tokens: int, now: float, seeks: bool) -> Ticket:
        """Count a request in all the places. Windows are counted in here, as `Window.take` does it."""
        counted = []
        for place in places:
            place.in_flight += 1
            place.tokens_in_flight += tokens
            for window in place.requests:
                bucket = window.newest
                if now >= bucket.closes or window.ceiling is not None:
                    window.take(1, now)
                    continue
                bucket.last = now
                bucket.count += 1
                window.counted += 1
            for window in place.tokens:
                bucket = window.newest
                if now >= bucket.closes or window.ceiling is not None:
                    bucket = window.take(tokens, now)
                else:
                    bucket.last = now
                    bucket.count += tokens
                    window.counted += tokens
                counted.append((window, bucket))
        return Ticket(places, tokens, now, seeks, counted)
