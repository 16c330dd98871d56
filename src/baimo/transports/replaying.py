"""A transport that plays a recording: the same heads, pieces, cuts and faults, each in its time."""

from __future__ import annotations

from typing import Protocol

from baimo.wire.http import HttpRequest, WireHead, WireRequest

from .masking import open_target
from .recorded import Came, End, Fault, Left, Line, Piece, Recording, Sent

_AROUND = 24
"""Characters shown on both sides of a difference."""


class PlayClock(Protocol):
    """Tells how time goes on, and waits; a virtual one takes no time for it."""

    def mono(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...

    async def asleep(self, seconds: float) -> None: ...


class RequestDiffersError(AssertionError):
    """The present code sends something else than was recorded. Its text tells the first difference."""


class RecordingOverError(Exception):
    """The caller had left here: the recording goes no further."""


class Played:
    """Where a recording stands that is being played."""

    def __init__(self, recording: Recording, clock: PlayClock) -> None:
        self.clock = clock
        self._begun = clock.mono()
        self._lines = list(recording.exchanges)
        self._at = 0

    @property
    def left(self) -> int:
        """Recorded requests that were not asked for again."""
        return sum(isinstance(line, Sent) for line in self._lines[self._at :])

    def send(self, request: WireRequest) -> Line:
        """Take a request in: what followed it. Raises RequestDiffersError, RecordingOverError."""
        sent = self.next()
        while isinstance(sent, Left):  # of a reply that was not read to its end
            sent = self.next()
        if not isinstance(sent, Sent):
            raise RequestDiffersError(f"a request to {request.url.partition('?')[0]} comes too early")
        check_same(request, sent)
        return self.next()

    def next(self) -> Line:
        """What happened next. Raises RecordingOverError where nothing did."""
        if self._at >= len(self._lines):
            raise RecordingOverError("nothing more was recorded")
        self._at += 1
        return self._lines[self._at - 1]

    def wait_s(self, line: Line) -> float:
        """Seconds until that happened."""
        at: float = getattr(line, "at", 0.0)
        return max(at - (self.clock.mono() - self._begun), 0.0)


class ReplayTransport:
    """Meets the protocol `Transport`."""

    def __init__(self, played: Played) -> None:
        self._played = played

    def open(self, request: WireRequest, *, connect_s: float, head_s: float) -> ReplayReply:
        """See `Transport.open`. Raises RequestDiffersError for another request than the recorded one."""
        line = self._played.send(request)
        self._played.clock.sleep(self._played.wait_s(line))
        return ReplayReply(self._played, head_of(line))

    def close(self) -> None:
        """There is nothing to close."""


class ReplayReply:
    """Meets the protocol `Reply`."""

    def __init__(self, played: Played, head: WireHead) -> None:
        self.head = head
        self._played = played

    def read(self, within_s: float) -> bytes:
        """See `Reply.read`."""
        line = self._played.next()
        self._played.clock.sleep(self._played.wait_s(line))
        return piece_of(line)

    def close(self) -> None:
        """There is nothing to close."""

    def abort(self) -> None:
        """There is nothing to close."""


def head_of(line: Line) -> WireHead:
    """The head that came, or the recorded failure raised."""
    match line:
        case Came():
            fields = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in line.headers)
            return WireHead(line.status, fields)
        case Fault():
            raise line.error
        case _:
            raise RecordingOverError("the caller had left before the head came")


def piece_of(line: Line) -> bytes:
    """The piece that came, or the recorded failure raised."""
    match line:
        case Piece():
            return line.piece
        case End():
            return b""
        case Fault():
            raise line.error
        case _:
            raise RecordingOverError("the caller had left before the next piece came")


def check_same(request: WireRequest, sent: Sent) -> None:
    """Raise RequestDiffersError telling the first difference: method, address, body or frames."""
    is_http = isinstance(request, HttpRequest)
    method = request.method if isinstance(request, HttpRequest) else "GET"
    _check("method", method, sent.method)
    _check("address", request.origin, sent.origin)
    _check("path and query", open_target(request.target.decode("latin-1")), sent.target)
    if isinstance(request, HttpRequest):
        body = request.body if isinstance(request.body, bytes) else b"".join(request.body.chunks())
        _check("body", body.decode("utf-8", "replace"), sent.whole_body.decode("utf-8", "replace"))
    frames = [] if is_http else [_text(frame) for frame in getattr(request, "frames", ())]
    for number, (frame, was) in enumerate(zip(frames, sent.frames, strict=False), 1):
        _check(f"frame {number}", frame, was)
    _check("number of frames", str(len(frames)), str(len(sent.frames)))


def _text(frame: bytes | str) -> str:
    return frame if isinstance(frame, str) else frame.decode("utf-8", "replace")


def _check(what: str, now: str, was: str) -> None:
    if now == was:
        return
    at = next((at for at, (one, other) in enumerate(zip(now, was, strict=False)) if one != other), None)
    at = min(len(now), len(was)) if at is None else at
    begin = max(at - _AROUND, 0)
    raise RequestDiffersError(
        f"the {what} differs from the recorded one at character {at}: "
        f"…{was[begin : at + _AROUND]}… was sent, now …{now[begin : at + _AROUND]}…"
    )
