"""Results that several calls of one asynchronous client share. One task a key, by running loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from baimo.steps import Shared

from .sharing import out_of_time


class _Entry:
    __slots__ = ("good_until", "task", "value", "waiting")

    def __init__(self) -> None:
        self.task: asyncio.Task[tuple[Any, float]] | None = None
        self.waiting = 0
        self.good_until = float("-inf")
        self.value: Any = None

    def is_good(self, now: float, stale: Any) -> bool:
        return now < self.good_until and (stale is None or self.value is not stale)


class AsyncSharedResults:
    """The first caller's fetch runs in a task of its own; it is cancelled when the last waiter goes.

    A fetch that fails is not kept: every waiter gets its error, and the next call tries anew.
    """

    def __init__(self, mono: Callable[[], float]) -> None:
        self._mono = mono
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Entry]] = WeakKeyDictionary()

    async def get(self, step: Shared, fetch: Callable[[], Awaitable[tuple[Any, float]]]) -> Any:
        """The step's value; `fetch` returns it with the seconds it lives. Raises TimedOutError("total")."""
        entry = self._loops.setdefault(asyncio.get_running_loop(), {}).setdefault(step.key, _Entry())
        if entry.is_good(self._mono(), step.stale):
            return entry.value
        task = entry.task
        if task is None or task.done():
            task = entry.task = asyncio.ensure_future(self._fetched(entry, fetch))
        entry.waiting += 1
        try:
            async with asyncio.timeout(step.within_s) as limit:
                value, _ = await asyncio.shield(task)
        except TimeoutError:
            if limit.expired():
                raise out_of_time() from None
            raise
        finally:
            entry.waiting -= 1
            if entry.waiting == 0 and not task.done():
                task.cancel()
                entry.task = None  # whoever comes before it has ended begins anew
        return value

    async def _fetched(
        self, entry: _Entry, fetch: Callable[[], Awaitable[tuple[Any, float]]]
    ) -> tuple[Any, float]:
        try:
            value, lives_s = await fetch()
        finally:
            if entry.task is asyncio.current_task():
                entry.task = None  # a task holds its loop, which would then never be forgotten
        entry.value, entry.good_until = value, self._mono() + lives_s
        return value, lives_s
