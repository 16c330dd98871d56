"""All four keepers of limits behind one blocking face, so that the same laws are held to each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from baimo.client.clock import REAL_CLOCK
from baimo.limiting.async_local import AsyncLocalLimiter
from baimo.limiting.async_redis import AsyncRedisLimiter
from baimo.limiting.keeping import new_keeping
from baimo.limiting.local import LocalLimiter
from baimo.limiting.protocol import AsyncLimiter, Clock, Limiter
from baimo.limiting.redis import RedisLimiter
from baimo.steps import Reserve
from baimo.types.limits import Claim, Hold, Limit, Receipt, Settlement

ANSWERED = Settlement(verdict="answered")


class Keeper(Limiter, Protocol):
    """Blocking, whatever stands behind it."""


class Blocking:
    """An asynchronous keeper on a loop of its own."""

    def __init__(self, make: Callable[[], AsyncLimiter]) -> None:
        self._runner = asyncio.Runner()
        self.behind = make()
        self._closed = False

    def reserve(self, step: Reserve) -> Receipt:
        return self._runner.run(self.behind.reserve(step))

    def settle(self, receipt: Receipt, settlement: Settlement) -> None:
        self._runner.run(self.behind.settle(receipt, settlement))

    def release(self, receipt: Receipt) -> None:
        self.behind.release(receipt)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._runner.run(self.behind.close())
            self._runner.close()


def local(clock: Clock = REAL_CLOCK, *, adaptive: bool = False) -> LocalLimiter:
    return LocalLimiter(new_keeping(learns=True, adaptive=adaptive, clock=clock), clock)


def async_local(clock: Clock = REAL_CLOCK, *, adaptive: bool = False) -> AsyncLocalLimiter:
    return AsyncLocalLimiter(new_keeping(learns=True, adaptive=adaptive, clock=clock), clock)


def shared(address: str, prefix: str = "test", **facts: Any) -> RedisLimiter:
    return RedisLimiter(address, REAL_CLOCK, **{"prefix": prefix, "adaptive": False, **facts})


def async_shared(address: str, prefix: str = "test", **facts: Any) -> AsyncRedisLimiter:
    return AsyncRedisLimiter(address, REAL_CLOCK, **{"prefix": prefix, "adaptive": False, **facts})


def step(
    *places: str,
    limit: Limit | None = None,
    tokens: int = 0,
    within_s: float | None = None,
    priority: int = 0,
    **bounds: int,
) -> Reserve:
    """Alternatives: one claim for each place, bounded by `limit` or by the bounds that are named."""
    limit = Limit(**bounds) if limit is None else limit
    claims = tuple(Claim((Hold(place, limit),), tokens) for place in places)
    return Reserve(claims, within_s, priority)
