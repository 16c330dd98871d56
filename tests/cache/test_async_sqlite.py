"""The file of answers for asyncio: the loop goes on while a thread waits for the disk."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from baimo.cache.async_sqlite import InThread
from baimo.cache.sqlite import SqliteStore
from tests.cache.memory import Memory
from tests.cache.waiting import until_so
from tests.loops import BOTH_LOOPS

pytestmark = [pytest.mark.anyio, BOTH_LOOPS]


async def test_what_was_put_is_there_and_nothing_is_left_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    store = InThread(SqliteStore(tmp_path / "a.db", ttl_s=100.0, max_bytes=1_000_000))
    assert await store.get("k") is None
    await store.put("k", b"v")
    assert await store.get("k") == b"v"
    await store.close()
    await store.close()
    assert threading.active_count() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db"]


class Slow(Memory):
    """Takes until the gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.begun = threading.Event()

    def get(self, key: str) -> bytes | None:
        self.begun.set()
        assert self.gate.wait(20)
        return super().get(key)


async def test_the_loop_goes_on_while_the_disk_is_slow() -> None:
    inner = Slow()
    store = InThread(inner)
    getting = asyncio.ensure_future(store.get("k"))
    await until_so(inner.begun.is_set)
    assert not getting.done()
    inner.gate.set()
    assert await getting is None
    await store.close()
    assert inner.is_closed


async def test_a_call_that_is_cancelled_does_not_wait_for_the_disk() -> None:
    inner = Slow()
    store = InThread(inner)
    getting = asyncio.ensure_future(store.get("k"))
    await until_so(inner.begun.is_set)
    getting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await getting
    inner.gate.set()
    await store.close()
