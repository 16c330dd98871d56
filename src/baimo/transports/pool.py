"""Which connection a call takes: the one policy of the sync and the async pool. No I/O, no clock, no lock.

A connection is kept for reuse in the order last in, first out, so that few stay warm and the rest expire.
Calls that find no place wait in line, first in, first out; a place that comes free goes to the first of
them and to nobody else.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

C = TypeVar("C")
W = TypeVar("W")


class OriginPool(Generic[C, W]):
    """The connections to one origin by one way. `C` is a connection, `W` whatever waits for a place.

    A call reserves a place, then takes an idle connection or makes one, and frees the place at its end.
    """

    __slots__ = ("_idle", "_idle_expiry_s", "_max_connections", "_max_idle", "in_use", "waiting")

    def __init__(self, *, max_connections: int, max_idle: int, idle_expiry_s: float) -> None:
        self._max_connections = max_connections
        self._max_idle = max_idle
        self._idle_expiry_s = idle_expiry_s
        self._idle: list[tuple[C, float]] = []
        self.in_use = 0
        """Places taken: calls with a connection or about to make one."""
        self.waiting: deque[W] = deque()
        """Who waits for a place, the first in line first."""

    @property
    def idle(self) -> list[C]:
        """Connections without a call, the coldest first."""
        return [connection for connection, _ in self._idle]

    def reserve(self) -> bool:
        """Take a place; False when there is none or others wait for one already."""
        if self.in_use >= self._max_connections or self.waiting:
            return False
        self.in_use += 1
        return True

    def free(self) -> W | None:
        """Leave a place. It passes to the first in line, who is returned to be woken, or is free again."""
        if self.waiting:
            return self.waiting.popleft()
        self.in_use -= 1
        return None

    def pop_idle(self, now: float) -> C | None:
        """The warmest idle connection, None when there is none that is fresh."""
        if self._idle and now - self._idle[-1][1] < self._idle_expiry_s:
            return self._idle.pop()[0]
        return None

    def put_idle(self, connection: C, now: float) -> list[C]:
        """Keep a connection. Returns those that must be closed: expired ones, or one too many."""
        self._idle.append((connection, now))
        if now - self._idle[0][1] >= self._idle_expiry_s:
            return self._expired(now)
        return [self._idle.pop(0)[0]] if len(self._idle) > self._max_idle else []

    def remove_idle(self, connection: C) -> None:
        """An idle connection ended by itself."""
        self._idle = [kept for kept in self._idle if kept[0] is not connection]

    def take_all_idle(self) -> list[C]:
        """Every idle connection, taken out."""
        idle, self._idle = self.idle, []
        return idle

    def _expired(self, now: float) -> list[C]:
        gone = [connection for connection, since in self._idle if now - since >= self._idle_expiry_s]
        self._idle = [kept for kept in self._idle if now - kept[1] < self._idle_expiry_s]
        return gone
