"""What a cache is. `look` and `keep` carry out the steps of those names; equal calls fetch once."""

from __future__ import annotations

from typing import Protocol

from baimo.steps import Keep, Look


class AnswerCache(Protocol):
    """For blocking callers, from any thread."""

    def look(self, step: Look) -> bytes | None:
        """What is kept under the key, or None: then this caller fetches, and must `keep` or `leave`."""

    def keep(self, step: Keep) -> None:
        """Store it, and wake those who wait for it; with None they look for themselves."""

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
