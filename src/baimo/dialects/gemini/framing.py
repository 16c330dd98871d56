"""Pieces of a body to chunks: an event stream, one JSON array, or one object.

Google ends lines with CR LF and puts one `data:` line in an event; those pieces are split without looking at
single lines. A failure in mid-stream may come as plain JSON over several lines between events, without
`data:`: what begins so is kept to the end, for it is no event.
"""

from __future__ import annotations

from baimo.errors import WireError
from baimo.wire.sse import EventDecoder

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a whole reply."""

_BEGIN, _BETWEEN, _END = b"data: ", b"\r\n\r\ndata: ", b"\r\n\r\n"
_BLANK = (b"\r\n\r\n", b"\n\n")


class Framing:
    """Chunks out of pieces. `rest` is what was no event: a whole body, or what stood between events."""

    __slots__ = ("_at_start", "_clean", "_pieces", "_size", "_sse", "_start", "is_stream")

    def __init__(self) -> None:
        self.is_stream = False
        self._sse = EventDecoder()
        self._clean = True  # the event decoder holds nothing
        self._at_start = True  # the next byte begins a line
        self._start = b""
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """The chunks that this piece completes. Raises WireError for a body that is too large."""
        if self._clean and self.is_stream and piece.startswith(_BEGIN) and piece.endswith(_END):
            lines = piece.count(b"\n")
            if lines == 2:
                return [piece[6:-4]]
            found = piece[6:-4].split(_BETWEEN)
            if lines == 2 * len(found):
                return found
        if self._pieces:
            self._collect(piece)
            return []
        return self._events(piece) if self.is_stream else self._sniff(piece)

    def end(self) -> list[bytes]:
        """The body ended: the data of an event that no blank line closed."""
        return self._sse.end()

    @property
    def rest(self) -> bytes:
        """What was no event."""
        return b"".join(self._pieces)

    def _sniff(self, piece: bytes) -> list[bytes]:
        """Decide by the first visible byte what the body is; blank lines may come before it."""
        start = self._start + piece
        visible = start.lstrip().removeprefix(b"\xef\xbb\xbf").lstrip()
        if not visible or visible in (b"\xef", b"\xef\xbb"):
            self._start = start[-3:]
            return []
        self._start = b""
        if visible[:1] in b'{["<':
            self._collect(visible)
            return []
        self.is_stream = True
        return self.feed(visible)

    def _events(self, piece: bytes) -> list[bytes]:
        at = _plain_json(piece, at_start=self._at_start)
        if at >= 0:
            self._collect(piece[at:])
            self._clean, piece = False, piece[:at]
        if not piece:
            return []
        self._at_start = piece.endswith((b"\n", b"\r"))
        found = self._sse.feed(piece)
        self._clean = at < 0 and piece.endswith(_BLANK)
        return found

    def _collect(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MAX_BODY:
            raise WireError(f"the reply is larger than {MAX_BODY} bytes")
        self._pieces.append(piece)


def _plain_json(piece: bytes, *, at_start: bool) -> int:
    """Where a line begins that is JSON without `data:`; -1 for nowhere."""
    if at_start and piece[:1] in (b"{", b"["):
        return 0
    places = [piece.find(mark) for mark in (b"\n{", b"\n[", b"\r{", b"\r[")]
    found = [place for place in places if place >= 0]
    return min(found) + 1 if found else -1
