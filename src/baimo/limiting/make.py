"""The keeper that settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .protocol import AsyncLimiter, Clock, Limiter

if TYPE_CHECKING:
    from baimo.config.services import LimitSettings


def make_limiter(settings: LimitSettings, clock: Clock) -> Limiter:
    """For blocking callers. Raises ConfigError or MissingExtraError where limits cannot be shared."""
    if settings.shared is None:
        from .keeping import new_keeping
        from .local import LocalLimiter

        return LocalLimiter(
            new_keeping(learns=settings.learn, adaptive=settings.adaptive, clock=clock), clock
        )
    from .redis import RedisLimiter

    return RedisLimiter(
        settings.shared, clock, prefix=settings.prefix, learns=settings.learn, adaptive=settings.adaptive
    )


def make_async_limiter(settings: LimitSettings, clock: Clock) -> AsyncLimiter:
    """As `make_limiter`, for asyncio."""
    if settings.shared is None:
        from .async_local import AsyncLocalLimiter
        from .keeping import new_keeping

        return AsyncLocalLimiter(
            new_keeping(learns=settings.learn, adaptive=settings.adaptive, clock=clock), clock
        )
    from .async_redis import AsyncRedisLimiter

    return AsyncRedisLimiter(
        settings.shared, clock, prefix=settings.prefix, learns=settings.learn, adaptive=settings.adaptive
    )
