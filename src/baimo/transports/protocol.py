"""What a transport is. Anybody may hand in another one that meets these protocols.

Failures are raised as `ConnectError`, `StaleConnectionError`, `TimedOutError` or `TransportError`; an
HTTP status is never a failure here, and redirects are not followed.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from baimo.wire.http import WireHead, WireRequest


class Reply(Protocol):
    """One reply whose head has come. Pieces are decompressed bodies, framing removed.

    Of a WebSocket (head status 101) every piece is one whole message, text as UTF-8; `b""` follows a close
    with 1000, 1001 or no code. Another code, and a connection that is gone without a close, are a
    TransportError. A refused handshake is a head and a body like any other.
    """

    head: WireHead

    def read(self, within_s: float) -> bytes:
        """The next piece, at most `within_s` seconds from now; `b""` at the end of a whole body.

        Raises TimedOutError(limit="idle") in time, TransportError for a body that was cut off.
        """

    def close(self) -> None:
        """Done with it: the connection is kept when the whole body was read, else closed. Never blocks."""

    def abort(self) -> None:
        """Close the socket at once; the connection is never used again. Never blocks, may be called twice."""


class Transport(Protocol):
    """Sends requests from any thread."""

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> Reply:
        """Send and wait for the head: `connect_s` for the connection, `head_s` from the last byte sent."""

    def close(self) -> None:
        """Close all connections; reads that block in other threads end with TransportError."""


class AsyncReply(Protocol):
    """As `Reply`, awaited. `close` and `abort` stay plain calls: they never wait."""

    head: WireHead

    async def read(self, within_s: float) -> bytes: ...

    def close(self) -> None: ...

    def abort(self) -> None: ...


class AsyncTransport(Protocol):
    """As `Transport`, awaited. A cancelled `open` or `read` has closed the socket when it returns."""

    def open(
        self, request: WireRequest, *, connect_s: float, head_s: float
    ) -> Coroutine[Any, Any, AsyncReply]: ...

    async def close(self) -> None: ...
