"""One WebSocket, fed with bytes: the handshake's reply, then messages. Frames are `websockets`' matter.

Imported with the first WebSocket call: a program that speaks HTTP alone does not load the library.
"""

from __future__ import annotations

import logging
import os
from base64 import b64encode
from collections import deque
from collections.abc import Generator
from typing import cast

from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side

from baimo.errors import TransportError
from baimo.wire.http import HttpRequest, SocketRequest, WireHead
from baimo.wire.websocket import KEY_BYTES, UpgradeReply, check_accepted, handshake

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""What one message may hold: a picture in base64 fits; what never ends must not fill the memory."""

_GOOD_ENDS = (1000, 1001, 1005)  # done, going away, no code
# What our side, or what was asked, is to blame for: sending it again changes nothing.
_OUR_FAULT = (1002, 1003, 1007, 1008, 1009, 1010)
_DONE = 1000
_NOT_UTF8 = 1007
_FIRST_CONTROL = Opcode.CLOSE  # from here on frames are about the connection (section 5.5)

# Conversations do not go into a program's log: the library writes every frame there when asked for debugging.
_SILENT = logging.Logger("baimo.websocket", logging.CRITICAL + 1)


class SocketTalk:
    """Meets `Conversation`; besides, `outgoing` are bytes to be written after each `feed`.

    After the handshake nothing raises but `take`, and only when every whole message was taken.
    """

    __slots__ = (
        "_failure",
        "_frames",
        "_is_text",
        "_messages",
        "_partial",
        "_protocol",
        "_reply",
        "buffered",
        "complete",
        "handshake",
        "head",
        "outgoing",
        "started",
    )

    reusable = False

    def __init__(self, request: SocketRequest) -> None:
        self.handshake: HttpRequest = handshake(request, b64encode(os.urandom(KEY_BYTES)))
        """The request to send first."""
        self._frames = request.frames
        self._reply: UpgradeReply | None = UpgradeReply()
        self._protocol: Protocol | None = None
        self._messages: deque[bytes] = deque()
        self._partial = bytearray()  # and not a list: a flood of tiny fragments must stay as small as it is
        self._is_text = False
        self._failure: TransportError | None = None
        self.head: WireHead | None = None
        self.started = False
        self.complete = False
        self.buffered = 0
        self.outgoing = b""

    def start(self, method: str) -> None:
        """Nothing to prepare: a WebSocket is one call on one connection."""

    def feed(self, data: bytes | memoryview) -> None:
        """Take bytes, cut anywhere. Raises TransportError for a handshake that is no good."""
        self.started = True
        if self._reply is not None:
            self._feed_handshake(self._reply, data)
        elif self._protocol is not None:
            self._feed_frames(self._protocol, data)

    def eof(self) -> None:
        """The peer ended its side: too early, unless a close came before."""
        if self._reply is not None:
            self._reply.eof()
            self.complete = True
        elif not self.complete:
            self._end(self.cut_off())

    def cut_off(self) -> TransportError:
        """The error for a connection that went away."""
        if self._reply is not None:
            return self._reply.cut_off()
        return TransportError("the WebSocket was lost without a close (1006)")

    def take(self) -> bytes | None:
        """The next message. Empty ones are passed over, for `b""` is the end."""
        if self._messages:
            message = self._messages.popleft()
            self.buffered -= len(message)
            return message
        if self._reply is not None:
            piece = self._reply.take()
            self.buffered = self._reply.buffered
            return piece
        if self._failure is not None:
            raise self._failure
        return b"" if self.complete else None

    def take_outgoing(self) -> bytes:
        """What has to be written: frames of the request, answers to pings and to a close."""
        out, self.outgoing = self.outgoing, b""
        return out

    def farewell(self) -> bytes:
        """A close frame, if the peer waits for one. Nothing is understood after it."""
        protocol = self._protocol
        if protocol is None or protocol.state is not OPEN:
            return b""
        protocol.send_close(_DONE)
        return self.take_outgoing() + b"".join(protocol.data_to_send())

    def forget(self) -> None:
        """Let the library's parser go: it refers back to its owner."""
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            protocol.parser = _nothing()
        if self._reply is not None:
            self._reply.forget()

    def _feed_handshake(self, reply: UpgradeReply, data: bytes | memoryview) -> None:
        reply.feed(data)
        self.buffered = reply.buffered
        head = reply.head
        if head is None or head.status != 101:
            self.head = head
            self.complete = reply.complete
            return
        check_accepted(head, self.handshake)
        reply.forget()
        self._reply = None
        self._protocol = protocol = Protocol(
            Side.CLIENT, state=OPEN, max_size=MAX_MESSAGE_BYTES, logger=_SILENT
        )
        for frame in self._frames:
            if isinstance(frame, str):
                protocol.send_text(frame.encode())
            else:
                protocol.send_binary(frame)
        self._frames = ()
        self.outgoing = b"".join(protocol.data_to_send())
        self.head = head
        if reply.rest_at is not None and reply.rest_at < len(data):
            self._feed_frames(protocol, data[reply.rest_at :])

    def _feed_frames(self, protocol: Protocol, data: bytes | memoryview) -> None:
        try:
            protocol.receive_data(data)  # type: ignore[arg-type]  # it copies what it is given
        except StopIteration:
            return  # given up meanwhile, by another thread
        for frame in cast("list[Frame]", protocol.events_received()):
            opcode = frame.opcode
            if opcode >= _FIRST_CONTROL:
                continue
            if opcode is not Opcode.CONT:
                self._is_text = opcode is Opcode.TEXT
            if not frame.fin:
                self._partial += frame.data
            elif not self._keep(frame.data):
                protocol.fail(_NOT_UTF8)
                self._end(TransportError("the server sent a text over the WebSocket that is not UTF-8"))
                break
        if protocol.writes:
            self.outgoing += b"".join(protocol.data_to_send())
        if protocol.state is not OPEN:
            self._end(_failure(protocol))

    def _keep(self, last: bytes | bytearray | memoryview) -> bool:
        """A message is whole; False when it is no text and should be."""
        if self._partial:
            self._partial += last
            message = bytes(self._partial)
            self._partial.clear()
        else:
            message = bytes(last)
        if self._is_text and not message.isascii():
            try:
                str(message, "utf-8")
            except UnicodeDecodeError:
                return False
        if message:
            self._messages.append(message)
            self.buffered += len(message)
        return True

    def _end(self, failure: TransportError | None) -> None:
        if not self.complete:
            self.complete = True
            self._failure = failure


def _failure(protocol: Protocol) -> TransportError | None:
    """What was wrong with the end of a WebSocket, None for a good one."""
    close = protocol.close_rcvd
    if close is not None and close.code not in _GOOD_ENDS:
        return TransportError(
            f"the server closed the WebSocket: {close}", retryable=close.code not in _OUR_FAULT
        )
    error = protocol.parser_exc
    if isinstance(error, PayloadTooBig):
        return TransportError(
            f"a message of the WebSocket has over {MAX_MESSAGE_BYTES} bytes", retryable=False
        )
    if error is not None:
        return TransportError(f"the server broke the rules of WebSocket: {error}")
    return None


def _nothing() -> Generator[None, None, None]:
    """A parser that understands nothing."""
    yield from ()
