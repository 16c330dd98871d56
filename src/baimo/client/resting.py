"""Waits between two attempts that can be broken off: by whoever closes the client, or the stream."""

from __future__ import annotations

import threading
import time
from _thread import get_ident
from collections.abc import Callable
from typing import TYPE_CHECKING

from baimo.transports.failure import transport_closed

from .clock import Clock

if TYPE_CHECKING:
    import asyncio


class Rests:
    """The waits of a client's blocking calls."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bells: dict[int, threading.Event] = {}
        self._is_closed = False

    def rest(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Wait so long, or until `is_over`, of which `wake` tells. A clock that is not the machine's own
        decides how long that takes. Raises ConnectError when the client was closed meanwhile.
        """
        if self._clock.sleep is time.sleep:
            bell = self._bells[get_ident()] = threading.Event()
            try:
                if not (self._is_closed or is_over()):
                    bell.wait(seconds)
            finally:
                del self._bells[get_ident()]
        else:
            self._clock.sleep(seconds)
        if self._is_closed:
            raise transport_closed()

    def wake(self, thread: int) -> None:
        """The call that waits in that thread is over."""
        bell = self._bells.get(thread)
        if bell is not None:
            bell.set()

    def close(self) -> None:
        """Wake all who wait."""
        self._is_closed = True
        for bell in list(self._bells.values()):
            bell.set()


class AsyncRests:
    """The waits of a client's awaited calls, on any number of loops."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: set[asyncio.Future[None]] = set()
        self._is_closed = False

    async def rest(self, seconds: float) -> None:
        """As `Rests.rest`."""
        if self._clock.sleep is not time.sleep or seconds <= 0:
            await self._clock.asleep(seconds)
        else:
            import asyncio

            loop = asyncio.get_running_loop()
            waiting = loop.create_future()
            alarm = loop.call_later(seconds, _awake, waiting)
            self._waiting.add(waiting)
            try:
                if not self._is_closed:
                    await waiting
            finally:
                self._waiting.discard(waiting)
                alarm.cancel()
        if self._is_closed:
            raise transport_closed()

    def close(self) -> None:
        """Wake all who wait, whatever loop they are on."""
        self._is_closed = True
        for waiting in list(self._waiting):
            loop = waiting.get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_awake, waiting)


def _awake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
