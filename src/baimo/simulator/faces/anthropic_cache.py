"""The provider's cache of prompts: what was marked once is read the next time."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec

from baimo.simulator.reply import count

from .anthropic_rules import blocks_of


class Used(msgspec.Struct, frozen=True):
    """What the cache did for one prompt, in tokens."""

    read: int = 0
    written: int = 0
    is_hour: bool = False
    """Whether it was written for an hour, not for five minutes."""


class PromptCache:
    """Prompts up to their marks, by what they hold. The model is part of it."""

    def __init__(self) -> None:
        self._known: set[bytes] = set()

    def look(self, body: dict[str, Any]) -> Used:
        """What is read from the cache and written to it, of a prompt with those marks."""
        read = written = tokens = 0
        is_hour = False
        key = sha256(str(body.get("model")).encode())
        for block in _blocks(body):
            mark = block.pop("cache_control", None)
            raw = msgspec.json.encode(block)
            key.update(raw)
            tokens += count(str(block.get("text") or raw.decode()))
            if mark is None:
                continue
            digest = key.digest()
            if digest in self._known:
                read, written = tokens, 0
            else:
                self._known.add(digest)
                written, is_hour = tokens - read, mark.get("ttl") == "1h"
        return Used(read, written, is_hour)


def _blocks(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Everything that a prompt is made of, in the order in which it is cached."""
    yield from body.get("tools") or ()
    yield from blocks_of(body.get("system") or [])
    for turn in body["messages"]:
        yield {"role": turn["role"]}
        yield from blocks_of(turn["content"])
