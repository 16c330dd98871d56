"""The cache of blocking callers: a store, and equal calls in flight that share one fetch."""

from __future__ import annotations

import os

from baimo.errors import CacheError
from baimo.steps import Keep, Look

from .flight import Flights
from .protocol import Store


class StoredAnswers:
    """Meets the protocol `AnswerCache`, over any store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._flights = Flights()

    def look(self, step: Look) -> bytes | None:
        """See `AnswerCache.look`."""
        if self._pid != os.getpid():
            self._begin()  # nobody of the parent's threads flies here
        require_time(step, self.store.longest_s)
        value = self._flights.join(step.key, step.within_s)
        if value is not None:
            return value
        try:
            value = self.store.get(step.key)
        except BaseException:
            self._flights.leave(step.key)
            raise
        if value is None or value == step.stale:
            return None
        self._flights.land(step.key, value)
        return value

    def keep(self, step: Keep) -> None:
        """See `AnswerCache.keep`."""
        if step.value is None:
            self._flights.leave(step.key)
            return
        try:
            self.store.put(step.key, step.value)
        finally:
            self._flights.land(step.key, step.value)

    def leave(self, key: str) -> None:
        """See `AnswerCache.leave`."""
        if self._pid == os.getpid():
            self._flights.leave(key)

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def require_time(step: Look, longest_s: float) -> None:
    """Raise CacheError where less time is left than a store that fails may take: no call is late for it."""
    if step.within_s is not None and step.within_s < longest_s:
        raise CacheError(
            f"the call has {max(step.within_s, 0.0):.3g} s left; a cache that fails may take {longest_s:g} s"
        )
