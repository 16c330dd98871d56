"""A call: to its one deployment, or over the several of its route. A generator as `exchange` is one."""

from __future__ import annotations

from collections.abc import Sequence

from baimo.errors import ConfigError
from baimo.exchange import Exchange, Operation, exchange
from baimo.over import RouteCall, alone
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from baimo.rules import NO_RULES, Pool, Route, Rules

__all__ = ["Pool", "Route", "plan"]


def plan(
    operation: Operation,
    route: Route,
    *,
    retry: RetryPolicy,
    limits: Sequence[TimeLimits],
    raw: bool = False,
    rules: Rules = NO_RULES,
    now: tuple[float, float] | None = None,
) -> Exchange:
    """Call the route's deployments until one answers; `limits` has one entry a pool.

    `now` is the time, wall and monotonic, where the caller has just asked for it.

    Raises the last deployment's error; what the others had failed with before is in its `earlier`.
    """
    if len(route) == 1 and len(route[0]) == 1 and rules.purse is None and rules.on_cut == "raise":
        at = route[0][0]
        if rules.claims is not None:
            return alone(operation, at, retry=retry, limits=limits[0], raw=raw, rules=rules, now=now)
        watch, together = rules.watch, rules.together
        return exchange(
            operation, at, retry=retry, limits=limits[0], raw=raw, watch=watch, together=together, now=now
        )
    return _over(operation, route, retry, limits, raw, rules)


def _over(
    operation: Operation,
    route: Route,
    retry: RetryPolicy,
    limits: Sequence[TimeLimits],
    raw: bool,
    rules: Rules,
) -> Exchange:
    if not route:
        raise ConfigError("the route names no model")
    if not all(route):
        raise ConfigError("the route's pools name no deployment")
    return RouteCall(operation, route, retry=retry, limits=limits, raw=raw, rules=rules).run()
