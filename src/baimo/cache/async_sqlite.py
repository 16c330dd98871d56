"""The same file for asyncio: a thread of its own does what blocks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .protocol import Store

T = TypeVar("T")


class InThread:
    """Meets the protocol `AsyncStore`, over a store that blocks. The thread is begun with the first use."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.longest_s = store.longest_s
        self._pid = os.getpid()
        self._executor: ThreadPoolExecutor | None = None

    async def get(self, key: str) -> bytes | None:
        """See `Store.get`."""
        return await self._run(lambda: self.store.get(key))

    async def put(self, key: str, value: bytes) -> None:
        """See `Store.put`."""
        await self._run(lambda: self.store.put(key, value))

    async def close(self) -> None:
        """Close the store and end the thread."""
        if self._executor is None or self._pid != os.getpid():
            return
        executor, self._executor = self._executor, None
        await asyncio.get_running_loop().run_in_executor(executor, self.store.close)
        executor.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        if self._executor is None or self._pid != os.getpid():
            self._pid = os.getpid()
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="baimo-cache")
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
