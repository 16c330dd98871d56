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
        """Take the claim where there is room in all its places."""
        holds, tokens = claim.holds, claim.tokens
        if len(holds) != 1:
            return self._granted(claim, now)
        hold = holds[0]
        place = self._places.get(hold.place)
        if place is None or place.limit is not hold.limit or place.row is not hold.row:
            return self._first(claim, now)
        ahead = place.ahead
        if now >= ahead.until or ahead.requests < 1 or ahead.tokens < tokens:
            return self._first(claim, now)
        seeks = not place.is_known and self._adaptive
        if place.in_flight >= (place.adaptive.limit if seeks else place.room):
            return None
        place.in_flight += 1
        place.tokens_in_flight += tokens
        ahead.last = now
        ahead.requests -= 1
        ahead.tokens -= tokens
        return Ticket([place], tokens, now, seeks, ahead.counted)

    def _first(self, claim: Claim, now: float) -> Ticket | None:
        """The same by a look at the windows of its only place; others may be granted ahead of them then."""
        ticket = self._granted(claim, now)
        if ticket is not None:
            ticket.places[0].look_ahead(now)
        return ticket

    def _granted(self, claim: Claim, now: float) -> Ticket | None:
        """The same by a look at all windows, of however many places."""
        places = []
        seeks = self._adaptive
        tokens = claim.tokens
        for hold in claim.holds:
            place = self._places.get(hold.place)
            if place is None or place.limit is not hold.limit or place.row is not hold.row:
                place = self.place(hold)
            if place.due(tokens, now) > now:
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
        places, tokens, used = ticket.places, ticket.tokens, settlement.tokens
        if not places:
            return
        narrow = places[-1]
        if ticket.seeks:
            if settlement.verdict == "answered":
                narrow.adaptive.answered(narrow.in_flight)
            elif settlement.verdict == "refused":
                narrow.adaptive.refused(narrow.in_flight, ticket.at, now)
        for place in places:
            place.in_flight -= 1
            place.tokens_in_flight -= tokens
        if used is not None and used != tokens:
            ahead = narrow.ahead
            if used < tokens and ticket.counted is ahead.counted:
                ahead.tokens += tokens - used
            else:
                self._correct(ticket, used - tokens, now)
        learned = settlement.learned
        if learned is not None and self._learns:
            narrow.learn(learned, now)
            if settlement.verdict == "refused" and learned.retry_after_s is not None:
                narrow.block(now + learned.retry_after_s)

    def _correct(self, ticket: Ticket, more: int, now: float) -> None:
        """Where the windows have been told of the ticket, or it takes more than it had."""
        for place in ticket.places:
            if more > 0:
                place.tell()
        for window, bucket in ticket.counted:
            window.correct(bucket, more, now)

    def _taken(self, places: list[Place], tokens: int, now: float, seeks: bool) -> Ticket:
        ticket = Ticket(places, tokens, now, seeks, [])
        for place in places:
            place.take(tokens, now, ticket.counted)
        return ticket
