"""The cache of asyncio callers: a store, and equal calls in flight that share one fetch."""

from __future__ import annotations

import os

from baimo.steps import Keep, Look

from .answers import require_time
from .async_flight import AsyncFlights
from .protocol import AsyncStore


class AsyncStoredAnswers:
    """Meets the protocol `AsyncAnswerCache`, over any store."""

    def __init__(self, store: AsyncStore) -> None:
        self.store = store
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._flights = AsyncFlights()

    async def look(self, step: Look) -> bytes | None:
        """See `AnswerCache.look`."""
        if self._pid != os.getpid():
            self._begin()
        require_time(step, self.store.longest_s)
        value = await self._flights.join(step.key, step.within_s)
        if value is not None:
            return value
        try:
            value = await self.store.get(step.key)
        except BaseException:
            self._flights.leave(step.key)
            raise
        if value is None or value == step.stale:
            return None
        self._flights.land(step.key, value)
        return value

    async def keep(self, step: Keep) -> None:
        """See `AnswerCache.keep`."""
        if step.value is None:
            self._flights.leave(step.key)
            return
        try:
            await self.store.put(step.key, step.value)
        finally:
            self._flights.land(step.key, step.value)

    def leave(self, key: str) -> None:
        """See `AnswerCache.leave`."""
        if self._pid == os.getpid():
            self._flights.leave(key)

    async def close(self) -> None:
        """Close the store."""
        await self.store.close()
