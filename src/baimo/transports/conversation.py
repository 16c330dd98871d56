"""What a connection needs of the protocol that is spoken on it: bytes in, a head and pieces out."""

from __future__ import annotations

from typing import Protocol

from baimo.errors import TransportError
from baimo.wire.http import WireHead


class Conversation(Protocol):
    """The receiving side of one connection, as `wire.http1.Http1Connection` has it."""

    head: WireHead | None
    started: bool
    """True once any byte of the reply came."""
    complete: bool
    """True once no more can come; `take` may still have pieces."""
    buffered: int
    """Bytes that came and were not taken."""

    @property
    def reusable(self) -> bool:
        """Whether another call may follow on the connection."""

    def start(self, method: str) -> None:
        """Begin a call whose request has that method."""

    def feed(self, data: bytes | memoryview, /) -> None:
        """Take bytes, cut anywhere. Raises TransportError for what is not the protocol."""

    def eof(self) -> None:
        """The peer ended its side in good order. Raises TransportError when that is too early."""

    def cut_off(self) -> TransportError:
        """The error for a connection that went away."""

    def take(self) -> bytes | None:
        """The next piece, None while there is none, `b""` at a good end. Raises TransportError."""

    def forget(self) -> None:
        """Let go of what refers back here."""
