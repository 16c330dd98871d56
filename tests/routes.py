"""Calls over routes, driven by hand: whom they asked, what they were told, what came of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from baimo.dialect.protocols import Site
from baimo.errors import BudgetError, Error
from baimo.exchange import Deployment, Outcome
from baimo.operations import ChatOperation
from baimo.plan import Pool, Route, plan
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.routing.health import HealthBook
from baimo.rules import Rules
from baimo.types.limits import Claim, Hold
from baimo.types.models import ModelInfo
from baimo.types.record import Decision
from tests.playing import Play
from tests.scripted import OK, chat_request, deployment

RETRY = RetryPolicy(attempts=3, first_wait_s=1.0, longest_wait_s=8.0)
ONCE = RetryPolicy(attempts=1)
ANSWER = (OK, b"t:ok\nend\n", b"")


def key(name: str, *, provider: str = "acme", model: str = "m", **changes: Any) -> Deployment:
    """A deployment with a key of that name; its address names it."""
    return deployment(
        provider,
        model,
        **{"key": name, "site": Site(base_url=f"http://{name}", provider=provider), **changes},
    )


def pool(*names: str, **changes: Any) -> Pool:
    return tuple([key(name, **changes) for name in names])


def models(*names: str) -> Route:
    """Models of different providers, each with one key; provider and key have the model's name."""
    return tuple([(key(name, provider=name, model=name),) for name in names])


def holding(name: str, context: int | None) -> Pool:
    """A model of which it is known how much it holds."""
    facts = None if context is None else lambda: ModelInfo(id=name, provider=name, context=context)
    return (key(name, provider=name, model=name, facts=facts),)


class Diary:
    """Writes down what a call tells, in its order."""

    def __init__(self) -> None:
        self.mono: Callable[[], float] | None = None
        self.lines: list[str] = []
        self.times: list[float] = []
        self.decisions: list[Decision] = []
        self.waited: list[float] = []

    def decided(self, decision: Decision) -> None:
        self.decisions.append(decision)
        names = [str(decision.standings[place]["name"]) for place in decision.order]
        self.lines.append("decided " + " ".join(names))

    def queued(self, seconds: float) -> None:
        self.lines.append(f"queued {seconds:g}")

    def attempt(self, at: Deployment, now: float, *, waited_s: float) -> None:
        self.waited.append(waited_s)
        self.lines.append(f"attempt {at.key}")
        self.times.append(now)

    def first(self, now: float) -> None:
        self.times.append(now)
        self.lines.append("first")

    def failed(self, error: Error, now: float, *, billed: bool) -> None:
        self.lines.append(f"failed {error.code}{' billed' if billed else ''}")

    def answered(self, now: float) -> None:
        self.times.append(now)
        self.lines.append("answered")

    def whole(self, now: float) -> None:
        self.first(now)
        self.answered(now)


class Purse:
    """What each key costs, and how much there is."""

    def __init__(self, left: float, **costs: float) -> None:
        self.left = left
        self.costs = costs
        self.log: list[str] = []

    def cost(self, at: Deployment, wall: float) -> float | None:
        return self.costs.get(at.key)

    def check(self, at: Deployment, wall: float) -> None:
        if self.costs.get(at.key, 0.0) > self.left:
            raise BudgetError(f"{at.key} could cost more than is left")

    def take(self, at: Deployment, wall: float) -> None:
        self.left -= self.costs.get(at.key, 0.0)
        self.log.append(f"take {at.key}")

    def failed(self, *, billed: bool) -> None:
        self.log.append("billed" if billed else "given back")


def claim_of(operation: Any, at: Deployment) -> Claim | None:
    """Every key but the free one is limited."""
    return None if at.key == "free" else Claim((Hold(f"{at.provider}/{at.key}"),), tokens=10)


class Told(NamedTuple):
    """What came of a call."""

    play: Play
    outcome: Outcome | None
    error: Error | None

    @property
    def asked(self) -> str:
        """The keys that were sent a request, in their order."""
        return " ".join(send.wire.origin.removeprefix("http://") for send in self.play.sent)

    @property
    def waits(self) -> list[float]:
        """The waits that took time."""
        return [wait.seconds for wait in self.play.waits if wait.seconds]

    @property
    def notes(self) -> list[str]:
        return [note.code for note in self.outcome.notes] if self.outcome is not None else []


def ask(
    route: Route,
    *replies: Any,
    stream: bool = False,
    raw: bool = False,
    total: float | None = None,
    retry: RetryPolicy = RETRY,
    operation: Any = None,
    play: Play | None = None,
    now: float = 1000.0,
    leave_after: int | None = None,
    **rules: Any,
) -> Told:
    """One call. `rules` are those of `Rules`; health is kept unless it says otherwise."""
    play = play or Play(*replies)
    play.now = now
    rules.setdefault("health", HealthBook())
    steps = plan(
        operation or ChatOperation(chat_request(stream=stream)),
        route,
        retry=retry,
        limits=[TimeLimits(total=total)] * len(route),
        raw=raw,
        rules=Rules(**rules),
    )
    try:
        return Told(play, play.run(steps, leave_after=leave_after), None)
    except Error as error:
        return Told(play, None, error)
