"""A reply of HTTP/1.1 as bytes, being the server: head, and body in the framing that the head tells."""

from __future__ import annotations

from http import HTTPStatus

from baimo.wire.http import WireHead

_NO_BODY = (204, 304)


class ReplyFramer:
    """Frames one reply. A body without a content-length is sent in chunks, or up to the end of the
    connection where the client is too old for those."""

    def __init__(self, method: str, *, keep_alive: bool = True, version: str = "1.1") -> None:
        self._method = method
        self._keep_alive = keep_alive
        self._version = version
        self._left: int | None = None
        self._is_chunked = False
        self._is_silent = False
        self._ended = False
        self.begun = False
        """Whether the head is out."""

    @property
    def reusable(self) -> bool:
        """Whether another request may follow: the reply is whole, and nobody wants to close."""
        return self._ended and self._keep_alive and not self._left

    def head(self, head: WireHead) -> bytes:
        """The head's bytes."""
        self.begun = True
        self._is_silent = self._method == "HEAD" or head.status in _NO_BODY or head.status < 200
        length = head.get(b"content-length")
        more: list[tuple[bytes, bytes]] = []
        if length is not None:
            self._left = 0 if self._is_silent else int(length)
        elif self._is_silent or head.get(b"transfer-encoding") is not None:
            pass  # whoever names a coding writes it
        elif self._version == "1.0":
            self._keep_alive = False
        else:
            self._is_chunked = True
            more.append((b"transfer-encoding", b"chunked"))
        if head.get(b"connection") is None:
            more.append((b"connection", b"keep-alive" if self._keep_alive else b"close"))
        elif (head.get(b"connection") or "").lower() == "close":
            self._keep_alive = False
        lines = [b"HTTP/1.1 %d %s" % (head.status, _reason(head.status))]
        lines += [b"%b: %b" % field for field in (*head.headers, *more)]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def piece(self, data: bytes) -> bytes:
        """Bytes of the body. What goes beyond the content-length that was told is left out."""
        if self._is_silent or not data:
            return b""
        if self._is_chunked:
            return b"%x\r\n%b\r\n" % (len(data), data)
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        return data

    def end(self) -> bytes:
        """What ends the body. `reusable` is false where bytes are missing: the connection must be closed."""
        self._ended = True
        return b"0\r\n\r\n" if self._is_chunked and not self._is_silent else b""


def _reason(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b"-"
