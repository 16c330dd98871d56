"""What a cache is. `look` and `keep` carry out the steps of those names; equal calls fetch once."""

from __future__ import annotations

from typing import Protocol

import msgspec

from baimo.steps import Keep, Look


class AnswerCache(Protocol):
    """For blocking callers, from any thread."""

    def look(self, step: Look) -> bytes | None:
        """What is kept under the key, or None: then this caller fetches, and must `keep` or `leave`.

        Raises CacheError where nothing can be looked up (this caller fetches, and does neither), and
        TimedOutError("total") where another one fetches for longer than this one may wait.
        """

    def keep(self, step: Keep) -> None:
        """Store it and hand it to those who wait; with None one of them fetches. Ends `look` in any case."""

    def leave(self, key: str) -> None:
        """The caller that fetches is gone: another one may. Never blocks."""

    def close(self) -> None:
        """Let go of what it holds open."""


class AsyncAnswerCache(Protocol):
    """For asyncio, on any number of loops."""

    async def look(self, step: Look) -> bytes | None:
        """As `AnswerCache.look`."""

    async def keep(self, step: Keep) -> None:
        """As `AnswerCache.keep`."""

    def leave(self, key: str) -> None:
        """As `AnswerCache.leave`."""

    async def close(self) -> None:
        """As `AnswerCache.close`."""


class StoreFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a store. None: it does not count that."""

    place: str
    """A path, or an address without credentials."""
    entries: int
    size: int | None = None
    """Bytes."""
    hits: int | None = None
    misses: int | None = None


class Store(Protocol):
    """Where values lie, for any thread. Every method raises CacheError where the store cannot be used."""

    longest_s: float
    """So long may `get` or `put` take where something is wrong."""

    def get(self, key: str) -> bytes | None:
        """The value, if it is there and has not expired."""

    def put(self, key: str, value: bytes) -> None:
        """Keep it; what is there under the key is replaced."""

    def facts(self) -> StoreFacts:
        """What is in it."""

    def clear(self) -> int:
        """Delete all; how many there were."""

    def close(self) -> None:
        """Let go of what it holds open. It may be used again."""


class AsyncStore(Protocol):
    """The same for asyncio, as far as calls need it."""

    longest_s: float

    async def get(self, key: str) -> bytes | None:
        """As `Store.get`."""

    async def put(self, key: str, value: bytes) -> None:
        """As `Store.put`."""

    async def close(self) -> None:
        """As `Store.close`."""
