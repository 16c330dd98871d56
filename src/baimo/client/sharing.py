"""Results that several calls of one client share: fetched once however many wait, kept until they expire."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from baimo.errors import TimedOutError
from baimo.steps import Shared


class _Entry:
    __slots__ = ("good_until", "lock", "value")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.good_until = float("-inf")
        self.value: Any = None

    def is_good(self, now: float, stale: Any) -> bool:
        return now < self.good_until and (stale is None or self.value is not stale)


class SharedResults:
    """For blocking callers: the first one fetches in its own thread, the others wait for it.

    A fetch that fails is not kept: its error goes to the one who fetched, and the next waiter tries.
    """

    def __init__(self, mono: Callable[[], float]) -> None:
        self._mono = mono
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def get(self, step: Shared, fetch: Callable[[], tuple[Any, float]]) -> Any:
        """The step's value; `fetch` returns it with the seconds it lives. Raises TimedOutError("total")."""
        with self._lock:
            entry = self._entries.setdefault(step.key, _Entry())
        if entry.is_good(self._mono(), step.stale):
            return entry.value
        if not entry.lock.acquire(timeout=-1 if step.within_s is None else step.within_s):
            raise out_of_time()
        try:
            if not entry.is_good(self._mono(), step.stale):
                entry.value, lives_s = fetch()
                entry.good_until = self._mono() + lives_s
            return entry.value
        finally:
            entry.lock.release()


def out_of_time() -> TimedOutError:
    """The call's time was over while another call fetched what both need."""
    return TimedOutError(
        "the call's time was over while its credentials were being fetched", limit="total", sent=False
    )
