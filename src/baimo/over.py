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
from baimo.resilience.budget import TOO_MANY
from baimo.resilience.retry import RetryPolicy, Verdict
from baimo.resilience.timing import Deadline, TimeLimits
from baimo.routing.choose import Standing, choose, soonest
from baimo.routing.continuing import Splice
from baimo.routing.fallback import After, after
from baimo.routing.health import HealthBook, Name
from baimo.rules import Route, Rules
from baimo.steps import Dice, Emit, Now, Reserve, Retrying, Settle, Step, Wait
from baimo.types.events import PartStarted, UsageReported
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


class Place(msgspec.Struct, frozen=True):
    """One deployment of the route."""

    at: Deployment
    tier: int
    weight: float
    limits: TimeLimits
    name: Name

    def standing(self, now: float, health: HealthBook | None, cost: float | None) -> Standing:
        """What is known of it now."""
        facts: dict[str, Any] = {
            "name": "/".join(filter(None, (self.at.name, self.at.key))),
            "tier": self.tier,
            "weight": self.weight,
            "cost": cost,
        }
        if health is not None:
            known = health.condition(self.name, now)
            facts.update(wait_s=known.wait_s, reason=known.reason, word=known.word)
            facts.update(busy=known.busy, latency_s=known.latency_s)
        return Standing(**facts)


def places_of(route: Route, limits: Sequence[TimeLimits], rules: Rules) -> list[Place]:
    """The deployments of a route. Only "ordered" tells one model of it from the next."""
    weights = rules.weights or (1.0,) * len(route)
    tiered = rules.strategy == "ordered"
    return [
        Place(
            at,
            tier if tiered else 0,
            at.weight if tiered else at.weight * weights[tier],
            limits[tier],
            (at.provider, at.endpoint, at.key, at.model),
        )
        for tier, pool in enumerate(route)
        for at in pool
    ]


_Taken: TypeAlias = tuple[int, Receipt | None]


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
        self._operation = operation
        self._retry = retry
        self._raw = raw
        self._rules = rules
        self._places = places_of(route, limits, rules)
        self._deadline = Deadline(None, now=0.0)
        self._total = limits[0].total
        self._tally = Tally()
        self._tier = 0
        self._tries = 0
        """Attempts in this tier."""
        self._round: set[int] = set()
        """Places that this round has tried."""
        self._gone: set[int] = set()
        """Places that this call does not try again."""
        self._failures: list[tuple[str, Error]] = []
        self._untold = False
        """Whether another attempt follows a failure, and nobody was told of it yet."""
        self._tokens: int | None = None
        self._spoken = Folder() if rules.on_cut == "continue" and operation.streams else None
        self._part = 0
        self._cut: StreamInterrupted | None = None
        self._splice: Splice | None = None

    def run(self) -> Exchange:
        """Try places until one answers."""
        _, mono = yield _NOW
        self._deadline = Deadline(self._total, now=mono)
        while True:
            place, receipt = yield from self._next()
            try:
                outcome: Outcome = yield from self._attempt(place, receipt)
            except Error as error:
                self._failed(place, error)
            else:
                return self._noted(outcome)

    # Which place comes next.

    def _next(self) -> Generator[Step, Any, _Taken]:
        """The place to try now. Raises what the call has failed with where there is none."""
        while True:
            wall, mono = yield _NOW
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
            fresh = self._affordable([place for place in usable if place not in self._round], wall)
            if fresh:
                taken = yield from self._taken(fresh, mono)
                if taken is not None:
                    return taken
            elif any(place not in self._gone for place in here):
                cooling = soonest([standings[rest.index(place)] for place in here])
                yield from self._pause(here, cooling, mono, can_go=bool(usable))

    def _go_on(self) -> None:
        """Go on to the next model. Raises where there is none."""
        if not self._has_other_tier():
            raise self._failure()
        self._tier += 1
        self._tries = 0
        self._round.clear()

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
            return rest if standings[0].reason in (None, "ejected") else []
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

    def _affordable(self, places: list[int], wall: float) -> list[int]:
        """Those of the places that the purse allows; the others are not tried in this call."""
        purse = self._rules.purse
        if purse is None:
            return places
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

    def _taken(self, fresh: list[int], mono: float) -> Generator[Step, Any, _Taken | None]:
        """The best of the places that has room within limits; None where none has in time."""
        claims = self._rules.claims
        if claims is None:
            return fresh[0], None
        wanted = [(place, claims(self._operation, self._places[place].at)) for place in fresh]
        limited = [(place, claim) for place, claim in wanted if claim is not None]
        if wanted[0][1] is None:
            return fresh[0], None
        left = self._deadline.left(mono)
        within = self._deadline.bound(PATIENCE_S, mono) if self._has_other_tier() else left
        step = Reserve(tuple([claim for _, claim in limited]), within, self._rules.priority)
        try:
            receipt: Receipt = yield step
        except LimitReachedError as error:
            self._gone.update(place for place, _ in limited)
            self._remember(fresh[0], error)
            return None
        if receipt.waited_s and self._rules.watch is not None:
            self._rules.watch.queued(receipt.waited_s)
        return limited[receipt.which][0], receipt

    def _pause(
        self, here: list[int], cooling: float | None, mono: float, *, can_go: bool
    ) -> Generator[Step, Any, None]:
        """Wait for another round of this model; where that cannot be, none of its places is tried again."""
        last = self._failures[-1][1] if self._failures else None
        if self._round and last is not None:
            verdict = yield from self._verdict(last, None if can_go else cooling, mono, of=len(here))
        else:
            verdict = self._until_cool(cooling, mono)
        wait = verdict.wait_s
        if wait is not None and self._has_other_tier():
            silent = isinstance(last, TimedOutError) and bool(self._round)
            wait = None if wait > PATIENCE_S or silent else wait
        if wait is None:
            self._give_up(here, verdict, cooling)
            return
        self._round.clear()
        self._untold = False
        yield Wait(wait, self._retrying(last, wait) if last is not None else None)

    def _verdict(
        self, last: Error, cooling: float | None, mono: float, *, of: int
    ) -> Generator[Step, Any, Verdict]:
        """What the retry policy says after a round in which every place failed."""
        if self._tries >= max(self._retry.attempts, of):
            return Verdict(None)
        if isinstance(last, StreamInterrupted):
            # Nobody has seen it, or it can be gone on from: it is what broke it off.
            cause = last.__cause__
            again = cause.retryable if isinstance(cause, TransportError) else True
            last = TransportError(last.message, retryable=again)
        elif cooling is None and last.retry_after is not None and of > 1:
            last = type(last)(last.message, retryable=last.retryable)  # another key than this may be asked
        dice = yield _DICE
        verdict = self._retry.verdict(self._tries + 1, last, dice=dice, left_s=self._deadline.left(mono))
        together = self._rules.together
        if verdict.wait_s and together is not None and not together.may_retry(self):
            return Verdict(None, TOO_MANY)
        if verdict.wait_s is None or cooling is None or cooling <= verdict.wait_s:
            return verdict
        return self._until_cool(cooling, mono)

    def _until_cool(self, cooling: float | None, mono: float) -> Verdict:
        left = self._deadline.left(mono)
        if cooling is None or cooling > self._retry.longest_asked_s or (left is not None and cooling >= left):
            return Verdict(None)
        return Verdict(cooling)

    def _give_up(self, here: list[int], verdict: Verdict, cooling: float | None) -> None:
        self._gone.update(here)
        if not self._round:
            why = "it was asked for fewer requests" if cooling is not None else "it failed too often"
            skipped = LimitReachedError(f"left alone for now: {why} before", retry_after=cooling)
            self._remember(here[0], skipped)
        elif verdict.why is not None and not self._failures[-1][1].hint:
            self._failures[-1][1].hint = verdict.why

    # One attempt.

    def _attempt(self, place: int, receipt: Receipt | None) -> Exchange:
        one, rules = self._places[place], self._rules
        if self._untold:
            self._untold = False
            yield Wait(0.0, self._retrying(self._failures[-1][1], 0.0))
        wall, mono = yield _NOW
        self._round.add(place)
        self._tries += 1
        self._tokens = None
        if rules.purse is not None:
            rules.purse.take(one.at, wall)
        told = _Told(rules, one.name, mono)
        try:
            steps = exchange(
                self._operation,
                one.at,
                retry=_ONCE,
                limits=self._limits(one, mono),
                deadline=self._deadline,
                raw=self._raw,
                tally=self._tally,
                watch=told,
            )
            if receipt is not None or self._spoken is not None:
                steps = _through(steps, self._saw)
            outcome: Outcome = yield from steps
        except Error as error:
            if rules.purse is not None:
                rules.purse.failed(billed=told.billed)
            if receipt is not None:
                yield Settle(receipt, self._settlement(error, wall))
            raise
        finally:
            told.left()
        if receipt is not None:
            self._tally.head = outcome.head
            yield Settle(receipt, self._settlement(None, wall))
        return outcome

    def _limits(self, one: Place, mono: float) -> TimeLimits:
        """The time limits of this attempt: while another place is left, it may not be silent all the time."""
        left, limits = self._deadline.left(mono), one.limits
        if left is None or len(self._places) == len(self._gone | self._round):
            return limits
        share = left * SHARE
        return replace(
            limits,
            connect=min(limits.connect, share),
            head=min(limits.head, share),
            first_event=min(limits.first_event, share),
            queue=min(limits.queue, share),
        )

    def _saw(self, events: list[Any]) -> list[Any]:
        """Take note of what goes out, and join it to what was said before a cut."""
        if self._splice is not None:
            events = self._splice.join(events)
        for event in events:
            if type(event) is UsageReported:
                self._tokens = event.usage.total
            elif type(event) is PartStarted:
                self._part = event.index
        if self._spoken is not None:
            self._spoken.add(events)
        return events

    def _settlement(self, error: Error | None, wall: float) -> Settlement:
        head, learn = self._tally.head, self._rules.learn
        learned = learn(head, wall) if learn is not None and head is not None else None
        if error is None:
            return Settlement(tokens=self._tokens, verdict="answered", learned=learned)
        refused = isinstance(error, (RateLimitedError, OverloadedError))
        return Settlement(tokens=self._tokens, verdict="refused" if refused else "unknown", learned=learned)

    # What follows a failure.

    def _failed(self, place: int, error: Error) -> None:
        """Take a failure in. Raises what the call has failed with where nothing may follow."""
        shown = isinstance(error, StreamInterrupted) and self._operation.streams
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
            self._drop(self._places[place].at, longer=what is After.LONGER)

    def _drop(self, failed: Deployment, *, longer: bool) -> None:
        """No place like the one that failed is tried again; with `longer` only such as hold more are."""
        most = _context(failed) if longer else None
        for place, one in enumerate(self._places):
            same_model = (one.at.provider, one.at.model) == (failed.provider, failed.model)
            holds = _context(one.at) if most is not None else None
            is_like = same_model and (longer or one.at.endpoint == failed.endpoint)
            if is_like or (most is not None and holds is not None and holds <= most):
                self._gone.add(place)

    def _continue(self, cut: StreamInterrupted) -> None:
        """Let another place go on from what was said. Raises the cut where that cannot be."""
        self._cut = cut
        continued = getattr(self._operation, "continued", None)
        if self._spoken is None or continued is None:
            raise cut
        spoken = self._spoken.response(ended="cut")
        operation = continued(spoken)
        if operation is None:
            cut.hint = "Only an answer of plain text can be gone on with."
            raise cut
        for place, one in enumerate(self._places):
            if not operation.can_go_on(one.at):
                self._gone.add(place)
        if len(self._gone) == len(self._places):
            cut.hint = "No deployment of the route can go on with a text that was begun."
        self._operation = operation
        self._splice = Splice(self._part, characters=len(spoken.text), after=self._failures[-1][0])

    def _remember(self, place: int, error: Error) -> None:
        self._failures.append((self._places[place].at.name, error))
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
        most = sum(max(self._retry.attempts, tiers.count(tier)) for tier in set(tiers))
        return Retrying(error.provider or "", self._tally.made, most, wait, error)

    def _noted(self, outcome: Outcome) -> Outcome:
        """The outcome, with what happened on the way to it."""
        if not self._failures or len(self._places) == 1:
            return outcome
        answered = outcome.at.name
        notes = [
            Note(code="other_key", message=f"{name} failed with one key ({error.code}: {error.message}).")
            if name == answered
            else Note(
                code="fell_back",
                message=f"{name} failed ({error.code}: {error.message}); {answered} was asked instead.",
            )
            for name, error in self._failures
            if error is not self._cut
        ]
        if self._splice is not None:
            notes.append(self._splice.note(answered))
        return replace(outcome, notes=(*outcome.notes, *dict.fromkeys(notes)))


class _Told:
    """Tells health, and whoever watches the call, how one attempt goes."""

    __slots__ = ("_began", "_health", "_latency_s", "_name", "_watch", "billed")

    def __init__(self, rules: Rules, name: Name, now: float) -> None:
        self._health = rules.health
        self._watch = rules.watch
        self._name = name
        self._began = now
        self._latency_s: float | None = None
        self.billed = False
        """Whether a request that gave no answer may be billed."""
        if self._health is not None:
            self._health.began(name, now)

    def left(self) -> None:
        """The attempt is over, however it ended."""
        if self._health is not None:
            self._health.left(self._name)

    def attempt(self, at: Deployment, now: float, *, waited_s: float) -> None:
        if self._watch is not None:
            self._watch.attempt(at, now, waited_s=waited_s)

    def first(self, now: float) -> None:
        self._latency_s = now - self._began
        if self._watch is not None:
            self._watch.first(now)

    def failed(self, error: Error, now: float, *, billed: bool) -> None:
        self.billed = self.billed or billed
        if self._health is not None:
            self._health.failed(self._name, error, now)
        if self._watch is not None:
            self._watch.failed(error, now, billed=billed)

    def answered(self, now: float) -> None:
        if self._health is not None:
            self._health.answered(self._name, now, self._latency_s)
        if self._watch is not None:
            self._watch.answered(now)


def _through(steps: Exchange, change: Callable[[list[Any]], list[Any]]) -> Exchange:
    """Hand every step on, and every answer back; what is emitted goes through `change`."""
    answer: Any = None
    failure: Error | None = None
    try:
        while True:
            step = steps.send(answer) if failure is None else steps.throw(failure)
            answer = failure = None
            if type(step) is Emit:
                step = Emit(change(step.events), step.raw)
            try:
                answer = yield step
            except Error as error:
                failure = error
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome
    finally:
        steps.close()


def _context(at: Deployment) -> int | None:
    facts = at.facts() if at.facts is not None else None
    return None if facts is None else facts.context
