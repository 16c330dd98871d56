"""Limits that a simulated provider holds each key to: requests and tokens a minute, calls at once, quotas."""

from __future__ import annotations

import threading
from collections import deque

import msgspec

from baimo.errors import InputError

from .words import RefusedError, Why

_MINUTE_S = 60.0


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one key. None: without bounds. Raises InputError for what is below 0."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None
    """Calls that may be under way at a time."""
    quota_requests: int | None = None
    """Requests in all, until the simulator is reset."""
    quota_tokens: int | None = None

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None and value < 0:
                raise InputError(f"{name} must not be below 0, got {value}")


class OverRateError(RefusedError):
    """Too much for a rate; `retry_after` tells in how many seconds there is room again."""

    def __init__(self, detail: str, retry_after: float) -> None:
        super().__init__(Why.OVER_RATE, detail)
        self.retry_after = retry_after


class Meter:
    """What one key used. Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._requests: deque[float] = deque()
        self._tokens: deque[tuple[float, int]] = deque()
        self._under_way = 0
        self._all_requests = 0
        self._all_tokens = 0
        self._lock = threading.Lock()

    def enter(self, rate: Rate, now: float) -> None:
        """A call begins. Raises RefusedError where it must not; else `leave` must follow."""
        with self._lock:
            self._forget(now)
            if rate.quota_requests is not None and self._all_requests >= rate.quota_requests:
                raise RefusedError(Why.OVER_QUOTA, f"{rate.quota_requests} requests are used up")
            if rate.quota_tokens is not None and self._all_tokens >= rate.quota_tokens:
                raise RefusedError(Why.OVER_QUOTA, f"{rate.quota_tokens} tokens are used up")
            if rate.concurrency is not None and self._under_way >= rate.concurrency:
                raise RefusedError(Why.OVER_CONCURRENCY, f"{rate.concurrency} calls are under way")
            self._check_minute(rate, now)
            self._requests.append(now)
            self._all_requests += 1
            self._under_way += 1

    def leave(self, tokens: int, now: float) -> None:
        """A call ended and used so many tokens."""
        with self._lock:
            self._under_way -= 1
            self._all_tokens += tokens
            if tokens:
                self._tokens.append((now, tokens))

    def _check_minute(self, rate: Rate, now: float) -> None:
        requests, tokens = rate.requests_per_minute, rate.tokens_per_minute
        if requests is not None and len(self._requests) >= requests:
            first = self._requests[0] if self._requests else now
            raise OverRateError(f"{requests} requests a minute", first + _MINUTE_S - now)
        if tokens is not None and sum(made for _, made in self._tokens) >= tokens:
            first = self._tokens[0][0] if self._tokens else now
            raise OverRateError(f"{tokens} tokens a minute", first + _MINUTE_S - now)

    def _forget(self, now: float) -> None:
        while self._requests and self._requests[0] <= now - _MINUTE_S:
            self._requests.popleft()
        while self._tokens and self._tokens[0][0] <= now - _MINUTE_S:
            self._tokens.popleft()


class Meters:
    """The meters of all keys, by provider."""

    def __init__(self) -> None:
        self._meters: dict[tuple[str, str], Meter] = {}
        self._lock = threading.Lock()

    def of(self, provider: str, key: str) -> Meter:
        """The one of that key."""
        with self._lock:
            return self._meters.setdefault((provider, key), Meter())
