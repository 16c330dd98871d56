"""Bodies from an adapted client: decoded by our own rules, so that they are bounded and a cut one is seen."""

from __future__ import annotations

from baimo.wire.http import WireHead
from baimo.wire.http1 import content_codings
from baimo.wire.http1_coding import BodyDecoder


class CodedBody:
    """Pieces of a body as they came on the wire go in, decoded ones come out."""

    def __init__(self, head: WireHead) -> None:
        codings: tuple[bytes, ...] = ()
        for name, value in head.headers:
            if name == b"content-encoding":
                codings += content_codings(value)
        self._codings = codings
        self._decoder: BodyDecoder | None = None

    def waiting(self) -> bytes:
        """A decoded piece that needs no more input, else `b""`. Raises TransportError for broken data."""
        return self._decoder.piece() if self._decoder is not None else b""

    def feed(self, data: bytes) -> bytes:
        """Take a piece; what it decodes to, possibly nothing. Raises TransportError for broken data."""
        if not self._codings:
            return data
        if self._decoder is None:
            self._decoder = BodyDecoder(self._codings)
        self._decoder.feed(data)
        return self._decoder.piece()

    def end(self) -> None:
        """The body is over. Raises TransportError when its compressed data is not."""
        if self._decoder is not None:
            self._decoder.end()
