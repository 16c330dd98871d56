"""The rules of a recorded call: what was known of deployments, budgets and limits then is known again."""

from __future__ import annotations

from typing import Any

import msgspec

from baimo.client.forming import Forming
from baimo.errors import Error
from baimo.exchange import Deployment, Operation
from baimo.resilience.budget import RetryBudget
from baimo.routing.health import Condition, HealthBook, Name
from baimo.rules import Rules
from baimo.schema.check import Fault as Misfit
from baimo.schema.of_types import Described
from baimo.schema.reading import AnswerReader
from baimo.transports.recorded import Fault, Formed, Recording, Told
from baimo.types.chat import Choice
from baimo.types.limits import Claim
from baimo.types.record import Decision


class Answers:
    """What the world answered, by what was asked, each answer once."""

    def __init__(self, recording: Recording) -> None:
        self._by_what: dict[str, list[Any]] = {}
        for line in recording.lines:
            if isinstance(line, Told):
                self._by_what.setdefault(line.what, []).append(line.value)

    def has(self, what: str) -> bool:
        """Whether that was ever asked."""
        return what in self._by_what

    def next(self, what: str, otherwise: Any = None) -> Any:
        """The next answer; raises the error that was one."""
        waiting = self._by_what.get(what)
        value = waiting.pop(0) if waiting else otherwise
        if isinstance(value, dict) and "kind" in value:
            raise msgspec.convert(value, Fault).error
        return value


class PlayedBudget(RetryBudget):
    """Allows what was allowed."""

    def __init__(self, answers: Answers) -> None:
        super().__init__()
        self._answers = answers

    def may_retry(self, call: object) -> bool:
        """As it was."""
        return bool(self._answers.next("may_retry", True))


class PlayedHealth(HealthBook):
    """Knows of deployments what was known at each choice; `decided` goes on to the next one."""

    def __init__(self, decisions: tuple[Decision, ...]) -> None:
        super().__init__()
        self._decisions = decisions
        self._at = 0

    def decided(self) -> None:
        """A choice was made."""
        self._at += 1

    def condition(self, name: Name, now: float) -> Condition:
        """As it was."""
        known = self.standing(name)
        fields = {field: known[field] for field in Condition.__struct_fields__ if field in known}
        return msgspec.convert(fields, Condition)

    def standing(self, name: Name) -> dict[str, Any]:
        """What was known of a deployment; nothing after the last choice."""
        if self._at >= len(self._decisions):
            return {}
        provider, _, key, model = name
        wanted = "/".join(filter(None, (provider, model, key)))
        standings = self._decisions[self._at].standings
        return next((one for one in standings if one["name"] == wanted), {})


class PlayedPurse:
    """Refuses what was refused. Meets the protocol `Purse`."""

    def __init__(self, answers: Answers, health: PlayedHealth) -> None:
        self._answers = answers
        self._health = health

    def cost(self, at: Deployment, wall: float) -> float | None:
        """As it was."""
        cost: float | None = self._health.standing((at.provider, at.endpoint, at.key, at.model)).get("cost")
        return cost

    def check(self, at: Deployment, wall: float) -> None:
        """Raise what was raised."""
        self._answers.next("purse")

    def take(self, at: Deployment, wall: float) -> None:
        """Nothing is spent."""

    def failed(self, *, billed: bool) -> None:
        """Nothing was spent."""


class PlayedWatch:
    """Sees which attempts are made, and what comes of each. Meets the protocol `RouteWatch`."""

    mono = None
    """Time is what the steps are told."""

    def __init__(self, health: PlayedHealth) -> None:
        self._health = health
        self.attempts: list[tuple[str, str | None]] = []
        """Where each went, and the code of its error."""

    def attempt(self, at: Deployment, now: float, *, waited_s: float) -> None:
        """A request goes to a deployment."""
        self.attempts.append((where(at.provider, at.endpoint, at.model, at.key), None))

    def first(self, now: float) -> None:
        """The first event is here."""

    def failed(self, error: Error, now: float, *, billed: bool) -> None:
        """The attempt failed."""
        if self.attempts:
            self.attempts[-1] = (self.attempts[-1][0], error.code)

    def answered(self, now: float) -> None:
        """The attempt ended well."""

    def whole(self, now: float) -> None:
        """It ended well with its first event."""

    def decided(self, decision: Decision) -> None:
        """A choice was made."""
        self._health.decided()

    def queued(self, seconds: float) -> None:
        """It waited for a place within limits."""


class PlayedReader(AnswerReader[Any]):
    """Finds the faults that the caller's type found: a recording holds its schema, not the type."""

    def __init__(self, formed: Formed, answers: Answers) -> None:
        super().__init__(Described(type=None, name=formed.name, schema=msgspec.json.decode(formed.schema)))
        self._answers = answers

    def fault(self, choice: Choice) -> Misfit | None:
        """As it was."""
        found = self._answers.next("fault")
        return None if found is None else Misfit(*found)


class PlayedForming(Forming[Any]):
    """Asks for a value as it was asked for."""

    def __init__(self, formed: Formed, answers: Answers) -> None:
        reader = PlayedReader(formed, answers)
        super().__init__(None, how=formed.how, repairs=formed.repairs, reader=reader)


def where(provider: str, endpoint: str, model: str, key: str) -> str:
    """A deployment in one word, for people: `provider/model`, with what tells it from others."""
    return f"{provider}/{model} at {endpoint}" + (f" with {key}" if key else "")


def rules_of(recording: Recording, answers: Answers) -> tuple[Rules, PlayedWatch]:
    """The rules that the call had."""
    told = recording.began.rules
    health = PlayedHealth(recording.record.decisions)
    watch = PlayedWatch(health)
    rules = Rules(
        strategy=told.strategy,
        weights=told.weights,
        on_cut=told.on_cut,
        together=PlayedBudget(answers) if answers.has("may_retry") else None,
        health=health if recording.record.decisions else None,
        claims=_claim if told.limited else None,
        purse=PlayedPurse(answers, health) if answers.has("purse") else None,
        watch=watch,
    )
    return rules, watch


def _claim(operation: Operation, at: Deployment) -> Claim:
    return Claim(holds=())
