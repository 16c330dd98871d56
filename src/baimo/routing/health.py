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
    TimedOutError,
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
    """Of the first ejection; the second lasts twice as long, the third three times."""
    longest_ejection_s: float = 300.0
    cooling_s: float = 1.0
    """Where a refusal for too many requests does not say how long; doubles with each in a row."""
    longest_cooling_s: float = 60.0
    out_s: float = 300.0
    """Until a key without money, or a refused one, is tried again; doubles with each time."""
    longest_out_s: float = 3600.0
    probe_s: float = 10.0
    """So long nobody else tries a key that one call is trying out."""
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


class _Out:
    """A key that is refused: for one model, or whatever the model."""

    __slots__ = ("probing", "times", "until", "word")

    def __init__(self) -> None:
        self.until = 0.0
        self.times = 0
        self.probing = False
        self.word: str | None = None


class State:
    """What a book keeps of one deployment."""

    __slots__ = (
        "calls",
        "cool_until",
        "coolings",
        "ejected_until",
        "ejections",
        "failed",
        "in_a_row",
        "latency",
        "latency_at",
        "name",
        "probing",
        "under_way",
        "window",
        "word",
    )

    def __init__(self, name: Name) -> None:
        self.name = name
        self.under_way: set[object] = set()
        """The calls that are with it. To add or to take away one needs no lock."""
        self.calls = self.failed = 0
        self.window = 0.0
        self.in_a_row = 0
        self.cool_until = self.ejected_until = 0.0
        self.coolings = self.ejections = 0
        self.probing = False
        self.latency: float | None = None
        self.latency_at = 0.0
        self.word: str | None = None

    @property
    def busy(self) -> int:
        return len(self.under_way)


class HealthBook:
    """Keeps the states. `lock` guards them where several threads share a book."""

    def __init__(
        self, rules: HealthRules | None = None, *, lock: AbstractContextManager[object] | None = None
    ) -> None:
        self._rules = rules or HealthRules()
        self._lock = lock if lock is not None else nullcontext()
        self._states: dict[Name, State] = {}
        self.outs: dict[tuple[str, ...], _Out] = {}
        """Keys that are refused, by the name without its model, or by the whole name."""

    def state(self, name: Name) -> State:
        """The state of a deployment; always the same one."""
        return self._states.setdefault(name, State(name))

    def condition(self, name: Name, now: float) -> Condition:
        """What is known of a deployment."""
        with self._lock:
            state = self._states.get(name)
            for out in self._out(name) if self.outs else ():
                if now < out.until:
                    busy = 0 if state is None else state.busy
                    return Condition(wait_s=out.until - now, reason="out", word=out.word, busy=busy)
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

    def is_usable(self, name: Name, now: float) -> bool:
        """Whether the only deployment that there is may be asked: better one that was ejected than none."""
        state = self._states.get(name)
        if state is not None and now < state.cool_until:
            return False
        return not self.outs or all(now >= out.until for out in self._out(name))

    def began(self, name: Name, now: float, call: object) -> bool:
        """A call was given to a deployment. Whether it probes one that was ejected: `left` wants to know."""
        state = self._states.get(name) or self.state(name)
        state.under_way.add(call)
        if not self.outs and not state.ejected_until:
            return False
        with self._lock:
            for out in self._out(name):
                if now >= out.until:
                    out.until, out.probing = now + self._rules.probe_s, True
            if not state.ejected_until or now < state.ejected_until or state.probing:
                return False
            state.probing = True
            return True

    def left(self, name: Name, call: object, *, probed: bool = False) -> None:
        """A call is done with a deployment, however it ended. Said once for every `began`."""
        state = self._states[name]
        state.under_way.discard(call)
        if probed:
            state.probing = False

    def answered(self, name: Name, now: float, latency_s: float | None) -> None:
        """It answered; `latency_s` are the seconds to its first event."""
        self.replied(self._states[name], now, latency_s)

    def replied(self, state: State, now: float, latency_s: float | None) -> None:
        """As `answered`, by the state."""
        with self._lock:
            if now - state.window > self._rules.rate_window_s:
                self._age(state, now)
            state.calls += 1
            state.in_a_row = state.coolings = 0
            if state.ejections:
                self._recovers(state)
            if self.outs:
                self.outs.pop(state.name[:3], None)
                self.outs.pop(state.name, None)
            if latency_s is not None:
                old = state.latency
                if old is not None:
                    latency_s = old + self._rules.latency_share * (latency_s - old)
                state.latency = latency_s
                state.latency_at = now

    def _recovers(self, state: State) -> None:
        """One that was ejected answers: it may be used again, and in time all is forgotten."""
        if state.ejected_until:
            state.ejected_until = 0.0
            state.calls = state.failed = 0
        elif state.calls >= self._rules.rate_calls and not state.failed:
            state.ejections -= 1

    def ended(self, name: Name, error: Error, now: float) -> None:
        """An attempt has failed. One that had no time to be sent is no sign."""
        if error.sent or not (isinstance(error, TimedOutError) and error.limit == "total"):
            self.failed(name, error, now)

    def failed(self, name: Name, error: Error, now: float) -> None:
        """It did not."""
        rules = self._rules
        with self._lock:
            state = self._states[name]
            if isinstance(error, RateLimitedError):
                if now >= state.cool_until:  # calls that were under way together are one refusal
                    state.coolings += 1
                wait = error.retry_after
                if wait is None:
                    wait = _doubled(rules.cooling_s, state.coolings, rules.longest_cooling_s)
                self._cool(state, error, now + wait)
            elif isinstance(error, (AuthError, QuotaError)):
                self._take_out(name[:3], error, now)
            elif isinstance(error, PermissionDeniedError):
                self._take_out(name, error, now)  # the key may be good for other models
            elif isinstance(error, _FAILURES):
                if error.retry_after is not None:
                    self._cool(state, error, now + error.retry_after)
                if now >= state.ejected_until:  # what was under way when it was ejected says nothing new
                    self._broke(state, error, now)

    def _out(self, name: Name) -> list[_Out]:
        """What keeps a key from being used."""
        found = [self.outs.get(whose) for whose in (name[:3], name)]
        return [out for out in found if out is not None]

    def _take_out(self, whose: tuple[str, ...], error: Error, now: float) -> None:
        out = self.outs.setdefault(whose, _Out())
        if out.probing or now >= out.until:  # calls that were under way together are one refusal
            out.times += 1
            out.probing = False
        out.word = error.code
        out.until = now + _doubled(self._rules.out_s, out.times, self._rules.longest_out_s)

    def _cool(self, state: State, error: Error, until: float) -> None:
        state.word = error.code
        state.cool_until = max(state.cool_until, until)

    def _broke(self, state: State, error: Error, now: float) -> None:
        rules = self._rules
        if now - state.window > rules.rate_window_s:
            self._age(state, now)
        state.calls += 1
        state.failed += 1
        state.in_a_row += 1
        is_bad = state.calls >= rules.rate_calls and state.failed >= rules.rate * state.calls
        is_probe = state.ejected_until > 0
        if state.in_a_row >= rules.failures or is_bad or is_probe:
            state.ejections += 1
            state.word = error.code
            state.ejected_until = now + min(rules.ejection_s * state.ejections, rules.longest_ejection_s)
            state.in_a_row = state.calls = state.failed = 0

    def _age(self, state: State, now: float) -> None:
        """A new window begins: of the one before it one half still counts, of what is older nothing."""
        age = now - state.window
        halves = 1 if age <= 2 * self._rules.rate_window_s and state.window else 32
        state.calls >>= halves
        state.failed >>= halves
        state.window = now


def _doubled(first_s: float, times: int, longest_s: float) -> float:
    """The first time `first_s`, then twice as long each time, up to the longest."""
    return min(first_s * 2.0 ** min(times - 1, 32), longest_s)


_UNKNOWN = Condition()
_FAILURES = (ServerError, OverloadedError, TransportError, WireError, StreamInterrupted, EmptyAnswerError)
