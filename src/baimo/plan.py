"""A call over several deployments: the keys of a pool, then the next model of the route.

The same kind of generator as `exchange`; the first deployment that shows an event has the call.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, TypeAlias

from baimo.errors import AuthError, ConfigError, Error, QuotaError, RateLimitedError
from baimo.exchange import Deployment, Exchange, Operation, exchange
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import Deadline, TimeLimits
from baimo.routing.choose import weighted_order
from baimo.routing.fallback import moves_on
from baimo.steps import Dice, Now, Step

Pool: TypeAlias = tuple[Deployment, ...]
"""One model with each of its keys."""
Route: TypeAlias = tuple[Pool, ...]
"""What a model name stands for: pools in the order in which they are tried."""


def plan(
    operation: Operation,
    route: Route,
    *,
    retry: RetryPolicy,
    limits: Sequence[TimeLimits],
    raw: bool = False,
) -> Exchange:
    """Call the route's deployments until one answers; `limits` has one entry a pool.

    Raises the last deployment's error; earlier ones are chained behind it as context.
    """
    if len(route) == 1 and len(route[0]) == 1:
        return exchange(operation, route[0][0], retry=retry, limits=limits[0], raw=raw)
    return _over(operation, route, retry, limits, raw)


def _over(
    operation: Operation, route: Route, retry: RetryPolicy, limits: Sequence[TimeLimits], raw: bool
) -> Exchange:
    if not route:
        raise ConfigError("the route names no model")
    _, mono = yield Now()
    deadline = Deadline(limits[0].total, now=mono)
    for place, pool in enumerate(route):
        last_pool = place == len(route) - 1
        order = yield from _order(pool)
        for turn, position in enumerate(order):
            last_key = turn == len(order) - 1
            try:
                return (
                    yield from exchange(
                        operation,
                        pool[position],
                        retry=retry,
                        limits=limits[place],
                        deadline=deadline,
                        raw=raw,
                    )
                )
            except Error as error:
                if not last_key and isinstance(error, (AuthError, QuotaError, RateLimitedError)):
                    continue
                if last_pool or not moves_on(error):
                    raise
                break
    raise ConfigError("the route's pools name no deployment")


def _order(pool: Pool) -> Generator[Step, Any, list[int]]:
    if len(pool) < 2:
        return list(range(len(pool)))
    dice = yield Dice()
    return weighted_order([one.weight for one in pool], dice)
