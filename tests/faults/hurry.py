"""Time in a hurry: a clock that runs faster than the machine's, and transports that count in its seconds.

What is played on it takes real time over real sockets, only less of it, so that limits of a minute are met
in half a second.
"""

from __future__ import annotations

import threading
import time

from baimo.client.clock import REAL_CLOCK
from baimo.transports.protocol import AsyncReply, AsyncTransport, Reply, Transport
from baimo.wire.http import WireHead, WireRequest


class Hurry:
    """Meets the protocol `Clock`. Its seconds are so many times shorter than real ones."""

    def __init__(self) -> None:
        self._speed = 1.0
        self._shown = self._since = time.monotonic()

    @property
    def speed(self) -> float:
        """How many of its seconds go by in a real one."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._shown, self._since = self.mono(), time.monotonic()
        self._speed = speed

    def wall(self) -> float:
        """Unix seconds; the time of day is in no hurry."""
        return time.time()

    def mono(self) -> float:
        """Seconds that never run backwards."""
        return self._shown + (time.monotonic() - self._since) * self._speed

    def sleep(self, seconds: float) -> None:
        """Wait so long."""
        threading.Event().wait(seconds / self._speed)

    async def asleep(self, seconds: float) -> None:
        """Wait so long without blocking the loop."""
        await REAL_CLOCK.asleep(seconds / self._speed)


class HurriedTransport:
    """A real transport whose limits are in seconds of the hurry. Connecting is not hurried."""

    def __init__(self, transport: Transport, hurry: Hurry) -> None:
        self._transport = transport
        self._hurry = hurry

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> HurriedReply:
        """See `Transport.open`."""
        reply = self._transport.open(request, connect_s=connect_s, head_s=head_s / self._hurry.speed)
        return HurriedReply(reply, self._hurry)

    def close(self) -> None:
        """Close it."""
        self._transport.close()


class HurriedReply:
    """Meets the protocol `Reply`."""

    def __init__(self, reply: Reply, hurry: Hurry) -> None:
        self._reply = reply
        self._hurry = hurry
        self.head: WireHead = reply.head
        self.close = reply.close
        self.abort = reply.abort

    def read(self, within_s: float) -> bytes:
        """See `Reply.read`."""
        return self._reply.read(within_s / self._hurry.speed)


class AsyncHurriedTransport:
    """As `HurriedTransport`, on asyncio."""

    def __init__(self, transport: AsyncTransport, hurry: Hurry) -> None:
        self._transport = transport
        self._hurry = hurry

    async def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> AsyncHurriedReply:
        """See `AsyncTransport.open`."""
        reply = await self._transport.open(request, connect_s=connect_s, head_s=head_s / self._hurry.speed)
        return AsyncHurriedReply(reply, self._hurry)

    async def close(self) -> None:
        """Close it."""
        await self._transport.close()


class AsyncHurriedReply:
    """Meets the protocol `AsyncReply`."""

    def __init__(self, reply: AsyncReply, hurry: Hurry) -> None:
        self._reply = reply
        self._hurry = hurry
        self.head: WireHead = reply.head
        self.close = reply.close
        self.abort = reply.abort

    async def read(self, within_s: float) -> bytes:
        """See `AsyncReply.read`."""
        return await self._reply.read(within_s / self._hurry.speed)
