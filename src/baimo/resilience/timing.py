"""Time limits of a call, and the clock of one attempt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from baimo.errors import TimedOutError
from baimo.steps import Emit, Read, Send
from baimo.wire.http import WireHead, WireRequest


class TimeLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. `total` bounds everything: retries, waiting and reading included; None: no bound.

    `first_event` and `idle` count decoded progress: keep-alives extend only the first, up to `queue`.
    """

    connect: float = 10.0
    head: float = 600.0
    first_event: float = 120.0
    idle: float = 60.0
    queue: float = 120.0
    total: float | None = None


class Deadline:
    """When a call must be over, on the monotonic clock."""

    __slots__ = ("_at", "is_set")

    def __init__(self, total_s: float | None, *, now: float) -> None:
        self._at = None if total_s is None else now + total_s
        self.is_set = total_s is not None
        """False where there is no bound."""

    def left(self, now: float) -> float | None:
        """Seconds that remain, never below 0; None where there is no bound."""
        return None if self._at is None else max(self._at - now, 0.0)

    def bound(self, seconds: float, now: float) -> float:
        """`seconds`, or what remains if that is less."""
        return seconds if self._at is None else min(seconds, max(self._at - now, 0.0))


NO_DEADLINE = Deadline(None, now=0.0)

PARTING_S = 1.0
"""So long the end of a body may take after the reply's own end mark."""


class Counting(Protocol):
    """Counts what events tell of tokens."""

    def count(self, events: Sequence[Any]) -> None:
        """Take note of events that are shown."""


class Progress:
    """What one attempt has seen of its reply, and how long the next piece may take.

    Time is asked for only after a read that brought no event, so that a lively stream never looks at
    the clock. Of a whole reply every byte counts once its body has begun; before that, blank lines are
    signs of life and no more.
    """

    __slots__ = (
        *("_counted", "_ended", "_limits", "_quiet", "_streams"),
        *("begun", "head", "lively", "shown", "since"),
    )

    def __init__(self, limits: TimeLimits, *, streams: bool, counted: Counting | None = None) -> None:
        self._limits = limits
        self._counted = counted
        self._streams = streams
        self._quiet = False
        self._ended = False
        self.begun = False
        """Whether the reply has begun: the wait for the next piece is that of a reply that goes on."""
        self.head: WireHead | None = None
        self.shown = False
        """Whether events were emitted."""
        self.since: float | None = None
        """Since when there is no progress, where that is being timed."""
        self.lively = Read(limits.idle)
        """The step for a reply that makes progress."""

    def send(self, signed: WireRequest, deadline: Deadline, now: float) -> Send:
        """The step that sends. Raises TimedOutError when the call's time is over before."""
        limits = self._limits
        head_s = limits.first_event if self._streams else limits.head
        if not deadline.is_set:
            return Send(signed, limits.connect, head_s)
        if deadline.left(now) == 0.0:
            raise TimedOutError("the call's time was over before it could be sent", limit="total", sent=False)
        return Send(signed, deadline.bound(limits.connect, now), deadline.bound(head_s, now))

    @property
    def first(self) -> Read | None:
        """The step for a body that has not begun; None where the time that passed must be looked at."""
        return None if self._streams else Read(self._limits.head)

    def made_by(self, piece: bytes) -> bool:
        """Whether a piece that gave no event is progress all the same."""
        if self._streams or not (self.begun or not piece.isspace()):
            return False
        self.begun, self.since = True, None
        return True

    def showing(self, events: list[Any], pieces: list[bytes] | None) -> Emit:
        """The step that shows events, beside the pieces of the wire where they are wanted."""
        self.shown = True
        if self._counted is not None:
            self._counted.count(events)
        return Emit(events, None if pieces is None else b"".join(pieces))

    def came(self) -> None:
        """A read brought events."""
        self.begun = True
        self.since = None

    def quiet(self, now: float) -> None:
        """A read brought bytes that were no progress."""
        self._quiet = True
        if self.since is None:
            self.since = now

    def parting(self, step: Read | None) -> Read | None:
        """In place of `step`, after the reply's end mark: nobody waits long for what follows."""
        self._ended = True
        return None if step is None else Read(min(self._limits.idle, PARTING_S))

    def within(self, now: float) -> float:
        """Seconds that the next read may take."""
        limits = self._limits
        idle = min(limits.idle, PARTING_S) if self._ended else limits.idle
        if self.since is None:
            return idle
        if self.begun:
            longest = idle
        elif not self._streams:
            longest = limits.head
        else:
            longest = max(limits.queue, limits.first_event) if self._quiet else limits.first_event
        return max(self.since + longest - now, 0.0)
