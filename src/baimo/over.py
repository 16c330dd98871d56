"""A call over several deployments, or within limits: which one is tried, how often, what follows a failure.

Keys of one model are tried one after the other without waiting. When each has failed, the model is tried
again after a wait, as `RetryPolicy` says, or the next model of the route is asked: at once where the wait
would be long.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from baimo.errors import (
    BudgetError,
    Error,
    LimitReachedError,
    OverloadedError,
    RateLimitedError,
    StreamInterrupted,
    TimedOutError,
    TransportError,
)
from baimo.exchange import Deployment, Exchange, Operation, Outcome, Tally, exchange
from baimo.notes import Note
from baimo.passing import through
from baimo.places import Place, Told, places_of
from baimo.resilience.budget import TOO_MANY
from baimo.resilience.retry import RetryPolicy, Verdict
from baimo.resilience.timing import NO_DEADLINE, Deadline, TimeLimits
from baimo.routing.choose import Standing, choose, soonest
from baimo.routing.continuing import Splice
from baimo.routing.fallback import After, after
from baimo.rules import Purse, Route, RouteWatch, Rules
from baimo.seats import HeldSeat
from baimo.steps import Dice, Emit, Now, Reserve, Retrying, Settle, Step, Wait
from baimo.types.events import PartStarted
from baimo.types.fold import Folder
from baimo.types.limits import Receipt, Settlement
from baimo.types.record import Decision

PATIENCE_S = 2.0
"""So long a call waits to try a model again while its route has another one."""
SHARE = 0.6
"""What one deployment may take of the time that is left until its first word, while there is another one."""

_ONCE = RetryPolicy(attempts=1)
_NOW = Now()
_DICE = Dice()


_USABLE = (None, "ejected")
"""Reasons that do not keep a call from the only place there is."""

_Taken: TypeAlias = tuple[int, Receipt | None]


def alone(
    operation: Operation,
    at: Deployment,
    *,
    retry: RetryPolicy,
    limits: TimeLimits,
    raw: bool,
    rules: Rules,
    watch: RouteWatch | None = None,
    now: tuple[float, float] | None = None,
) -> Exchange:
    """A call to the only place of its route, within limits. What does not go well, `RouteCall` goes on with.

    `watch` stands before that of the rules. `now` is the time where the caller has just asked for it. Nothing
    is spent from a purse.
    """
    if rules.doors is None or operation.streams:
        return _within(operation, at, retry, limits, raw, rules, watch, now)
    seat = _Sole()
    seat.door = rules.doors.of(at)
    seat.reserved = getattr(operation, "tokens", 0)
    seat.rest = (operation, at, retry, limits, raw, rules, watch)
    return exchange(
        operation,
        at,
        retry=_ONCE,
        limits=limits,
        raw=raw,
        tally=seat,
        watch=watch or rules.watch,
        together=rules.together,
        now=now,
        seat=seat,
    )


class _Sole(HeldSeat):
    """The seat of a call that has nowhere else to go."""

    rest: tuple[Operation, Deployment, RetryPolicy, TimeLimits, bool, Rules, RouteWatch | None]

    failure: Error

    def slowly(self) -> Exchange:
        return _within(*self.rest)

    def gives_up(self, failure: BaseException) -> bool:
        if not isinstance(failure, Error):
            self.left()
            return False
        self.failure = failure
        self.failed(failure, _settlement(self, failure, self.rest[5], self.door.keeper.wall()))
        return True

    def goes_on(self) -> Exchange:
        total_s = self.rest[3].total
        deadline = NO_DEADLINE if total_s is None else Deadline(total_s, now=self.began)
        return _route_call(*self.rest).taken_over(self.failure, self, deadline)


def _within(
    operation: Operation,
    at: Deployment,
    retry: RetryPolicy,
    limits: TimeLimits,
    raw: bool,
    rules: Rules,
    watch: RouteWatch | None,
    now: tuple[float, float] | None = None,
) -> Exchange:
    """The same where a place may have to be waited for, or the reply is a stream.

    What the keeper of the limits grants at once is neither reserved nor settled by steps, and it tells the
    time to health.
    """
    health, claims, keeper = rules.health, rules.claims, rules.keeper
    watch = watch or rules.watch
    wall, mono = now or ((yield _NOW) if keeper is None else keeper.now())
    name = (at.provider, at.endpoint, at.key, at.model)
    if health is not None and not health.is_usable(name, mono):
        return (yield from _route_call(operation, at, retry, limits, raw, rules, watch).run())
    deadline = NO_DEADLINE if limits.total is None else Deadline(limits.total, now=mono)
    receipt: Receipt | None = None
    claim = claims(operation, at) if claims is not None else None
    ticket = keeper.grant(claim) if keeper is not None and claim is not None else None
    if claim is not None and ticket is None:
        granted: Receipt = yield Reserve((claim,), deadline.left(mono), rules.priority)
        receipt = granted
        if granted.waited_s:
            if watch is not None:
                watch.queued(granted.waited_s)
            wall, mono = yield _NOW
    tally = Tally(counted=True)
    told = Told(health, watch, name, mono)
    if keeper is not None:
        told.mono = told.mono or keeper.mono
    failure: Error | None = None
    try:
        outcome: Outcome = yield from exchange(
            operation,
            at,
            retry=_ONCE,
            limits=limits,
            deadline=deadline,
            raw=raw,
            tally=tally,
            watch=told,
            together=rules.together,
            now=(wall, mono),
        )
        tally.head = outcome.head
    except Error as error:
        failure = error
    except BaseException:
        if keeper is not None and ticket is not None:
            keeper.drop(ticket)
        raise
    finally:
        told.left()
    if keeper is not None and ticket is not None:
        keeper.close(ticket, _settlement(tally, failure, rules, wall))
    elif receipt is not None:
        yield Settle(receipt, _settlement(tally, failure, rules, wall))
    if failure is None:
        return outcome
    call = _route_call(operation, at, retry, limits, raw, rules, watch)
    return (yield from call.taken_over(failure, tally, deadline))


def _route_call(
    operation: Operation,
    at: Deployment,
    retry: RetryPolicy,
    limits: TimeLimits,
    raw: bool,
    rules: Rules,
    watch: RouteWatch | None,
) -> RouteCall:
    if watch is not rules.watch:
        rules = replace(rules, watch=watch)
    return RouteCall(operation, ((at,),), retry=retry, limits=(limits,), raw=raw, rules=rules)


def _settlement(tally: Tally, error: Error | None, rules: Rules, wall: float) -> Settlement:
    """What the last attempt used, and what its reply told of limits."""
    head, learn = tally.head, rules.learn
    learned = learn(head, wall) if learn is not None and head is not None else None
    if error is None:
        return Settlement(tokens=tally.tokens, verdict="answered", learned=learned)
    refused = isinstance(error, (RateLimitedError, OverloadedError))
    return Settlement(tokens=tally.tokens, verdict="refused" if refused else "unknown", learned=learned)


class RouteCall:
    """One call on its way over the places of its route."""

    def __init__(
        self,
        operation: Operation,
        route: Route,
        *,
        retry: RetryPolicy,
        limits: Sequence[TimeLimits],
        raw: bool,
        rules: Rules,
    ) -> None:
        self._asked = operation
        self._operation = operation
        """What is sent: what was asked, or the rest of it after a cut."""
        self._retry = retry
        self._raw = raw
        self._rules = rules
        self._places = places_of(route, limits, rules)
        self._deadline = NO_DEADLINE
        self._total = limits[0].total
        self._tally = Tally(counted=rules.claims is not None)
        self._tier = 0
        self._tries = 0
        """Attempts in this tier."""
        self._round: set[int] = set()
        """Places that this round has tried."""
        self._gone: set[int] = set()
        """Places that this call does not try again."""
        self._failures: list[tuple[int, Error]] = []
        """Places with what they failed with, or why they were not tried."""
        self._untold = False
        """Whether another attempt follows a failure, and nobody was told of it yet."""
        self._waited_s = 0.0
        """Waited before the next attempt."""
        self._spoken = Folder() if rules.on_cut == "continue" and operation.streams else None
        self._part = 0
        self._cut: StreamInterrupted | None = None
        self._splice: Splice | None = None

    def run(self) -> Exchange:
        """Try places until one answers."""
        return self._counted(self._begun())

    def taken_over(self, error: Error, tally: Tally, deadline: Deadline) -> Exchange:
        """Go on after an attempt at the first place, which has failed."""
        self._tally, self._deadline = tally, deadline
        self._tries = 1
        self._round.add(0)
        self._failed(0, error)
        return self._counted(self._until_answered(None))

    def _counted(self, steps: Exchange) -> Exchange:
        """The same steps, as one of the calls that are under way together."""
        together = self._rules.together
        if together is None:
            return (yield from steps)
        together.begin(self)
        try:
            return (yield from steps)
        finally:
            together.end(self)

    def _begun(self) -> Exchange:
        now: tuple[float, float] = yield _NOW
        if self._total is not None:
            self._deadline = Deadline(self._total, now=now[1])
        return (yield from self._until_answered(now))

    def _until_answered(self, now: tuple[float, float] | None) -> Exchange:
        while True:
            place, receipt = yield from self._next(now)
            now = None
            try:
                outcome: Outcome = yield from self._attempt(place, receipt)
            except Error as error:
                self._failed(place, error)
            else:
                return self._noted(place, outcome) if self._failures else outcome

    # Which place comes next.

    def _next(self, now: tuple[float, float] | None) -> Generator[Step, Any, _Taken]:
        """The place to try now. Raises what the call has failed with where there is none.

        `now` is the time where the caller has just asked for it.
        """
        while True:
            wall, mono = now or (yield _NOW)
            now = None
            if self._failures and self._deadline.left(mono) == 0.0:
                raise self._failure()
            if self._is_only(mono):
                standings, rest = list[Standing](), [0]
                fresh = usable = here = rest
            else:
                rest = [place for place in range(len(self._places)) if place not in self._gone]
                here = [place for place in rest if self._places[place].tier == self._tier]
                if not here:
                    self._go_on()
                    continue
                standings = [self._standing(place, wall, mono) for place in rest]
                order = yield from self._order(standings, rest, mono)
                usable = [place for place in order if place in here]
                if not usable and self._is_hopeless(here, rest, standings):
                    usable = here  # nobody else is there: better to ask than to refuse
                fresh = [place for place in usable if place not in self._round and self._has_tries()]
            if self._rules.purse is not None:
                fresh = self._affordable(self._rules.purse, fresh, wall)
            if fresh:
                wanted = self._reservation(fresh, mono)
                if wanted is None:
                    return fresh[0], None
                places, step = wanted
                try:
                    receipt: Receipt = yield step
                except LimitReachedError as error:
                    self._gone.update(places)
                    self._remember(fresh[0], error)
                    continue
                if receipt.waited_s and self._rules.watch is not None:
                    self._rules.watch.queued(receipt.waited_s)
                return places[receipt.which], receipt
            if here := [place for place in here if place not in self._gone]:
                known = [standings[rest.index(place)] for place in here]
                yield from self._pause(here, known, mono, can_go=bool(usable))

    def _is_only(self, mono: float) -> bool:
        """Whether the call begins, and its one place can be used: then there is nothing to choose."""
        if len(self._places) > 1 or self._tries or self._failures:
            return False
        health = self._rules.health
        return health is None or health.is_usable(self._places[0].name, mono)

    def _go_on(self) -> None:
        """Go on to the next model. Raises where there is none."""
        if not self._has_other_tier():
            raise self._failure()
        self._tier += 1
        self._tries = 0
        self._round.clear()

    def _has_tries(self) -> bool:
        """Whether this model may be asked once more."""
        return self._tries < _most(self._retry, [one.tier for one in self._places], self._tier)

    def _has_other_tier(self) -> bool:
        return any(
            one.tier > self._tier and place not in self._gone for place, one in enumerate(self._places)
        )

    def _standing(self, place: int, wall: float, mono: float) -> Standing:
        one, rules = self._places[place], self._rules
        cheap = rules.strategy == "cheapest" and rules.purse is not None
        cost = rules.purse.cost(one.at, wall) if cheap and rules.purse is not None else None
        return one.standing(mono, rules.health, cost)

    def _order(
        self, standings: list[Standing], rest: list[int], mono: float
    ) -> Generator[Step, Any, list[int]]:
        """The places that may be used, best first."""
        if len(self._places) == 1:
            return rest if standings[0].reason in _USABLE else []
        strategy, watch = self._rules.strategy, self._rules.watch
        sticky: str | None = getattr(self._operation, "sticky", None)
        dice = yield _DICE
        order = choose(strategy, standings, dice=dice, sticky=sticky)
        if watch is not None:
            told = tuple([msgspec.to_builtins(one) for one in standings])
            decision = Decision(
                at_s=mono, strategy=strategy, dice=dice, sticky=sticky, standings=told, order=order
            )
            watch.decided(decision)
        return [rest[one] for one in order]

    def _is_hopeless(self, here: list[int], rest: list[int], standings: list[Standing]) -> bool:
        """Whether no place can be used, none is to be waited for, and no other model is left."""
        is_cooling = soonest([standings[rest.index(place)] for place in here]) is not None
        return not is_cooling and not self._has_other_tier()

    def _affordable(self, purse: Purse, places: list[int], wall: float) -> list[int]:
        """Those of the places that the purse allows; the others are not tried in this call."""
        fitting = []
        for place in places:
            try:
                purse.check(self._places[place].at, wall)
            except BudgetError as error:
                self._gone.add(place)
                self._remember(place, error)
            else:
                fitting.append(place)
        return fitting

    def _reservation(self, fresh: list[int], mono: float) -> tuple[list[int], Reserve] | None:
        """The places that are limited, with the step that takes one of them; None where the best is not."""
        claims = self._rules.claims
        if claims is None:
            return None
        best = claims(self._operation, self._places[fresh[0]].at)
        if best is None:
            return None
        left = self._deadline.left(mono)
        if len(self._places) == 1:
            return fresh, Reserve((best,), left, self._rules.priority)
        others = [(place, claims(self._operation, self._places[place].at)) for place in fresh[1:]]
        limited = [(fresh[0], best), *((place, claim) for place, claim in others if claim is not None)]
        within = self._deadline.bound(PATIENCE_S, mono) if self._has_other_tier() else left
        step = Reserve(tuple([claim for _, claim in limited]), within, self._rules.priority)
        return [place for place, _ in limited], step

    def _pause(
        self, here: list[int], known: list[Standing], mono: float, *, can_go: bool
    ) -> Generator[Step, Any, None]:
        """Wait for another round of this model; where that cannot be, none of its places is tried again."""
        if not self._has_tries():
            self._gone.update(here)
            return
        tried = [error for place, error in self._failures if place in here and place in self._round]
        last = tried[-1] if tried else None
        cooling = soonest(known)
        if last is not None:
            verdict = yield from self._verdict(last, None if can_go else cooling, mono, of=len(here))
        else:
            verdict = self._until_cool(cooling, mono)
        wait = verdict.wait_s
        if wait is not None and self._has_other_tier():
            unsure = isinstance(last, RateLimitedError) and last.retry_after is None
            stalled = isinstance(last, StreamInterrupted) and last.ended == "stalled"
            at_once = unsure or stalled or isinstance(last, TimedOutError)
            wait = None if wait > PATIENCE_S or at_once else wait
        together = self._rules.together
        if wait is not None and last is not None and together is not None and not together.may_retry(self):
            wait, verdict = None, Verdict(None, TOO_MANY)
        if wait is None:
            self._give_up(here, last, verdict, known)
            return
        self._round.clear()
        self._waited_s += wait
        told = last if last is not None or not self._untold else self._failures[-1][1]
        self._untold = False
        yield Wait(wait, self._retrying(told, wait) if told is not None else None)

    def _verdict(
        self, last: Error, cooling: float | None, mono: float, *, of: int
    ) -> Generator[Step, Any, Verdict]:
        """What the retry policy says after a round in which every place failed."""
        if isinstance(last, StreamInterrupted):
            # Nobody has seen it, or it can be gone on from: it is what broke it off.
            cause = last.__cause__
            again = cause.retryable if isinstance(cause, TransportError) else True
            last = TransportError(last.message, retryable=again)
        elif of > 1 and last.retry_after is not None and (cooling is None or cooling < last.retry_after):
            last = type(last)(last.message, retryable=last.retryable)  # another key than this may be asked
        dice = yield _DICE
        verdict = self._retry.verdict(self._tries + 1, last, dice=dice, left_s=self._deadline.left(mono))
        if verdict.wait_s is None or cooling is None or cooling <= verdict.wait_s:
            return verdict
        return self._until_cool(cooling, mono)

    def _until_cool(self, cooling: float | None, mono: float) -> Verdict:
        left = self._deadline.left(mono)
        if cooling is None or cooling > self._retry.longest_asked_s or (left is not None and cooling >= left):
            return Verdict(None)
        return Verdict(cooling)

    def _give_up(self, here: list[int], last: Error | None, verdict: Verdict, known: list[Standing]) -> None:
        self._gone.update(here)
        if last is None:
            soon = min(known, key=lambda one: one.wait_s)
            why = f"left alone for now: {_WHY[soon.reason]} before ({soon.word})"
            skipped = LimitReachedError(why, retry_after=soon.wait_s)
            self._remember(here[known.index(soon)], skipped)
        elif verdict.why is not None and not last.hint:
            last.hint = verdict.why

    # One attempt.

    def _attempt(self, place: int, receipt: Receipt | None) -> Exchange:
        one, rules = self._places[place], self._rules
        if self._untold:
            yield Wait(0.0, self._retrying(self._failures[-1][1], 0.0))
        now = yield _NOW
        wall, mono = now
        self._round.add(place)
        self._tries += 1
        self._tally.used = self._tally.head = None
        told = Told(rules.health, rules.watch, one.name, mono, waited_s=self._waited_s)
        self._waited_s = 0.0
        try:
            if rules.purse is not None:
                rules.purse.take(one.at, wall)
            steps = exchange(
                self._operation,
                one.at,
                retry=_ONCE,
                limits=self._limits(one, mono),
                deadline=self._deadline,
                raw=self._raw,
                tally=self._tally,
                watch=told,
                now=now,
            )
            if self._spoken is not None:
                steps = through(steps, self._hearing(self._spoken))
            outcome: Outcome = yield from steps
        except Error as error:
            if rules.purse is not None:
                rules.purse.failed(billed=told.billed)
            if receipt is not None:
                yield Settle(receipt, _settlement(self._tally, error, rules, wall))
            raise
        finally:
            told.left()
        if receipt is not None:
            self._tally.head = outcome.head
            yield Settle(receipt, _settlement(self._tally, None, rules, wall))
        return outcome

    def _limits(self, one: Place, mono: float) -> TimeLimits:
        """The time limits of this attempt: while another place is left, it may not be silent all the time."""
        left, limits = self._deadline.left(mono), one.limits
        if left is None or len(self._places) == len(self._gone | self._round):
            return limits
        share = left * SHARE
        is_final = self._operation.streams and self._spoken is None  # nobody follows after the first word
        return replace(
            limits,
            idle=limits.idle if is_final else min(limits.idle, share),
            connect=min(limits.connect, share),
            head=min(limits.head, share),
            first_event=min(limits.first_event, share),
            queue=min(limits.queue, share),
        )

    def _hearing(self, spoken: Folder) -> Callable[[Emit], Emit]:
        """What takes note of what goes out, and joins it to what was said before a cut."""

        def saw(emit: Emit) -> Emit:
            events = emit.events
            if self._splice is not None:
                events = self._splice.join(events)
            for event in events:
                if type(event) is PartStarted:
                    self._part = event.index
            spoken.add(events)
            return emit if events is emit.events else Emit(events, emit.raw)

        return saw

    # What follows a failure.

    def _failed(self, place: int, error: Error) -> None:
        """Take a failure in. Raises what the call has failed with where nothing may follow."""
        shown = isinstance(error, StreamInterrupted) and self._tally.shown
        self._remember(place, error)
        if isinstance(error, StreamInterrupted) and shown:
            self._continue(error)
            return
        if self._cut is not None:
            name = self._places[place].at.name
            self._cut.hint = f"{name} could not go on from there: {error.message}"
            self._gone.add(place)
            return
        what = after(error, shown=shown)
        if what is After.STOP or (isinstance(error, TimedOutError) and error.limit == "total"):
            raise self._failure()
        if what is After.OTHER_KEY:
            self._gone.add(place)
        elif what is not After.LATER:
            self._drop(self._places[place], longer=what is After.LONGER)

    def _drop(self, failed: Place, *, longer: bool) -> None:
        """No place like the one that failed is tried again; with `longer` only such as hold more are."""
        most = failed.context if longer else None
        for place, one in enumerate(self._places):
            same_model = (one.at.provider, one.at.model) == (failed.at.provider, failed.at.model)
            holds = one.context if most is not None else None
            is_like = same_model and (longer or one.at.endpoint == failed.at.endpoint)
            if is_like or (most is not None and holds is not None and holds <= most):
                self._gone.add(place)

    def _continue(self, cut: StreamInterrupted) -> None:
        """Let another place go on from what was said. Raises the cut where that cannot be."""
        self._cut = cut
        continued = getattr(self._asked, "continued", None)
        if self._spoken is None or continued is None:
            raise self._failure()
        spoken = self._spoken.response(ended="cut")
        operation = continued(spoken)
        if operation is None:
            cut.hint = "Only an answer of plain text can be gone on with."
            raise self._failure()
        for place, one in enumerate(self._places):
            if not operation.can_go_on(one.at):
                self._gone.add(place)
        if len(self._gone) == len(self._places):
            cut.hint = "No deployment of the route can go on with a text that was begun."
        self._operation = operation
        name = self._places[self._failures[-1][0]].at.name
        self._splice = Splice(self._part, characters=len(spoken.text), after=name)

    def _remember(self, place: int, error: Error) -> None:
        self._failures.append((place, error))
        self._untold = True

    def _failure(self) -> Error:
        """What the call has failed with."""
        last = self._failures[-1][1] if self._cut is None else self._cut
        last.earlier = tuple([error for _, error in self._failures if error is not last])
        last.attempts = self._tally.made - 1
        last.maybe_billed = self._tally.maybe_billed
        return last

    # What the caller is told.

    def _retrying(self, error: Error, wait: float) -> Retrying:
        tiers = [one.tier for one in self._places]
        most = sum(_most(self._retry, tiers, tier) for tier in set(tiers))
        return Retrying(error.provider or "", self._tally.made, most, wait, error)

    def _noted(self, place: int, outcome: Outcome) -> Outcome:
        """The outcome, with what happened on the way to it; that a place was tried again is no news."""
        answered = outcome.at.name
        notes = []
        for failed, error in self._failures:
            name, why = self._places[failed].at.name, f"({error.code}: {error.message})"
            if failed == place or error is self._cut:
                continue
            if name == answered:
                notes.append(Note(code="other_key", message=f"{name} failed with one key {why}."))
            else:
                message = f"{name} failed {why}; {answered} was asked instead."
                notes.append(Note(code="fell_back", message=message))
        if self._splice is not None:
            notes.append(self._splice.note(answered))
        return replace(outcome, notes=(*outcome.notes, *dict.fromkeys(notes))) if notes else outcome


def _most(retry: RetryPolicy, tiers: list[int], tier: int) -> int:
    """How often a model is asked at the most: as the policy says, or once with each of its keys."""
    return max(retry.attempts, tiers.count(tier))


_WHY: dict[str | None, str] = {
    "cooling": "it asked for fewer requests",
    "out": "its key was refused",
    "ejected": "it failed too often",
}
"""By the reason of a standing."""
