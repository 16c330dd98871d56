"""What is known of deployments from the calls they were given: which to use, which to leave alone for a time.

Three things keep a deployment from being used, each decided by what the provider said, not by the status:

- *cooling*: it asked for fewer requests. It is left alone as long as it asked, else a little, and longer each
  time.
- *out*: the account has no money, or the key is refused. Trying again soon cannot help; a rare probe finds
  out when somebody has paid.
- *ejected*: it fails. After so many failures in a row, or half of its calls, it is left alone for a time that
  grows with every ejection; then one call at a time may try it.

A book is one client's. Time is an argument of everything.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, TypeAlias

import msgspec

from baimo.errors import (
    AuthError,
    EmptyAnswerError,
    Error,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
    ServerError,
    StreamInterrupted,
    TransportError,
    WireError,
)

Name: TypeAlias = tuple[str, str, str, str]
"""A deployment: provider, endpoint, key, model."""
Reason = Literal["cooling", "out", "ejected"]


class HealthRules(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers. Times are seconds."""

    failures: int = 5
    """In a row, until a deployment is ejected."""
    rate: float = 0.5
    """Share of failures among its calls, until it is ejected."""
    rate_window_s: float = 30.0
    rate_calls: int = 10
    """So many calls there must be in the window before their share says anything."""
    ejection_s: float = 30.0
    """Of the first ejection; the second lasts twice as long, and so on."""
    longest_ejection_s: float = 300.0
    cooling_s: float = 1.0
    """Where a refusal for too many requests does not say how long; doubles with each in a row."""
    longest_cooling_s: float = 60.0
    out_s: float = 300.0
    """Until a key without money, or a refused one, is tried again; doubles with each time."""
    longest_out_s: float = 3600.0
    latency_share: float = 0.3
    """Weight of the newest time to the first event in the mean."""
    latency_lives_s: float = 120.0
    """A mean that is older says nothing any more."""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What a book says of one deployment at a moment."""

    wait_s: float = 0.0
    """Until it may be used; 0: now."""
    reason: Reason | None = None
    word: str | None = None
    """The stable code of the error behind it."""
    busy: int = 0
    latency_s: float | None = None


class _Key:
    """One key of a provider, whatever the model."""

    __slots__ = ("out_until", "times_out", "word")

    def __init__(self) -> None:
        self.out_until = 0.0
        self.times_out = 0
        self.word: str | None = None


class _State:
    __slots__ = (
        "busy",
        "calls",
        "cool_until",
        "coolings",
        "ejected_until",
        "ejections",
        "failed",
        "in_a_row",
        "latency",
        "latency_at",
        "probing",
        "window",
        "word",
    )

    def __init__(self) -> None:
        self.busy = 0
        self.calls = self.failed = 0
        self.window = 0.0
        self.in_a_row = 0
        self.cool_until = self.ejected_until = 0.0
        self.coolings = self.ejections = 0
        self.probing = False
        self.latency: float | None = None
        self.latency_at = 0.0
        self.word: str | None = None


class HealthBook:
    """Keeps the states. `lock` guards them where several threads share a book."""

    def __init__(
        self, rules: HealthRules | None = None, *, lock: AbstractContextManager[object] | None = None
    ) -> None:
        self._rules = rules or HealthRules()
        self._lock = lock if lock is not None else nullcontext()
        self._states: dict[Name, _State] = {}
        self._keys: dict[tuple[str, str, str], _Key] = {}

    def condition(self, name: Name, now: float) -> Condition:
        """What is known of a deployment."""
        with self._lock:
            state = self._states.get(name)
            key = self._keys.get(name[:3])
            if key is not None and now < key.out_until:
                busy = 0 if state is None else state.busy
                return Condition(wait_s=key.out_until - now, reason="out", word=key.word, busy=busy)
            if state is None:
                return _UNKNOWN
            latency = state.latency
            if latency is not None and now - state.latency_at > self._rules.latency_lives_s:
                latency = None
            if now < state.cool_until:
                wait, reason = state.cool_until - now, "cooling"
            elif now < state.ejected_until:
                wait, reason = state.ejected_until - now, "ejected"
            elif state.ejected_until and state.probing:
                wait, reason = self._rules.cooling_s, "ejected"
            else:
                return Condition(busy=state.busy, latency_s=latency)
            return Condition(
                wait_s=wait,
                reason=reason,  # type: ignore[arg-type]
                word=state.word,
                busy=state.busy,
                latency_s=latency,
            )

    def began(self, name: Name, now: float) -> None:
        """A call was given to a deployment."""
        with self._lock:
            state = self._states.setdefault(name, _State())
            state.busy += 1
            if state.ejected_until and now >= state.ejected_until:
                state.probing = True

    def left(self, name: Name) -> None:
        """A call is done with a deployment, however it ended. Said once for every `began`."""
        with self._lock:
            state = self._states[name]
            state.busy -= 1
            state.probing = False

    def answered(self, name: Name, now: float, latency_s: float | None) -> None:
        """It answered; `latency_s` are the seconds to its first event."""
        with self._lock:
            state = self._states[name]
            self._count(state, now, failed=False)
            state.in_a_row = state.coolings = 0
            if state.ejected_until:
                state.ejected_until = 0.0
                state.calls = state.failed = 0
            elif state.ejections and state.calls >= self._rules.rate_calls and not state.failed:
                state.ejections -= 1
            key = self._keys.get(name[:3])
            if key is not None:
                del self._keys[name[:3]]
            if latency_s is not None:
                share = self._rules.latency_share
                old = state.latency
                state.latency = latency_s if old is None else old + share * (latency_s - old)
                state.latency_at = now

    def failed(self, name: Name, error: Error, now: float) -> None:
        """It did not."""
        rules = self._rules
        with self._lock:
            state = self._states[name]
            if isinstance(error, RateLimitedError):
                state.coolings += 1
                state.word = error.code
                wait = error.retry_after
                if wait is None:
                    wait = min(rules.cooling_s * 2.0 ** (state.coolings - 1), rules.longest_cooling_s)
                state.cool_until = max(state.cool_until, now + wait)
            elif isinstance(error, (AuthError, PermissionDeniedError, QuotaError)):
                key = self._keys.setdefault(name[:3], _Key())
                key.times_out += 1
                key.word = error.code
                key.out_until = now + min(rules.out_s * 2.0 ** (key.times_out - 1), rules.longest_out_s)
            elif isinstance(error, _FAILURES):
                self._broke(state, error, now)

    def _broke(self, state: _State, error: Error, now: float) -> None:
        rules = self._rules
        self._count(state, now, failed=True)
        state.in_a_row += 1
        is_bad = state.calls >= rules.rate_calls and state.failed >= rules.rate * state.calls
        is_probe = state.ejected_until > 0 and now >= state.ejected_until
        if state.in_a_row >= rules.failures or is_bad or is_probe:
            state.ejections += 1
            state.word = error.code
            state.ejected_until = now + min(rules.ejection_s * state.ejections, rules.longest_ejection_s)
            state.in_a_row = state.calls = state.failed = 0
        elif isinstance(error, OverloadedError) and error.retry_after is not None:
            state.word = error.code
            state.cool_until = max(state.cool_until, now + error.retry_after)

    def _count(self, state: _State, now: float, *, failed: bool) -> None:
        """Count a call in the window; of what is older than one half remains, then nothing."""
        age = now - state.window
        if age > self._rules.rate_window_s:
            halves = 1 if age <= 2 * self._rules.rate_window_s and state.window else 32
            state.calls >>= halves
            state.failed >>= halves
            state.window = now
        state.calls += 1
        state.failed += failed


_UNKNOWN = Condition()
_FAILURES = (ServerError, OverloadedError, TransportError, WireError, StreamInterrupted, EmptyAnswerError)
