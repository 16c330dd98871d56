"""What a call asks of others while it is recorded: the retry budget, the purse, the caller's type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from baimo.errors import Error
from baimo.exchange import Deployment
from baimo.repair import Looks
from baimo.resilience.budget import RetryBudget
from baimo.rules import Purse
from baimo.schema.check import Fault
from baimo.types.chat import Choice

Tell = Callable[[str, Any], None]


class RecordedBudget(RetryBudget):
    """A retry budget whose answers are taken down."""

    def __init__(self, inner: RetryBudget, tell: Tell) -> None:
        self._inner = inner
        self._tell = tell

    def begin(self, call: object) -> None:
        """As the budget behind it."""
        self._inner.begin(call)

    def may_retry(self, call: object) -> bool:
        """As the budget behind it."""
        allowed = self._inner.may_retry(call)
        self._tell("may_retry", allowed)
        return allowed

    def end(self, call: object) -> None:
        """As the budget behind it."""
        self._inner.end(call)


class RecordedPurse:
    """A purse whose refusals are taken down. Meets the protocol `Purse`."""

    def __init__(self, inner: Purse, tell: Tell, refused: Callable[[Error], Any]) -> None:
        self._inner = inner
        self._tell = tell
        self._refused = refused
        self.cost = inner.cost
        self.take = inner.take
        self.failed = inner.failed

    def check(self, at: Deployment, wall: float) -> None:
        """As the purse behind it."""
        try:
            self._inner.check(at, wall)
        except Error as error:
            self._tell("purse", self._refused(error))
            raise
        self._tell("purse", None)


class RecordedLooks:
    """What finds faults of answers, with what it finds taken down. Meets the protocol `Looks`."""

    def __init__(self, inner: Looks, tell: Tell) -> None:
        self._inner = inner
        self._tell = tell
        self.is_unreadable = inner.is_unreadable

    def fault(self, choice: Choice) -> Fault | None:
        """As what is behind it."""
        found = self._inner.fault(choice)
        self._tell("fault", None if found is None else [found.path, found.says, found.detail])
        return found
