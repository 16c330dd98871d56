"""One blocking connection that carries a WebSocket."""

from __future__ import annotations

import os
import socket

from baimo.transports.failure import reply_timeout
from baimo.transports.socket_talk import SocketTalk
from baimo.transports.sync_connect import Stream
from baimo.transports.sync_connection import Home, SyncConnection

_SEND_BYTES = 256 * 1024  # the time limit is for each of these


class SyncSocketConnection(SyncConnection):
    """As `SyncConnection`, for one call only. What the peer has to be told is written after each read."""

    __slots__ = ()
    wire: SocketTalk

    def __init__(self, home: Home, stream: Stream, base: socket.socket, talk: SocketTalk) -> None:
        super().__init__(home, stream, base)
        self.wire = talk

    def release(self) -> None:
        """The call is over: the peer is told so if that can be done without waiting."""
        if self._pid == os.getpid():
            self._say_goodbye()
        self.abort()

    def _receive(self, seconds: float, limit: str, whole_s: float) -> None:
        super()._receive(seconds, limit, whole_s)
        if self.wire.outgoing:
            self._answer(seconds, limit, whole_s)

    def _answer(self, seconds: float, limit: str, whole_s: float) -> None:
        data = self.wire.take_outgoing()
        with self._busy:
            try:
                self._set_timeout(seconds)
                for at in range(0, len(data), _SEND_BYTES):
                    self._stream.sendall(data[at : at + _SEND_BYTES])
            except TimeoutError as error:
                raise reply_timeout(limit, whole_s) from error
            except OSError:
                return  # what the peer said before it went is read first
            finally:
                self._close_if_dead()

    def _say_goodbye(self) -> None:
        if not self._busy.acquire(blocking=False):
            return  # another thread reads, and is about to be stopped
        try:
            if not self._is_dead and (farewell := self.wire.farewell()):
                self._set_timeout(0.0)
                self._stream.send(farewell)
        except OSError:
            return
        finally:
            self._close_if_dead()
            self._busy.release()
