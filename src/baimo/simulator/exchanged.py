"""One call in this process: what a simulated server does goes in, and comes out as what a client receives.

The bytes are made and read by the same code as on a real connection, so that framing, compression and broken
ends are what they would be there. Waiting is the matter of the transports.
"""

from __future__ import annotations

from collections.abc import Iterator

from baimo.client.clock import Clock
from baimo.errors import Error, TransportError
from baimo.serving.framing import ReplyFramer
from baimo.transports.conversation import Conversation
from baimo.transports.failure import call_aborted
from baimo.wire.http import HeaderFields, HttpRequest, WireHead
from baimo.wire.http1 import Http1Connection

from .engine import Call, Simulation
from .words import Abort, Act, Head, Piece, RawBytes

DONE = object()
"""What comes after the last act."""


class Exchanged:
    """A call of HTTP."""

    def __init__(self, call: Call, clock: Clock, conversation: Conversation, method: str) -> None:
        self.clock = clock
        self.blocks = call.blocks
        self._call = call
        self._conversation = conversation
        self._framer = ReplyFramer(method)
        self._acts: Iterator[Act] = self._begun()
        self._is_stopped = False
        conversation.start(method)

    @property
    def head(self) -> WireHead | None:
        """The head, once it is whole."""
        return self._conversation.head

    def take(self) -> bytes | None:
        """As `Conversation.take`."""
        if self._is_stopped:
            raise call_aborted()
        return self._conversation.take()

    def next(self) -> object:
        """The next act, or `DONE`."""
        return next(self._acts, DONE)

    def perform(self, act: object) -> Error | None:
        """Let the client have what an act sends; a Pause sends nothing.

        A failure after the head is given back: the client may have pieces that came before it.
        """
        try:
            self._perform(act)
        except TransportError as error:
            if self.head is None:
                raise
            return error
        return None

    def stop(self) -> None:
        """The client has left."""
        if self._is_stopped:
            return
        self._is_stopped = True
        if self._conversation.complete:
            self.next()  # the server is done as well, and says so
        close = getattr(self._acts, "close", None)
        if close is not None:
            close()
        self._conversation.forget()

    def _begun(self) -> Iterator[Act]:
        return self._call.acts()

    def _perform(self, act: object) -> None:
        if act is DONE:
            self._ended()
        elif isinstance(act, Head):
            self._conversation.feed(self._framer.head(act.head))
        elif isinstance(act, Piece):
            data = self._framer.piece(act.data)
            if data:
                self._conversation.feed(data)
        elif isinstance(act, RawBytes):
            self._conversation.feed(act.data)
        elif isinstance(act, Abort) and not self._conversation.complete:
            raise self._conversation.cut_off()

    def _ended(self) -> None:
        data = self._framer.end()
        if data:
            self._conversation.feed(data)
        if not self._conversation.complete:
            self._conversation.eof()


def begin(simulation: Simulation, provider: str, request: HttpRequest, clock: Clock) -> Exchanged:
    """A call of HTTP to that provider."""
    body = request.body if isinstance(request.body, bytes) else b"".join(request.body.chunks())
    seen = HttpRequest(
        method=request.method,
        origin=request.origin,
        target=request.target or b"/",
        headers=served_fields(request.headers, request.origin, len(body) if body else None),
        body=body,
    )
    call = simulation.call(provider, seen, wall=clock.wall(), mono=clock.mono())
    return Exchanged(call, clock, Http1Connection(), request.method)


def served_fields(fields: HeaderFields, origin: str, length: int | None = None) -> HeaderFields:
    """The header fields as a server sees them: names in lower case, with those that a connection adds."""
    seen = tuple((name.lower(), value) for name, value in fields)
    names = {name for name, _ in seen}
    more: list[tuple[bytes, bytes]] = []
    if b"host" not in names:
        more.append((b"host", origin.partition("://")[2].encode()))
    if b"content-length" not in names and length is not None:
        more.append((b"content-length", str(length).encode()))
    return (*more, *seen)
