"""Who fetches which key, and who waits for it: the order of handing on, without any waiting."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, Protocol, TypeVar


class Waiter(Protocol):
    """One call that waits for another one to fetch the same."""

    def tell(self, value: bytes | None) -> None:
        """Wake it. None: it is the one who fetches now. Called once, from any thread; must not block."""


W = TypeVar("W", bound=Waiter)


class Board(Generic[W]):
    """The flights that are under way: one call leads each, the others wait in line.

    A call may be forgotten, and so left, by the garbage collector at any line, also of this module: `leave`
    only makes a mark while somebody else is at the board, and whoever is at it acts upon the marks.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, deque[W]] = {}
        self._left: deque[str] = deque()

    def join(self, key: str, waiter: W) -> bool:
        """True: the caller leads. False: it waits until it is told."""
        with self._lock:
            waiting = self._flights.get(key)
            if waiting is None:
                self._flights[key] = deque()
            else:
                waiting.append(waiter)
        self._settle()
        return waiting is None

    def land(self, key: str, value: bytes) -> None:
        """The leader has it: everybody who waits gets it."""
        with self._lock:
            waiting = self._flights.pop(key, ())
        self._settle()
        for waiter in waiting:
            waiter.tell(value)

    def leave(self, key: str) -> None:
        """The leader is gone: the first in line leads. Never blocks."""
        self._left.append(key)
        self._settle()

    def withdraw(self, key: str, waiter: W) -> bool:
        """Wait no longer. False: it is too late, the waiter has been told or is just being told."""
        with self._lock:
            waiting = self._flights.get(key)
            found = waiting is not None and waiter in waiting
            if found and waiting is not None:
                waiting.remove(waiter)
        self._settle()
        return found

    def __len__(self) -> int:
        return len(self._flights)

    def _settle(self) -> None:
        while self._left and self._lock.acquire(blocking=False):
            told: list[W] = []
            try:
                while self._left:
                    key = self._left.popleft()
                    waiting = self._flights.get(key)
                    if waiting:
                        told.append(waiting.popleft())
                    else:
                        self._flights.pop(key, None)
            finally:
                self._lock.release()
            for waiter in told:
                waiter.tell(None)
