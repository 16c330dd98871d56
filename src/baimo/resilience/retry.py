"""Whether a failed attempt is made again, and how long to wait before."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from baimo.errors import Error, StaleConnectionError


class Verdict(NamedTuple):
    """What the policy decided."""

    wait_s: float | None
    """Seconds to wait before the next attempt; None to give up."""
    why: str | None = None
    """Why it gave up although the error could be tried again, where there is something to say."""


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Exponential back-off with full jitter, bounded by attempts and by what the provider asks for.

    A wait that the provider names is obeyed as it is. One over `longest_asked_s` is not waited for.
    """

    attempts: int = 3
    first_wait_s: float = 0.5
    longest_wait_s: float = 8.0
    longest_asked_s: float = 120.0

    def verdict(self, attempt: int, error: Error, *, dice: float, left_s: float | None = None) -> Verdict:
        """What to do after `error`, before attempt number `attempt` (the first attempt is 1).

        `dice` is in [0, 1); `left_s` are the seconds that remain of the whole call's time.
        """
        if not error.retryable:
            return Verdict(None)
        if isinstance(error, StaleConnectionError):
            return Verdict(0.0)
        if attempt > self.attempts:
            return Verdict(None)
        asked = error.retry_after
        if asked is not None:
            if asked > self.longest_asked_s:
                return Verdict(
                    None,
                    f"The provider asks to wait {asked:.0f} s, more than the {self.longest_asked_s:.0f} s "
                    "that a call waits: not tried again.",
                )
            wait = max(asked, 0.0)
        else:
            wait = dice * min(self.longest_wait_s, self.first_wait_s * 2.0 ** (attempt - 2))
        if left_s is not None and wait >= left_s:
            return Verdict(
                None, f"The next attempt would start in {wait:.1f} s, after the call's time is over."
            )
        return Verdict(wait)
