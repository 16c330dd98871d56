"""When the pieces of a simulated reply come: time to the first one, pace, and chance around both."""

from __future__ import annotations

from random import Random

import msgspec

from baimo.errors import InputError


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How a reply is paced. All zero: at once.

    Raises InputError for values that cannot be.
    """

    ttft: float = 0.0
    """Seconds until the first token."""
    tokens_per_second: float = 0.0
    """0: all at once."""
    jitter: float = 0.0
    """By which share each wait may be longer or shorter, from 0 to 1."""

    def __post_init__(self) -> None:
        if self.ttft < 0 or self.tokens_per_second < 0:
            raise InputError("ttft and tokens_per_second must not be below 0")
        if not 0 <= self.jitter <= 1:
            raise InputError(f"jitter is a share from 0 to 1, got {self.jitter!r}")


class Pace:
    """The waits of one reply. The same dice give the same waits."""

    def __init__(self, timing: Timing, dice: Random) -> None:
        self._timing = timing
        self._dice = dice
        self._begun = False

    def next(self) -> float:
        """Seconds before the next token."""
        timing = self._timing
        if not self._begun:
            self._begun = True
            wait = timing.ttft
        else:
            wait = 1 / timing.tokens_per_second if timing.tokens_per_second else 0.0
        if wait and timing.jitter:
            wait *= 1 + timing.jitter * (2 * self._dice.random() - 1)
        return wait
