"""One WebSocket in this process, with the frames that would be on the wire. Loaded with the first one."""

from __future__ import annotations

from collections.abc import Iterator

from websockets.frames import Close, Frame, Opcode

from baimo.client.clock import Clock
from baimo.transports.socket_talk import SocketTalk
from baimo.wire.http import SocketRequest, WireHead
from baimo.wire.websocket import accept_of

from .engine import Call, Simulation
from .exchanged import DONE, Exchanged, served_fields
from .words import Abort, Act, CloseSocket, Head, Piece


class ExchangedSocket(Exchanged):
    """A call over a socket: the handshake, the caller's messages, the answer to them."""

    def __init__(self, call: Call, clock: Clock, talk: SocketTalk, frames: tuple[bytes | str, ...]) -> None:
        super().__init__(call, clock, talk, "GET")
        self._talk = talk
        self._frames: tuple[bytes | str, ...] | None = frames
        self._is_open = False

    def _begun(self) -> Iterator[Act]:
        return self._call.handshake()

    def _perform(self, act: object) -> None:
        if isinstance(act, Head) and act.head.status == 101:
            self._open(act.head)
        elif not self._is_open:
            super()._perform(act)
        elif act is DONE:
            self._asked()
        elif isinstance(act, Piece):
            self._talk.feed(Frame(Opcode.TEXT, act.data).serialize(mask=False))
        elif isinstance(act, CloseSocket):
            close = Close(act.code, act.reason).serialize()
            self._talk.feed(Frame(Opcode.CLOSE, close).serialize(mask=False))
        elif isinstance(act, Abort):
            self._talk.eof()

    def _open(self, head: WireHead) -> None:
        key = next(value for name, value in self._talk.handshake.headers if name == b"Sec-WebSocket-Key")
        more = (
            (b"upgrade", b"websocket"),
            (b"connection", b"Upgrade"),
            (b"sec-websocket-accept", accept_of(key)),
        )
        lines = [b"HTTP/1.1 101 Switching Protocols"]
        lines += [b"%b: %b" % field for field in (*head.headers, *more)]
        self._is_open = True
        self._talk.feed(b"\r\n".join(lines) + b"\r\n\r\n")

    def _asked(self) -> None:
        """After the handshake comes the answer; after that the connection is over."""
        if self._frames is None:
            self._talk.eof()
            return
        frames, self._frames = self._frames, None
        if not self._talk.complete:
            self._acts = self._call.told(frames, wall=self.clock.wall(), mono=self.clock.mono())


def begin_socket(
    simulation: Simulation, provider: str, request: SocketRequest, clock: Clock
) -> ExchangedSocket:
    """A WebSocket to that provider."""
    talk = SocketTalk(request)
    fields = served_fields(talk.handshake.headers, request.origin)
    seen = SocketRequest(origin=request.origin, target=request.target, headers=fields)
    call = simulation.call(provider, seen, wall=clock.wall(), mono=clock.mono())
    return ExchangedSocket(call, clock, talk, request.frames)
