"""Equal calls in flight, for threads: one fetches, the others wait for what it brings."""

from __future__ import annotations

import threading

from baimo.errors import TimedOutError

from .board import Board


class _Waiter:
    """A thread that waits. A lock is its gate: to open one is a single act, whoever does it and whenever."""

    __slots__ = ("gate", "value")

    def __init__(self) -> None:
        self.value: bytes | None = None
        self.gate = threading.Lock()
        self.gate.acquire()

    def tell(self, value: bytes | None) -> None:
        self.value = value
        self.gate.release()


class Flights:
    """Of one process. A leader that leaves hands over to exactly one of those who wait."""

    def __init__(self) -> None:
        self._board: Board[_Waiter] = Board()
        self.land = self._board.land
        self.leave = self._board.leave

    def join(self, key: str, within_s: float | None = None) -> bytes | None:
        """What another call fetched, or None: the caller leads, and must `land` or `leave`.

        Raises TimedOutError("total").
        """
        waiter = _Waiter()
        if self._board.join(key, waiter):
            return None
        try:
            in_time = waiter.gate.acquire(timeout=-1 if within_s is None else max(within_s, 0.0))
        except BaseException:
            if not self._board.withdraw(key, waiter):
                waiter.gate.acquire()
                if waiter.value is None:
                    self.leave(key)
            raise
        if not in_time:
            if self._board.withdraw(key, waiter):
                raise out_of_time()
            waiter.gate.acquire()  # it was told in this very moment
        return waiter.value

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._board)


def out_of_time() -> TimedOutError:
    """The call's time was over while another call fetched what both need."""
    return TimedOutError(
        "the call's time was over while an equal call was being answered", limit="total", sent=False
    )
