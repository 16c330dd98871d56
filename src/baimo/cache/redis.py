"""Answers in Redis, where they expire by themselves and other processes and machines find them.

Only what is stored is shared: equal calls that are in flight at once are brought together in each process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from baimo.errors import CacheError, ConfigError, MissingExtraError

from .protocol import StoreFacts

LONGEST_S = 0.5
"""So long one command may take, with a second try: a cache that is slower than that is of no use."""
QUIET_S = 5.0
"""So long a server that failed is left alone: not every call shall wait for it in vain."""


class RedisStore:
    """Meets the protocol `Store`. Connects when it is first used."""

    longest_s = LONGEST_S

    def __init__(
        self, url: str, *, ttl_s: float, prefix: str, mono: Callable[[], float] = time.monotonic
    ) -> None:
        redis = package("redis")
        self._watch = Watch(url, redis, mono)
        self._ttl_ms = max(1, round(ttl_s * 1000))
        self._names = Names(prefix)
        with readable():
            self._client: Any = redis.Redis.from_url(url, **options("redis.retry"))

    def get(self, key: str) -> bytes | None:
        """See `Store.get`."""
        with self._watch.over():
            value: bytes | None = self._client.get(self._names.of(key))
        return value

    def put(self, key: str, value: bytes) -> None:
        """See `Store.put`."""
        with self._watch.over():
            self._client.set(self._names.of(key), value, px=self._ttl_ms)

    def facts(self) -> StoreFacts:
        """See `Store.facts`. Looks at every name there is."""
        entries = size = 0
        with self._watch.over():
            for names in self._all():
                pipeline = self._client.pipeline(transaction=False)
                for name in names:
                    pipeline.strlen(name)
                sizes = [one for one in pipeline.execute() if one]
                entries, size = entries + len(sizes), size + sum(sizes)
        return StoreFacts(place=self._watch.place, entries=entries, size=size)

    def clear(self) -> int:
        """See `Store.clear`. Deletes what begins with our prefix, nothing else."""
        deleted = 0
        with self._watch.over():
            for names in self._all():
                deleted += self._client.unlink(*names)
        return deleted

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _all(self) -> Iterator[list[bytes]]:
        """The names of our answers, some at a time."""
        cursor: int = -1
        while cursor:
            cursor, names = self._client.scan(max(cursor, 0), match=self._names.pattern, count=1000)
            if names:
                yield names


class Names:
    """What a key is called in a server that others use as well."""

    def __init__(self, prefix: str) -> None:
        self._begin = f"{prefix}:answer:"
        special = str.maketrans({mark: f"\\{mark}" for mark in "*?[]\\^-"})
        self.pattern = self._begin.translate(special) + "*"

    def of(self, key: str) -> str:
        return self._begin + key


class Watch:
    """Turns failures into CacheError, and leaves a server that failed alone for a while."""

    def __init__(self, url: str, redis: Any, mono: Callable[[], float]) -> None:
        self.place = without_credentials(url)
        self._kinds = (redis.RedisError, OSError)
        self._mono = mono
        self._until = float("-inf")
        self._why = ""

    @contextmanager
    def over(self) -> Iterator[None]:
        """Over one use of the server."""
        left = self._until - self._mono()
        if left > 0:
            raise CacheError(f"{self.place} is left alone for another {left:.1f} s: {self._why}")
        try:
            yield
        except self._kinds as error:
            self._why = f"{type(error).__name__}: {error}"
            self._until = self._mono() + QUIET_S
            raise CacheError(f"{self.place} cannot be used: {self._why}") from error


def options(retry: str) -> dict[str, Any]:
    """Of a connection: short limits, and one new connection where a kept one turns out to be closed.

    `retry` is the module in which the kind of client has its class `Retry`.
    """
    again = package(retry).Retry(
        package("redis.backoff").NoBackoff(), 1, supported_errors=(package("redis").ConnectionError,)
    )
    return {"socket_connect_timeout": LONGEST_S / 2, "socket_timeout": LONGEST_S / 2, "retry": again}


def package(name: str) -> Any:
    """The module of that name from the package redis. Raises MissingExtraError."""
    from importlib import import_module

    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "the package redis is not installed", hint="Run: pip install 'baimo[redis]'"
        ) from error


@contextmanager
def readable() -> Iterator[None]:
    """Raise ConfigError where the address cannot be read."""
    try:
        yield
    except ValueError:
        raise ConfigError(
            "[cache] store is no address of a Redis", hint="It looks like redis://user:password@host:6379/0."
        ) from None  # what redis says may show a piece of the password


def without_credentials(url: str) -> str:
    """The address as it may be shown."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
