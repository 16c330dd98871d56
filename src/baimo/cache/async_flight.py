"""Equal calls in flight, for asyncio: one fetches, the others wait for what it brings. By running loop."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from .board import Board
from .flight import out_of_time


class _Waiter:
    """A task that waits."""

    __slots__ = ("_loop", "future", "value")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.value: bytes | None = None
        self.future: asyncio.Future[None] = loop.create_future()

    def tell(self, value: bytes | None) -> None:
        self.value = value
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


class AsyncFlights:
    """Of one process; two loops may fetch the same twice."""

    def __init__(self) -> None:
        self._boards: WeakKeyDictionary[asyncio.AbstractEventLoop, Board[_Waiter]] = WeakKeyDictionary()

    async def join(self, key: str, within_s: float | None = None) -> bytes | None:
        """As `Flights.join`. A waiter that is cancelled leaves no trace."""
        loop = asyncio.get_running_loop()
        board = self._boards.setdefault(loop, Board())
        waiter = _Waiter(loop)
        if board.join(key, waiter):
            return None
        try:
            async with asyncio.timeout(within_s) as limit:
                await waiter.future
        except BaseException as error:
            if not board.withdraw(key, waiter) and waiter.value is None:
                board.leave(key)
            if isinstance(error, TimeoutError) and limit.expired():
                raise out_of_time() from None
            raise
        return waiter.value

    def land(self, key: str, value: bytes) -> None:
        """As `Flights.land`."""
        board = self._boards.get(asyncio.get_running_loop())
        if board is not None:
            board.land(key, value)

    def leave(self, key: str) -> None:
        """As `Flights.leave`. Outside of any loop it is for those that have stopped running."""
        try:
            boards = [self._boards.get(asyncio.get_running_loop())]
        except RuntimeError:
            boards = [board for loop, board in self._boards.items() if not loop.is_running()]
        for board in boards:
            if board is not None:
                board.leave(key)

    def __len__(self) -> int:
        """How many are under way, on all loops."""
        return sum(len(board) for board in self._boards.values())
