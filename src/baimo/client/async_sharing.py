"""Results that several calls of one asynchronous client share. One task a key, by running loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary


class _Entry:
    __slots__ = ("good_until", "task", "value", "waiting")

    def __init__(self) -> None:
        self.task: asyncio.Task[tuple[Any, float]] | None = None
        self.waiting = 0
        self.good_until = 0.0
        self.value: Any = None


class AsyncSharedResults:
    """The first caller's fetch runs in a task of its own; it is cancelled when the last waiter goes.

    A fetch that fails is not kept: every waiter gets its error, and the next call tries anew.
    """

    def __init__(self) -> None:
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Entry]] = WeakKeyDictionary()

    async def get(self, key: str, fetch: Callable[[], Awaitable[tuple[Any, float]]]) -> Any:
        """The value of `key`; `fetch` returns it with the seconds it lives."""
        entry = self._loops.setdefault(asyncio.get_running_loop(), {}).setdefault(key, _Entry())
        if time.monotonic() < entry.good_until:
            return entry.value
        task = entry.task
        if task is None or task.done():
            task = entry.task = asyncio.ensure_future(_fetched(entry, fetch))
        entry.waiting += 1
        try:
            value, _ = await asyncio.shield(task)
        finally:
            entry.waiting -= 1
            if entry.waiting == 0 and not task.done():
                task.cancel()
                entry.task = None  # whoever comes before it has ended begins anew
        return value


async def _fetched(entry: _Entry, fetch: Callable[[], Awaitable[tuple[Any, float]]]) -> tuple[Any, float]:
    try:
        value, lives_s = await fetch()
    finally:
        if entry.task is asyncio.current_task():
            entry.task = None  # a task holds its loop, which would then never be forgotten
    entry.value, entry.good_until = value, time.monotonic() + lives_s
    return value, lives_s
