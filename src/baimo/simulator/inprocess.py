"""The simulator as a transport: no sockets, no threads, and time as the clock that is handed in has it.

The bytes of each reply are made and read by the same code as on a real connection, so that framing,
compression and broken ends are what they would be there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from websockets.frames import Close, Frame, Opcode

from baimo.client.clock import Clock
from baimo.errors import ConnectError, Error, TransportError
from baimo.serving.framing import ReplyFramer
from baimo.transports.conversation import Conversation
from baimo.transports.failure import call_aborted, reply_timeout, transport_closed
from baimo.transports.socket_talk import SocketTalk
from baimo.wire.http import HeaderFields, HttpRequest, SocketRequest, WireHead, WireRequest
from baimo.wire.http1 import Http1Connection
from baimo.wire.websocket import accept_of

from .engine import Call, Simulation
from .words import Abort, Act, CloseSocket, Head, Pause, Piece, RawBytes, names_host

_FIRST_PORT = 1
_DONE = object()


def origin_of(simulation: Simulation, provider: str) -> str:
    """The address by which a provider is reached in this process. Nobody listens there."""
    return f"http://127.0.0.1:{_FIRST_PORT + list(simulation.faces).index(provider)}"


class InProcess:
    """What both transports share: who is meant, and what a call is made of."""

    def __init__(self, simulation: Simulation, clock: Clock) -> None:
        self.simulation = simulation
        self.clock = clock
        self.is_closed = False

    def begin(self, request: WireRequest) -> _Exchange:
        """A call. Raises ConnectError for an address that no simulated provider has."""
        if self.is_closed:
            raise transport_closed()
        simulation, clock = self.simulation, self.clock
        provider = self._provider(request)
        talk = SocketTalk(request) if isinstance(request, SocketRequest) else None
        seen: WireRequest
        if talk is not None and isinstance(request, SocketRequest):
            fields = _served(talk.handshake.headers, request.origin)
            seen = SocketRequest(origin=request.origin, target=request.target, headers=fields)
            frames = request.frames
        else:
            assert isinstance(request, HttpRequest)
            body = request.body if isinstance(request.body, bytes) else b"".join(request.body.chunks())
            fields = _served(request.headers, request.origin, len(body) if body else None)
            seen = HttpRequest(
                method=request.method,
                origin=request.origin,
                target=request.target or b"/",
                headers=fields,
                body=body,
            )
            frames = ()
        call = simulation.call(provider, seen, wall=clock.wall(), mono=clock.mono())
        return _Exchange(call, clock, request, talk, frames)

    def _provider(self, request: WireRequest) -> str:
        host = request.origin.partition("://")[2]
        faces = self.simulation.faces
        ours = {origin_of(self.simulation, name).partition("://")[2]: name for name in faces}
        if host in ours:
            return ours[host]
        if not names_host(host, ()):
            for face in faces.values():
                if names_host(host, face.hosts):
                    return face.name
        raise ConnectError(
            f"no simulated provider answers at {request.origin}",
            hint=f"There is {', '.join(faces)}.",
            retryable=False,
        )


class SimulatedTransport(InProcess):
    """Meets the protocol `Transport`."""

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> SimulatedReply:
        """See `Transport.open`."""
        return SimulatedReply(self.begin(request), head_s)

    def close(self) -> None:
        """Take no more calls."""
        self.is_closed = True


class AsyncSimulatedTransport(InProcess):
    """Meets the protocol `AsyncTransport`."""

    async def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> AsyncSimulatedReply:
        """See `AsyncTransport.open`."""
        reply = AsyncSimulatedReply(self.begin(request))
        await reply.wait_head(head_s)
        return reply

    async def close(self) -> None:
        """Take no more calls."""
        self.is_closed = True


class _Exchange:
    """One call: acts go in as bytes, a head and pieces come out. Waiting is its owner's matter."""

    def __init__(
        self,
        call: Call,
        clock: Clock,
        request: WireRequest,
        talk: SocketTalk | None,
        frames: tuple[bytes | str, ...],
    ) -> None:
        self.clock = clock
        self.blocks = call.blocks
        self._call = call
        self._talk = talk
        self._frames: tuple[bytes | str, ...] | None = frames
        self._conversation: Conversation = talk if talk is not None else Http1Connection()
        method = request.method if isinstance(request, HttpRequest) else "GET"
        self._framer = ReplyFramer(method, keep_alive=talk is None)
        self._conversation.start(method)
        self._acts: Iterator[Act] = call.handshake() if talk is not None else call.acts()
        self._is_open = False
        self._is_aborted = False

    @property
    def head(self) -> WireHead | None:
        return self._conversation.head

    def take(self) -> bytes | None:
        """As `Conversation.take`."""
        if self._is_aborted:
            raise call_aborted()
        return self._conversation.take()

    def next(self) -> object:
        """The next act, or `_DONE`."""
        return next(self._acts, _DONE)

    def perform(self, act: object) -> None:
        """Let the client have what an act sends; a Pause sends nothing."""
        conversation = self._conversation
        if act is _DONE:
            self._end()
        elif isinstance(act, Head):
            self._head(act.head)
        elif isinstance(act, Piece):
            data = _text(act.data) if self._is_open else self._framer.piece(act.data)
            if data:
                conversation.feed(data)
        elif isinstance(act, RawBytes):
            conversation.feed(act.data)
        elif isinstance(act, CloseSocket):
            conversation.feed(
                Frame(Opcode.CLOSE, Close(act.code, act.reason).serialize()).serialize(mask=False)
            )
        elif isinstance(act, Abort):
            self._abort_by_peer()

    def stop(self) -> None:
        """The client has left."""
        if not self._is_aborted:
            self._is_aborted = True
            close = getattr(self._acts, "close", None)
            if close is not None:
                close()
            self._conversation.forget()

    def _head(self, head: WireHead) -> None:
        talk = self._talk
        if talk is None or head.status != 101:
            self._conversation.feed(self._framer.head(head))
            return
        key = next(value for name, value in talk.handshake.headers if name.lower() == b"sec-websocket-key")
        more = (
            (b"upgrade", b"websocket"),
            (b"connection", b"Upgrade"),
            (b"sec-websocket-accept", accept_of(key)),
        )
        lines = [b"HTTP/1.1 101 Switching Protocols"]
        lines += [b"%b: %b" % field for field in (*head.headers, *more)]
        self._is_open = True
        talk.feed(b"\r\n".join(lines) + b"\r\n\r\n")

    def _end(self) -> None:
        """The acts are over: of a handshake comes the answer next, else the connection may end."""
        if self._is_open and self._frames is not None:
            frames, self._frames = self._frames, None
            self._acts = self._call.told(frames, wall=self.clock.wall(), mono=self.clock.mono())
            return
        if not self._is_open:
            data = self._framer.end()
            if data:
                self._conversation.feed(data)
        if not self._conversation.complete:
            self._conversation.eof()

    def _abort_by_peer(self) -> None:
        self._frames = None
        if self._talk is not None and self._is_open:
            self._talk.eof()
        elif not self._conversation.complete:
            raise self._conversation.cut_off()


class SimulatedReply:
    """Meets the protocol `Reply`."""

    def __init__(self, exchange: _Exchange, head_s: float) -> None:
        self._exchange = exchange
        self._pause = 0.0
        self._failure: Error | None = None
        self.head: WireHead
        left = head_s
        try:
            while exchange.head is None:
                left = self._go_on(left, "head", head_s)
        except BaseException:
            self.abort()
            raise
        self.head = exchange.head

    def read(self, within_s: float) -> bytes:
        """See `Reply.read`."""
        left = within_s
        try:
            while (piece := self._exchange.take()) is None:
                if self._failure is not None:
                    raise self._failure
                left = self._go_on(left, "idle", within_s)
        except BaseException:
            self.abort()
            raise
        return piece

    def close(self) -> None:
        """Done with it."""
        self._exchange.stop()

    def abort(self) -> None:
        """Done with it, at once."""
        self._exchange.stop()

    def _go_on(self, left: float, limit: str, whole: float) -> float:
        """Perform one act; how much of the time is left."""
        exchange = self._exchange
        act = exchange.next()
        if isinstance(act, Pause):
            exchange.clock.sleep(min(act.seconds, left))
            if act.seconds >= left:
                raise reply_timeout(limit, whole)
            return left - act.seconds
        self._failure = _performed(exchange, act)
        return left


class AsyncSimulatedReply:
    """Meets the protocol `AsyncReply`."""

    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange
        self._failure: Error | None = None
        self.head: WireHead

    async def wait_head(self, within_s: float) -> None:
        """Wait until `head` is here."""
        exchange, left = self._exchange, within_s
        try:
            while exchange.head is None:
                left = await self._go_on(left, "head", within_s)
        except BaseException:
            self.abort()
            raise
        self.head = exchange.head

    async def read(self, within_s: float) -> bytes:
        """See `AsyncReply.read`."""
        left = within_s
        try:
            while (piece := self._exchange.take()) is None:
                if self._failure is not None:
                    raise self._failure
                left = await self._go_on(left, "idle", within_s)
        except BaseException:
            self.abort()
            raise
        return piece

    def close(self) -> None:
        """Done with it."""
        self._exchange.stop()

    def abort(self) -> None:
        """Done with it, at once."""
        self._exchange.stop()

    async def _go_on(self, left: float, limit: str, whole: float) -> float:
        exchange = self._exchange
        act = await asyncio.to_thread(exchange.next) if exchange.blocks else exchange.next()
        if isinstance(act, Pause):
            await exchange.clock.asleep(min(act.seconds, left))
            if act.seconds >= left:
                raise reply_timeout(limit, whole)
            return left - act.seconds
        self._failure = _performed(exchange, act)
        return left


def _performed(exchange: _Exchange, act: object) -> Error | None:
    """Perform an act; a failure is given back where the client may have pieces that came before it."""
    try:
        exchange.perform(act)
    except TransportError as error:
        if exchange.head is None:
            raise
        return error
    return None


def _text(data: bytes) -> bytes:
    return Frame(Opcode.TEXT, data).serialize(mask=False)


def _served(fields: HeaderFields, origin: str, length: int | None = None) -> HeaderFields:
    """The header fields as a server sees them: names in lower case, with those that a connection adds."""
    seen = tuple((name.lower(), value) for name, value in fields)
    names = {name for name, _ in seen}
    more: list[tuple[bytes, bytes]] = []
    if b"host" not in names:
        more.append((b"host", origin.partition("://")[2].encode()))
    if b"content-length" not in names and length is not None:
        more.append((b"content-length", str(length).encode()))
    return (*more, *seen)
