"""Lines of JSON (NDJSON, JSON Lines): whole lines out of pieces of a body."""

from __future__ import annotations

from baimo.errors import WireError

MAX_LINE = 16 * 1024 * 1024
"""Bytes of one line, by default."""


class LineDecoder:
    """Lines out of pieces of a body, which may be cut anywhere; blank lines are left out.

    A line ends in LF or CRLF.
    """

    __slots__ = ("_held", "_max", "_size")

    def __init__(self, *, max_line: int = MAX_LINE) -> None:
        self._max = max_line
        self._held: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that this piece completes. Raises WireError for a line that is too long."""
        *lines, rest = piece.split(b"\n")
        if lines:
            self._held.append(lines[0])
            lines[0] = b"".join(self._held)
            self._held.clear()
            self._size = 0
        if rest:
            self._size += len(rest)
            if self._size > self._max:
                raise WireError(f"a line of the reply is longer than {self._max} bytes")
            self._held.append(rest)
        return [line for line in map(bytes.strip, lines) if line]

    def end(self) -> list[bytes]:
        """The body ended: the last line, where no line end closed it."""
        last = b"".join(self._held).strip()
        self._held.clear()
        self._size = 0
        return [last] if last else []
