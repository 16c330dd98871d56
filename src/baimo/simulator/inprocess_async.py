"""The simulator as a transport on asyncio."""

from __future__ import annotations

import asyncio

from baimo.errors import Error
from baimo.transports.failure import reply_timeout
from baimo.wire.http import WireHead, WireRequest

from .exchanged import Exchanged
from .inprocess import InProcess
from .words import Pause


class AsyncSimulatedTransport(InProcess):
    """Meets the protocol `AsyncTransport`."""

    async def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> AsyncSimulatedReply:
        """See `AsyncTransport.open`."""
        reply = AsyncSimulatedReply(self._begin(request))
        await reply.wait_head(head_s)
        return reply

    async def close(self) -> None:
        """Take no more calls."""
        self._is_closed = True


class AsyncSimulatedReply:
    """Meets the protocol `AsyncReply`."""

    def __init__(self, exchanged: Exchanged) -> None:
        self._exchanged = exchanged
        self._failure: Error | None = None
        self.head: WireHead

    async def wait_head(self, within_s: float) -> None:
        """Wait until `head` is here."""
        exchanged, left = self._exchanged, within_s
        try:
            while exchanged.head is None:
                left = await self._go_on(left, "head", within_s)
        except BaseException:
            self.abort()
            raise
        self.head = exchanged.head

    async def read(self, within_s: float) -> bytes:
        """See `AsyncReply.read`."""
        left = within_s
        try:
            while (piece := self._exchanged.take()) is None:
                if self._failure is not None:
                    raise self._failure
                left = await self._go_on(left, "idle", within_s)
        except BaseException:
            self.abort()
            raise
        return piece

    def close(self) -> None:
        """Done with it."""
        self._exchanged.stop()

    def abort(self) -> None:
        """Done with it, at once."""
        self._exchanged.stop()

    async def _go_on(self, left: float, limit: str, whole: float) -> float:
        exchanged = self._exchanged
        act = await asyncio.to_thread(exchanged.next) if exchanged.blocks else exchanged.next()
        if isinstance(act, Pause):
            await exchanged.clock.asleep(min(act.seconds, left))
            if act.seconds >= left:
                raise reply_timeout(limit, whole)
            return left - act.seconds
        self._failure = exchanged.perform(act)
        return left
