"""The data of this wire's server-sent events.

Each event is `id:`, `event:`, a comment with a status, and one line of `data:`. That form is cut out without
looking at single lines; whatever else comes is read as any stream of events.
"""

from __future__ import annotations

from baimo.errors import WireError
from baimo.wire.sse import CR, MAX_EVENT, EventDecoder

_RESULT = b"\nevent:result\n"


class Frames:
    """Data of events out of pieces of a body, which may be cut anywhere; as `EventDecoder` gives them."""

    __slots__ = ("_rest", "_slow", "is_inside")

    def __init__(self) -> None:
        self.is_inside = False
        """Whether what came so far does not end with an event's end."""
        self._rest = b""
        self._slow: EventDecoder | None = None

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that this piece completes. Raises WireError for one that is too large."""
        if self._slow is not None:
            return self._slow.feed(piece)
        if self._rest:
            piece = self._rest + piece
        if CR in piece:
            self._slow, self._rest, self.is_inside = EventDecoder(), b"", True
            return self._slow.feed(piece)
        at = piece.rfind(b"\n\n")
        if at < 0:
            if len(piece) > MAX_EVENT:
                raise WireError(f"an event of the stream is larger than {MAX_EVENT} bytes")
            self._rest = piece
            self.is_inside = self.is_inside or bool(piece)
            return []
        self._rest = piece[at + 2 :]
        self.is_inside = bool(self._rest)
        found: list[bytes] = []
        for block in piece[:at].split(b"\n\n"):
            begin = block.find(b"\ndata:") + 6
            if begin > 5 and block.find(_RESULT, 0, begin) >= 0 and block.find(b"\n", begin) < 0:
                found.append(block[begin:])
            else:
                found += EventDecoder().feed(block + b"\n\n")
        return found

    def end(self) -> list[bytes]:
        """The body ended: the data of an event that no blank line closed, if there is one."""
        if self._slow is not None:
            return self._slow.end()
        last = EventDecoder()
        return last.feed(self._rest) + last.end()
