"""A transport that takes down what goes through it, for one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baimo.errors import Error
from baimo.wire.http import WireRequest

from .protocol import Reply, Transport

if TYPE_CHECKING:
    from .recorder import CallRecorder


class RecordedTransport:
    """Meets the protocol `Transport`."""

    def __init__(self, call: CallRecorder, inner: Transport) -> None:
        self._call = call
        self._inner = inner

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> Reply:
        """See `Transport.open`."""
        call = self._call
        call.sent(request)
        try:
            reply = self._inner.open(request, connect_s=connect_s, head_s=head_s)
        except Error as error:
            call.failed(error)
            raise
        except BaseException:
            call.left()
            raise
        call.came(reply.head)
        return RecordedReply(call, reply)

    def close(self) -> None:
        """Close the transport behind it."""
        self._inner.close()


class ReplyState:
    """How the reply of a recorded call ends: once, in one way."""

    __slots__ = ("_call", "_is_over")

    def __init__(self, call: CallRecorder) -> None:
        self._call = call
        self._is_over = False

    def came(self, piece: bytes) -> None:
        """A piece of the body, or its end."""
        self._call.piece(piece)
        self._is_over = not piece

    def failed(self, error: Error) -> None:
        """The transport failed."""
        self._is_over = True
        self._call.failed(error)

    def left(self) -> None:
        """Our side is done with it."""
        if not self._is_over:
            self._is_over = True
            self._call.left()


class RecordedReply:
    """Meets the protocol `Reply`."""

    __slots__ = ("_inner", "_state", "head")

    def __init__(self, call: CallRecorder, inner: Reply) -> None:
        self.head = inner.head
        self._inner = inner
        self._state = ReplyState(call)

    def read(self, within_s: float) -> bytes:
        """See `Reply.read`."""
        try:
            piece = self._inner.read(within_s)
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
