"""From the table `[cache]` to a cache. What a store needs is imported here and nowhere before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .protocol import AnswerCache, AsyncAnswerCache, AsyncStore, Store

if TYPE_CHECKING:
    from baimo.config.services import CacheSettings

FILE = "answers.db"


def make_cache(settings: CacheSettings, folder: Path | None = None) -> AnswerCache:
    """The cache of a blocking client. `folder` holds the file `answers.db`; None: the user's cache folder.

    Opens and connects nothing yet. Raises ConfigError, of which MissingExtraError is one.
    """
    from .answers import StoredAnswers

    return StoredAnswers(make_store(settings, folder))


def make_async_cache(settings: CacheSettings, folder: Path | None = None) -> AsyncAnswerCache:
    """The cache of an asyncio client. See `make_cache`."""
    from .async_answers import AsyncStoredAnswers

    store: AsyncStore
    if is_redis(settings.store):
        from .async_redis import AsyncRedisStore

        store = AsyncRedisStore(settings.store, ttl_s=settings.ttl_s, prefix=settings.prefix)
    else:
        from .async_sqlite import InThread

        store = InThread(make_store(settings, folder))
    return AsyncStoredAnswers(store)


def make_store(settings: CacheSettings, folder: Path | None = None) -> Store:
    """Where the answers lie."""
    if is_redis(settings.store):
        from .redis import RedisStore

        return RedisStore(settings.store, ttl_s=settings.ttl_s, prefix=settings.prefix)
    from .sqlite import SqliteStore

    path = (folder or _cache_folder()) / FILE if settings.store == "sqlite" else Path(settings.store)
    return SqliteStore(path, ttl_s=settings.ttl_s, max_bytes=round(settings.max_mb * 1e6))


def is_redis(store: str) -> bool:
    """Whether that is the address of a Redis, not the path of a file."""
    return store.startswith(("redis://", "rediss://", "unix://"))


def _cache_folder() -> Path:
    import os
    import sys

    from baimo.config.paths import cache_dir

    return cache_dir(os.environ, sys.platform, Path.home())
