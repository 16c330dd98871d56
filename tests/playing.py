"""Drives a call's generator by hand: a virtual clock, a script of replies, a trace of what it asked for."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from baimo.errors import Error
from baimo.steps import Dice, Emit, Keep, Look, Now, Read, Send, Shared, Wait
from baimo.wire.http import WireHead


class Play:
    """Carries steps out without I/O. `replies` are heads, pieces and errors in the order they are asked for.

    A number in `replies` lets that many seconds pass before the next one.
    """

    def __init__(self, *replies: WireHead | bytes | Error | float, dice: float = 0.5) -> None:
        self._replies = list(replies)
        self._dice = dice
        self.now = 1000.0
        self.trace: list[str] = []
        self.events: list[Any] = []
        self.raw: list[bytes | None] = []
        self.sent: list[Send] = []
        self.waits: list[Wait] = []
        self.reads: list[float] = []
        self.kept: dict[str, bytes] = {}

    def run(self, steps: Generator[Any, Any, Any]) -> Any:
        """What the generator returned; its error is raised."""
        answer: Any = None
        failure: Error | None = None
        try:
            while True:
                step = steps.send(answer) if failure is None else steps.throw(failure)
                answer, failure = None, None
                self.trace.append(type(step).__name__)
                match step:
                    case Send():
                        self.sent.append(step)
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
                    case Now():
                        answer = (self.now + 1e9, self.now)
                    case Dice():
                        answer = self._dice
                    case Shared():
                        answer = self.share(step)
                    case Look():
                        answer, failure = self.look(step)
                    case Keep():
                        failure = self.keep(step)
                    case _:
                        raise AssertionError(step)
        except StopIteration as done:
            return done.value

    def share(self, step: Shared) -> Any:
        """The value of a shared step; it is fetched each time."""
        value, _ = self.run(step.make())
        return value

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
