"""Which keeper settings ask for."""

from __future__ import annotations

import asyncio

import pytest

from baimo.client.clock import REAL_CLOCK
from baimo.config.services import LimitSettings
from baimo.errors import LimitReachedError
from baimo.limiting.async_local import AsyncLocalLimiter
from baimo.limiting.async_redis import AsyncRedisLimiter
from baimo.limiting.local import LocalLimiter
from baimo.limiting.make import make_async_limiter, make_limiter
from baimo.limiting.owner import Owner
from baimo.limiting.redis import RedisLimiter
from tests.limiting.keepers import step


def test_limits_are_kept_here_unless_they_are_to_be_shared(store: str) -> None:
    here, there = LimitSettings(), LimitSettings(shared=store)
    assert type(make_limiter(here, REAL_CLOCK)) is LocalLimiter
    assert type(make_async_limiter(here, REAL_CLOCK)) is AsyncLocalLimiter
    assert type(make_limiter(there, REAL_CLOCK)) is RedisLimiter
    assert type(make_async_limiter(there, REAL_CLOCK)) is AsyncRedisLimiter


@pytest.mark.parametrize("adaptive", [True, False])
def test_finding_out_how_many_at_once_can_be_turned_off(adaptive: bool, store: str, prefix: str) -> None:
    for shared in (None, store):
        settings = LimitSettings(shared=shared, prefix=prefix, adaptive=adaptive)
        limiter = make_limiter(settings, REAL_CLOCK)
        for _ in range(64):
            limiter.reserve(step("k"))
        if adaptive:
            with pytest.raises(LimitReachedError):
                limiter.reserve(step("k", within_s=0.0))
        else:
            limiter.reserve(step("k", within_s=0.0))
        limiter.close()


def test_the_shared_names_begin_with_the_prefix(store: str, prefix: str) -> None:
    mine = make_limiter(LimitSettings(shared=store, prefix=prefix), REAL_CLOCK)
    yours = make_async_limiter(LimitSettings(shared=store, prefix=f"{prefix}-other"), REAL_CLOCK)
    minute = step("k", requests_per_minute=1)

    async def take() -> None:
        await yours.reserve(minute)
        await yours.close()

    mine.reserve(minute)
    asyncio.run(take())
    mine.close()


def test_a_forked_process_has_a_name_of_its_own() -> None:
    pids = iter([1, 1, 2])
    owner = Owner(lambda: next(pids))
    here = owner()
    assert owner() == here
    assert owner() != here
