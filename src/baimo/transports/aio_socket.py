"""One connection on an event loop that carries a WebSocket."""

from __future__ import annotations

import asyncio

from baimo.errors import TransportError
from baimo.transports.aio_connection import AioConnection, Home
from baimo.transports.failure import call_aborted
from baimo.transports.socket_talk import SocketTalk

_MAX_UNSENT_BYTES = 256 * 1024
_GOODBYE_S = 1.0  # a peer that does not take our goodbye is left without one


class AioSocketConnection(AioConnection):
    """As `AioConnection`, for one call only. What the peer has to be told is written after each read."""

    wire: SocketTalk

    def __init__(
        self, loop: asyncio.AbstractEventLoop, home: Home, buffer: memoryview, talk: SocketTalk
    ) -> None:
        super().__init__(loop, home, buffer)
        self.wire = talk
        self._is_leaving = False

    def buffer_updated(self, nbytes: int) -> None:
        super().buffer_updated(nbytes)
        if self.wire.outgoing:
            self._answer()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.wire.outgoing:
            self._answer()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._is_leaving:
            self._leave()

    def release(self) -> None:
        """The call is over: the peer is told so, and the socket closed when that has left."""
        transport = self._transport
        if transport is None or self._is_gone or self._error is not None or self._is_leaving:
            self.abort()
            return
        self._is_leaving = True
        farewell = self.wire.farewell()
        if farewell:
            transport.write(farewell)
        transport.close()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(_GOODBYE_S, self.abort)

    def _answer(self) -> None:
        wire, transport = self.wire, self._transport
        if transport is None or self._is_leaving:
            return
        if not self._writing_paused:
            transport.write(wire.take_outgoing())
        elif len(wire.outgoing) > _MAX_UNSENT_BYTES:
            self._fail(TransportError("the server asks over the WebSocket and does not read the answers"))

    def _lost(self) -> TransportError:
        return call_aborted() if self._is_leaving else super()._lost()
