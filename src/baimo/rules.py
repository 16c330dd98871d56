"""The words of a call over several deployments: its route, and the rules by which it goes over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

from baimo.exchange import Deployment, Operation, Watch
from baimo.resilience.budget import RetryBudget

if TYPE_CHECKING:
    from baimo.routing.choose import Strategy
    from baimo.routing.health import HealthBook
    from baimo.seats import Doors, Keeper
    from baimo.types.limits import Claim, Learned
    from baimo.types.record import Decision
    from baimo.wire.http import WireHead

Pool: TypeAlias = tuple[Deployment, ...]
"""One model with each of its keys."""
Route: TypeAlias = tuple[Pool, ...]
"""What a model name stands for: pools in the order in which they are tried."""


class RouteWatch(Watch, Protocol):
    """Is told of the choices among deployments as well."""

    def decided(self, decision: Decision) -> None:
        """A choice was made. Its `at_s` is monotonic time."""

    def queued(self, seconds: float) -> None:
        """The request that comes next has waited so long for a place within limits."""


class Purse(Protocol):
    """What a call may spend, and what it has spent."""

    def cost(self, at: Deployment, wall: float) -> float | None:
        """The most that a request there may cost, in one currency, for comparing; None: not known."""

    def check(self, at: Deployment, wall: float) -> None:
        """Raise BudgetError where a request there could cost more than is left."""

    def take(self, at: Deployment, wall: float) -> None:
        """A request goes there: keep its worst case aside."""

    def failed(self, *, billed: bool) -> None:
        """It gave no answer: give back what was kept aside, unless it may be billed."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """How a call goes over its deployments: what its client says, and what it says itself besides."""

    strategy: Strategy = "ordered"
    weights: tuple[float, ...] = ()
    """One a pool; none: all alike."""
    together: RetryBudget | None = None
    health: HealthBook | None = None
    claims: Callable[[Operation, Deployment], Claim | None] | None = None
    """What a request needs of the limits; None: there are none."""
    keeper: Keeper | None = None
    """Grants at once what it can; None: every claim is a step."""
    doors: Doors | None = None
    """Where the keeper of this client is asked, and its health, in one go."""
    learn: Callable[[WireHead, float], Learned | None] | None = None
    """Reads what a reply's head tells of limits."""
    priority: int = 0
    """Of the call, where it waits in line."""
    purse: Purse | None = None
    on_cut: Literal["raise", "continue"] = "raise"
    watch: RouteWatch | None = None


NO_RULES = Rules()
