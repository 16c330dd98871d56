"""Server-sent events: the data of each event out of pieces of a body.

Follows the WHATWG description of event streams: lines end in LF, CR or CRLF, a blank line ends an event, and
lines that begin with a colon are comments. Each event is given as the bytes of its data. Most streams are
nothing but `data: …`, or `event: …` with `data: …`, and blank lines; those are split without looking at
single lines.
"""

from __future__ import annotations

from baimo.errors import WireError

MAX_EVENT = 16 * 1024 * 1024
"""Bytes of one event, by default."""


class Named(bytes):
    """The data of an event that carries a name; `event` is the name."""

    event: str

    @classmethod
    def make(cls, data: bytes, event: str) -> Named:
        named = cls(data)
        named.event = event
        return named


_ERROR = "error"
_TOLD = (b"event: ", b"event: error")


def _named(text: bytes, *, names: bool) -> list[bytes] | None:
    """The events of a text in which each is a name and one line of data; None for any other text."""
    found: list[bytes] = []
    for block in text.split(b"\n\n"):
        name, _, data = block.partition(b"\ndata: ")
        if not data or b"\n" in data or b"\n" in name or name[:7] != b"event: " or len(name) == 7:
            return None
        if names or name == b"event: error":
            found.append(Named.make(data, name[7:].decode("utf-8", "replace")))
        else:
            found.append(data)
    return found


LF = 10
"""What ends a line."""


def beginning(piece: bytes, found: list[bytes]) -> bytes:
    """What stands before the data in a piece that was one whole event, `found` in it; empty for any other.

    The next piece that begins alike, ends with LF and holds one JSON value between is one event too, and
    needs no decoder: live streams bring one event at a time.

    >>> beginning(b'event: more\\ndata: {"n":1}\\n\\n', [b'{"n":1}'])
    b'event: more\\ndata: '
    """
    if len(found) != 1 or piece[-2:] != b"\n\n":
        return b""
    data = found[0]
    begin = piece[: -2 - len(data)]
    fits = begin.endswith((b"data: ", b"data:")) and begin.count(b"data:") == 1 and b"\r" not in begin
    return begin if fits and piece[len(begin) : -2] == data else b""


class EventDecoder:
    """Data of events out of pieces of a body, which may be cut anywhere.

    An item is plain bytes, or `Named` where the event has a name. Events with empty data are left out.
    Without `names` only an event called `error` tells its name: for wires whose data says it once more.
    """

    __slots__ = ("_data", "_event", "_fresh", "_held", "_max", "_names", "_size", "_skip_lf")

    def __init__(self, *, max_event: int = MAX_EVENT, names: bool = True) -> None:
        self._max = max_event
        self._names = names
        self._held: list[bytes] = []  # pieces of a line that has not ended
        self._size = 0  # bytes in _held and _data
        self._data: list[bytes] = []  # data lines of the open event
        self._event = ""
        self._skip_lf = False
        self._fresh = True

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that this piece completes. Raises WireError for one that is too large."""
        if not self._names and piece[-2:] == b"\n\n" and piece[:7] == b"event: ":
            lines = piece.split(b"\n")  # one event with its name, as most reads bring one
            if len(lines) == 4 and not (self._held or self._data or self._event):
                name, data = lines[0], lines[1]
                if data[:6] == b"data: " and len(data) > 6 and name not in _TOLD and b"\r" not in piece:
                    self._fresh = self._skip_lf = False
                    return [data[6:]]
        if self._skip_lf and piece:
            self._skip_lf = False
            if piece[0] == 10:
                piece = piece[1:]
        if b"\n" not in piece and b"\r" not in piece:
            self._hold(piece)
            return []
        if self._held:
            self._held.append(piece)
            piece = b"".join(self._held)
            self._held.clear()
            self._size = sum(map(len, self._data))
        if not self._data and not self._event and piece.startswith(b"data: ") and b"\r" not in piece:
            at = piece.rfind(b"\n\n")
            if at > 0:
                body = piece[6:at]
                found = body.split(b"\n\ndata: ")
                if body.count(b"\n") == 2 * (len(found) - 1) and b"" not in found:
                    if at + 2 < len(piece):
                        self._hold(piece[at + 2 :])
                    self._fresh = False
                    return found
        elif not self._data and not self._event and piece.startswith(b"event: ") and b"\r" not in piece:
            at = piece.rfind(b"\n\n")
            named = _named(piece[:at], names=self._names) if at > 0 else None
            if named is not None:
                self._hold(piece[at + 2 :])
                self._fresh = False
                return named
        return self._lines(piece)

    def end(self) -> list[bytes]:
        """The body ended: the data of an event that no blank line closed, if there is one."""
        self._skip_lf = False
        found = self._lines(b"".join(self._held) + b"\n\n") if self._held or self._data else []
        self._held.clear()
        return found

    def _hold(self, piece: bytes) -> None:
        if piece:
            self._size += len(piece)
            if self._size > self._max:
                raise WireError(f"an event of the stream is larger than {self._max} bytes")
            self._held.append(piece)

    def _lines(self, text: bytes) -> list[bytes]:
        """Line by line: the general case."""
        if self._fresh:
            if text.startswith(b"\xef\xbb\xbf"):
                text = text[3:]
            self._fresh = False
        found: list[bytes] = []
        for line in text.splitlines(keepends=True):
            if not line.endswith((b"\n", b"\r")):
                self._hold(line)
                break
            content = line.rstrip(b"\r\n")
            if content:
                self._line(content)
            else:
                self._dispatch(found)
        self._skip_lf = text.endswith(b"\r")
        return found

    def _line(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if name == b"data":
            self._size += len(value)
            if self._size > self._max:
                raise WireError(f"an event of the stream is larger than {self._max} bytes")
            self._data.append(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")

    def _dispatch(self, found: list[bytes]) -> None:
        data = b"\n".join(self._data)
        if data:
            told = self._event if self._names or self._event == _ERROR else ""
            found.append(Named.make(data, told) if told else data)
        self._data.clear()
        self._event = ""
        self._size = 0
