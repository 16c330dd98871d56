"""A transport on asyncio that takes down what goes through it, for one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baimo.errors import Error
from baimo.wire.http import WireRequest

from .protocol import AsyncReply, AsyncTransport
from .recording import ReplyState

if TYPE_CHECKING:
    from .recorder import CallRecorder


class AsyncRecordedTransport:
    """Meets the protocol `AsyncTransport`."""

    def __init__(self, call: CallRecorder, inner: AsyncTransport) -> None:
        self._call = call
        self._inner = inner

    async def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> AsyncReply:
        """See `AsyncTransport.open`."""
        call = self._call
        call.sent(request)
        try:
            reply = await self._inner.open(request, connect_s=connect_s, head_s=head_s)
        except Error as error:
            call.failed(error)
            raise
        except BaseException:
            call.left()
            raise
        call.came(reply.head)
        return AsyncRecordedReply(call, reply)

    async def close(self) -> None:
        """Close the transport behind it."""
        await self._inner.close()


class AsyncRecordedReply:
    """Meets the protocol `AsyncReply`."""

    __slots__ = ("_inner", "_state", "head")

    def __init__(self, call: CallRecorder, inner: AsyncReply) -> None:
        self.head = inner.head
        self._inner = inner
        self._state = ReplyState(call)

    async def read(self, within_s: float) -> bytes:
        """See `AsyncReply.read`."""
        try:
            piece = await self._inner.read(within_s)
        except Error as error:
            self._state.failed(error)
            raise
        except BaseException:
            self._state.left()
            raise
        self._state.came(piece)
        return piece

    def close(self) -> None:
        """Done with it."""
        self._inner.close()
        self._state.left()

    def abort(self) -> None:
        """Done with it, at once."""
        self._inner.abort()
        self._state.left()
