"""Results that several calls of one client share: fetched once however many wait, kept until they expire."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any


class _Entry:
    __slots__ = ("good_until", "lock", "value")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.good_until = 0.0
        self.value: Any = None


class SharedResults:
    """For blocking callers: the first one fetches in its own thread, the others wait for it.

    A fetch that fails is not kept: its error goes to the one who fetched, and the next waiter tries.
    """

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def get(self, key: str, fetch: Callable[[], tuple[Any, float]]) -> Any:
        """The value of `key`; `fetch` returns it with the seconds it lives."""
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
        with entry.lock:
            if time.monotonic() >= entry.good_until:
                entry.value, lives_s = fetch()
                entry.good_until = time.monotonic() + lives_s
            return entry.value
