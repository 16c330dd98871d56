"""Drives a call's generator by hand: a virtual clock, a script of replies, a trace of what it asked for."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

from msgspec.structs import replace

from baimo.errors import Error, LimitReachedError
from baimo.steps import Dice, Emit, Keep, Look, Now, Read, Reserve, Send, Settle, Shared, Wait
from baimo.types.limits import Receipt, Settlement
from baimo.wire.http import WireHead


class Play:
    """Carries steps out without I/O. `replies` are heads, pieces and errors in the order they are asked for.

    A number in `replies` lets that many seconds pass before the next one. `grants` answer what is reserved:
    receipts, whose waits pass, and errors; where they are over, the first claim is granted.
    """

    def __init__(
        self,
        *replies: WireHead | bytes | Error | float,
        dice: float = 0.5,
        grants: Iterable[Receipt | Error] = (),
    ) -> None:
        self._replies = list(replies)
        self._dice = dice
        self._grants = list(grants)
        self.now = 1000.0
        self.trace: list[str] = []
        self.events: list[Any] = []
        self.raw: list[bytes | None] = []
        self.sent: list[Send] = []
        self.waits: list[Wait] = []
        self.reads: list[float] = []
        self.sent_at: list[float] = []
        self.waited_until: list[float] = []
        self.reserved: list[Reserve] = []
        self.settled: list[tuple[Receipt, Settlement]] = []
        self.held: list[Receipt] = []
        """Granted and not settled."""
        self.kept: dict[str, bytes] = {}

    def run(self, steps: Generator[Any, Any, Any], *, leave_after: int | None = None) -> Any:
        """What the generator returned; its error is raised. The caller may leave after so many steps."""
        answer: Any = None
        failure: Error | None = None
        try:
            while True:
                if leave_after is not None and len(self.trace) >= leave_after:
                    steps.close()
                    return None
                step = steps.send(answer) if failure is None else steps.throw(failure)
                answer, failure = None, None
                self.trace.append(type(step).__name__)
                match step:
                    case Send():
                        self.sent.append(step)
                        self.sent_at.append(self.now)
                        self.begin()
                        answer, failure = self._next()
                    case Read():
                        self.reads.append(step.within_s)
                        answer, failure = self._next()
                    case Emit():
                        self.events += step.events
                        self.raw.append(step.raw)
                    case Wait():
                        self.waits.append(step)
                        self.now += step.seconds
                        self.waited_until.append(self.now)
                    case Now():
                        answer = (self.now + 1e9, self.now)
                    case Dice():
                        answer = self._dice
                    case Shared():
                        answer = self.share(step)
                    case Reserve():
                        answer, failure = self._grant(step)
                    case Settle():
                        self.held.remove(step.receipt)
                        self.settled.append((step.receipt, step.settlement))
                    case Look():
                        answer, failure = self.look(step)
                    case Keep():
                        failure = self.keep(step)
                    case _:
                        raise AssertionError(step)
        except StopIteration as done:
            return done.value

    def begin(self) -> None:
        """A request is sent; what is played next may depend on it."""

    def share(self, step: Shared) -> Any:
        """The value of a shared step; it is fetched each time."""
        value, _ = self.run(step.make())
        return value

    def _grant(self, step: Reserve) -> tuple[Receipt | None, Error | None]:
        self.reserved.append(step)
        grant = self._grants.pop(0) if self._grants else Receipt(0)
        if isinstance(grant, Error):
            return None, grant
        if step.within_s is not None and grant.waited_s > step.within_s:
            self.now += step.within_s
            return None, LimitReachedError("no room in time")
        self.now += grant.waited_s
        receipt = replace(grant, ticket=len(self.reserved))
        self.held.append(receipt)
        return receipt, None

    def look(self, step: Look) -> tuple[bytes | None, Error | None]:
        """What is kept, and whether looking failed."""
        found = self.kept.get(step.key)
        return (None if found == step.stale else found), None

    def keep(self, step: Keep) -> Error | None:
        """Whether keeping failed."""
        if step.value is not None:
            self.kept[step.key] = step.value
        return None

    def _next(self) -> tuple[Any, Error | None]:
        reply = self._replies.pop(0) if self._replies else b""
        if isinstance(reply, float):
            self.now += reply
            return self._next()
        return (None, reply) if isinstance(reply, Error) else (reply, None)
