"""The opening handshake of WebSocket (RFC 6455, section 4): our request, and what a good answer to it is.

The request is an HTTP request like any other, so that a signed target and the caller's fields go out as they
are. Frames are no matter of this module.
"""

from __future__ import annotations

from httptools import HttpParserUpgrade

from baimo.errors import TransportError
from baimo.wire.http import HeaderFields, HttpRequest, SocketRequest, WireHead, with_headers
from baimo.wire.http1 import Http1Connection

KEY_BYTES = 16
"""Random bytes behind the key of a handshake."""

_SWITCHING = 101
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # the same for everybody (RFC 6455, section 1.3)
_SUBPROTOCOL = b"sec-websocket-protocol"


def handshake(request: SocketRequest, key: bytes) -> HttpRequest:
    """The request that asks for a WebSocket; `key` is base64 of `KEY_BYTES` random bytes.

    No extension is offered, so that frames come as they are.
    """
    fields: HeaderFields = (
        (b"Upgrade", b"websocket"),
        (b"Connection", b"Upgrade"),
        (b"Sec-WebSocket-Key", key),
        (b"Sec-WebSocket-Version", b"13"),
    )
    return HttpRequest(
        method="GET",
        origin=request.origin,
        target=request.target,
        headers=with_headers(request.headers, fields),
    )


def accept_of(key: bytes) -> bytes:
    """What a server answers to a key, to show that it speaks WebSocket."""
    from base64 import b64encode
    from hashlib import sha1

    return b64encode(sha1(key + _GUID, usedforsecurity=False).digest())


def check_accepted(head: WireHead, asked: HttpRequest) -> None:
    """Whether a 101 is the answer to what was asked (section 4.1). Raises TransportError."""
    sent = dict(asked.headers)
    offered = _words(asked.headers, _SUBPROTOCOL)
    wrong = None
    if _words(head.headers, b"upgrade") != ["websocket"]:
        wrong = "it does not change to WebSocket"
    elif "upgrade" not in _words(head.headers, b"connection"):
        wrong = "its Connection field does not say so"
    elif _values(head.headers, b"sec-websocket-accept") != [accept_of(sent[b"Sec-WebSocket-Key"])]:
        wrong = "it does not fit our key"
    elif _words(head.headers, b"sec-websocket-extensions"):
        wrong = "it uses an extension that was not offered"
    elif not set(_words(head.headers, _SUBPROTOCOL)) <= set(offered):
        wrong = "it uses a subprotocol that was not offered"
    if wrong is not None:
        raise TransportError(f"the answer to the WebSocket handshake is not valid: {wrong}")


class UpgradeReply(Http1Connection):
    """The reply to a handshake: a refusal with its body, or a 101 and bytes of the new protocol after it."""

    __slots__ = ("rest_at",)

    def __init__(self) -> None:
        super().__init__()
        self.rest_at: int | None = None
        """Where in the bytes fed last the head of a 101 ended; None where nothing follows."""

    def on_headers_complete(self) -> None:
        parser = self._parser
        if parser is None or self.head is not None or parser.get_status_code() != _SWITCHING:
            super().on_headers_complete()
            return
        self._check_fields(self._fields)
        if self._fault is None:
            self.head = WireHead(_SWITCHING, tuple(self._fields))

    def _after_parse_error(self, error: Exception) -> None:
        # llhttp stops behind a 101: by this error, which tells the place, or by one of its own.
        if self._fault is not None:
            raise self._broken(self._fault) from None
        if self.head is None or self.head.status != _SWITCHING:
            super()._after_parse_error(error)
        elif isinstance(error, HttpParserUpgrade):
            self.rest_at = error.args[0]


def _values(fields: HeaderFields, name: bytes) -> list[bytes]:
    return [value.strip() for key, value in fields if key.lower() == name]


def _words(fields: HeaderFields, name: bytes) -> list[str]:
    """The words of a list field, in lower case."""
    words = b",".join(_values(fields, name)).decode("latin-1").split(",")
    return [word.strip().lower() for word in words if word.strip()]
