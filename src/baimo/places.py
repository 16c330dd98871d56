"""The places of a route: what is known of each, and who is told how an attempt there goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from baimo.errors import Error
from baimo.exchange import Deployment
from baimo.resilience.timing import TimeLimits
from baimo.routing.choose import Standing
from baimo.routing.health import HealthBook, Name
from baimo.rules import Route, RouteWatch, Rules


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

    @property
    def context(self) -> int | None:
        """How many tokens its model holds, where that is known."""
        facts = self.at.facts() if self.at.facts is not None else None
        return None if facts is None else facts.context


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


class Told:
    """Tells health, and whoever watches the call, how one attempt goes."""

    __slots__ = (
        "_began",
        "_health",
        "_latency_s",
        "_name",
        "_probes",
        "_waited_s",
        "_watch",
        "billed",
        "mono",
    )

    def __init__(
        self,
        health: HealthBook | None,
        watch: RouteWatch | None,
        name: Name,
        now: float,
        *,
        waited_s: float = 0.0,
    ) -> None:
        self._health = health
        self._watch = watch
        self.mono = watch.mono if watch is not None else None
        """Tells the time, where whoever watches can."""
        self._name = name
        self._began = now
        self._waited_s = waited_s
        self._latency_s: float | None = None
        self.billed = False
        """Whether a request that gave no answer may be billed."""
        self._probes = health.began(name, now, self) if health is not None else False

    def left(self) -> None:
        """The attempt is over, however it ended."""
        if self._health is not None:
            self._health.left(self._name, self, probed=self._probes)

    def attempt(self, at: Deployment, now: float, *, waited_s: float) -> None:
        if self._watch is not None:
            self._watch.attempt(at, now, waited_s=self._waited_s + waited_s)
        self._waited_s = 0.0

    def first(self, now: float) -> None:
        self._latency_s = now - self._began
        if self._watch is not None:
            self._watch.first(now)

    def failed(self, error: Error, now: float, *, billed: bool) -> None:
        self.billed = self.billed or billed
        if self._health is not None:
            self._health.ended(self._name, error, now)
        if self._watch is not None:
            self._watch.failed(error, now, billed=billed)

    def answered(self, now: float) -> None:
        if self._health is not None:
            self._health.answered(self._name, now, self._latency_s)
        if self._watch is not None:
            self._watch.answered(now)

    def whole(self, now: float) -> None:
        if self._health is not None:
            self._health.answered(self._name, now, now - self._began)
        if self._watch is not None:
            self._watch.whole(now)
