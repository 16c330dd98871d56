"""Answers in Redis, for asyncio. Connections belong to the loop that made them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from .redis import LONGEST_S, Names, Watch, options, package, readable


class AsyncRedisStore:
    """Meets the protocol `AsyncStore`. Connects when it is first used."""

    longest_s = LONGEST_S

    def __init__(
        self, url: str, *, ttl_s: float, prefix: str, mono: Callable[[], float] = time.monotonic
    ) -> None:
        redis = package("redis")
        self._url = url
        self._redis = package("redis.asyncio")
        self._watch = Watch(url, redis, mono)
        self._ttl_ms = max(1, round(ttl_s * 1000))
        self._names = Names(prefix)
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()
        with readable():
            self._redis.ConnectionPool.from_url(url)

    async def get(self, key: str) -> bytes | None:
        """See `Store.get`."""
        with self._watch.over():
            value: bytes | None = await self._client().get(self._names.of(key))
        return value

    async def put(self, key: str, value: bytes) -> None:
        """See `Store.put`."""
        with self._watch.over():
            await self._client().set(self._names.of(key), value, px=self._ttl_ms)

    async def close(self) -> None:
        """Close the connections of the running loop; those of loops that have ended went with them."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def _client(self) -> Any:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = self._redis.Redis.from_url(
                self._url, **options("redis.asyncio.retry")
            )
        return client
