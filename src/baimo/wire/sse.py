"""Server-sent events: the data of each event out of pieces of a body.

Follows the WHATWG description of event streams: lines end in LF, CR or CRLF, a blank line ends an event, and
lines that begin with a colon are comments. Each event is given as the bytes of its data. Most streams are
nothing but `data: …`, or `event: …` with `data: …`, and blank lines; those are split without looking at
single lines, and where all of a read's events begin alike in one go.
"""

from __future__ import annotations

from baimo.errors import WireError

MAX_EVENT = 16 * 1024 * 1024
"""Bytes of one event, by default."""


LF, CR = b"\n\r"
"""What ends a line. As numbers, which are found in bytes far sooner than bytes are."""


class Named(bytes):
    """The data of an event that carries a name; `event` is the name."""

    event: str

    @classmethod
    def make(cls, data: bytes, event: str) -> Named:
        named = cls(data)
        named.event = event
        return named


_ERROR = "error"


def _simple(text: bytes, *, names: bool) -> list[bytes] | None:
    """The events of a text in which each is one line of data, with a name or without; None for any other."""
    found = _alike(text, names=names)
    return _named(text, names=names) if found is None and text.startswith(b"event: ") else found


def _alike(text: bytes, *, names: bool) -> list[bytes] | None:
    """The events of a text in which each is one line of data and begins as the first one does."""
    begin = text.find(b"data:") + 5
    begin += text[begin : begin + 1] == b" "
    lead = text[:begin]
    if lead not in (b"data: ", b"data:") and (names or not _tells_name(lead)):
        return None
    joint = b"\n\n" + lead
    found = text[begin:].split(joint)
    if b"" in found or [data for data in found if LF in data]:
        return None
    return None if lead.endswith(b":") and joint + b" " in text else found


def _tells_name(lead: bytes) -> bool:
    """Whether that is a name other than `error`, and how its data begins."""
    return (
        lead.startswith(b"event: ")
        and lead.endswith((b"\ndata: ", b"\ndata:"))
        and lead.count(b"\n") == 1
        and not lead.startswith(b"event: error\n")
    )


def _named(text: bytes, *, names: bool) -> list[bytes] | None:
    """The events of a text in which each is a name and one line of data; None for any other text."""
    found: list[bytes] = []
    for block in text.split(b"\n\n"):
        name, _, data = block.partition(b"\ndata: ")
        if not data or LF in data or LF in name or name[:7] != b"event: " or len(name) == 7:
            return None
        if names or name == b"event: error":
            found.append(Named.make(data, name[7:].decode("utf-8", "replace")))
        else:
            found.append(data)
    return found


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
    fits = begin.endswith((b"data: ", b"data:")) and begin.count(b"data:") == 1 and CR not in begin
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
        if self._skip_lf and piece:
            self._skip_lf = False
            if piece[0] == LF:
                piece = piece[1:]
        if LF not in piece and CR not in piece:
            self._hold(piece)
            return []
        if self._held:
            self._held.append(piece)
            piece = b"".join(self._held)
            self._held.clear()
            self._size = sum(map(len, self._data))
        if not self._data and not self._event and CR not in piece:
            at = piece.rfind(b"\n\n")
            found = _simple(piece[:at], names=self._names) if at > 0 else None
            if found is not None:
                self._hold(piece[at + 2 :])
                self._fresh = False
                return found
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
