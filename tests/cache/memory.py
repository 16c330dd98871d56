"""A store in memory, for tests of what stands above it."""

from __future__ import annotations

import threading

from baimo.cache.protocol import StoreFacts
from baimo.errors import CacheError


class Memory:
    """Meets `Store`. Counts what it is asked; fails while `trouble` is set."""

    longest_s = 0.5

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.gets = 0
        self.puts = 0
        self.trouble: str | None = None
        self.is_closed = False
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            self.gets += 1
        if self.trouble:
            raise CacheError(self.trouble)
        return self.values.get(key)

    def put(self, key: str, value: bytes) -> None:
        with self._lock:
            self.puts += 1
        if self.trouble:
            raise CacheError(self.trouble)
        self.values[key] = value

    def facts(self) -> StoreFacts:
        return StoreFacts(place="memory", entries=len(self.values))

    def clear(self) -> int:
        count = len(self.values)
        self.values.clear()
        return count

    def close(self) -> None:
        self.is_closed = True


class AsyncMemory:
    """The same, awaited."""

    longest_s = 0.5

    def __init__(self) -> None:
        self.store = Memory()

    async def get(self, key: str) -> bytes | None:
        return self.store.get(key)

    async def put(self, key: str, value: bytes) -> None:
        self.store.put(key, value)

    async def close(self) -> None:
        self.store.close()
