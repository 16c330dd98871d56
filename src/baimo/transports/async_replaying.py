"""A transport on asyncio that plays a recording."""

from __future__ import annotations

from baimo.wire.http import WireHead, WireRequest

from .recorded import Line
from .replaying import Played, head_of, piece_of


class AsyncReplayTransport:
    """Meets the protocol `AsyncTransport`."""

    def __init__(self, played: Played) -> None:
        self._played = played

    async def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> AsyncReplayReply:
        """See `AsyncTransport.open`. Raises RequestDiffersError for another request than the recorded one."""
        line = self._played.send(request)
        await _wait(self._played, line)
        return AsyncReplayReply(self._played, head_of(line))

    async def close(self) -> None:
        """There is nothing to close."""


class AsyncReplayReply:
    """Meets the protocol `AsyncReply`."""

    def __init__(self, played: Played, head: WireHead) -> None:
        self.head = head
        self._played = played

    async def read(self, within_s: float) -> bytes:
        """See `AsyncReply.read`."""
        line = self._played.next()
        await _wait(self._played, line)
        return piece_of(line)

    def close(self) -> None:
        """There is nothing to close."""

    def abort(self) -> None:
        """There is nothing to close."""


async def _wait(played: Played, line: Line) -> None:
    """Until it is time for the line."""
    await played.clock.asleep(played.wait_s(line))
