"""After a fork the child has the file, but neither the parent's connection nor its calls in flight."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_BEGIN = """
import asyncio, os, sys
from pathlib import Path
from baimo.cache.answers import StoredAnswers
from baimo.cache.async_answers import AsyncStoredAnswers
from baimo.cache.async_sqlite import InThread
from baimo.cache.sqlite import SqliteStore
from baimo.steps import Keep, Look

store = SqliteStore(Path(sys.argv[1]), ttl_s=100.0, max_bytes=1_000_000)

def in_child(work):
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
_BLOCKING = """
cache = StoredAnswers(store)
assert cache.look(Look("flying")) is None
cache.keep(Keep("k", b"parent"))

def child():
    store.close()
    cache.leave("flying")
    assert cache.look(Look("k")) == b"parent"
    assert cache.look(Look("flying")) is None
    store.put("k", b"child")
    return True

in_child(child)
assert len(cache._flights) == 1
assert store.get("k") == b"child"
store.put("k", b"parent")
assert store.get("k") == b"parent"
cache.close()
"""
_ASYNC = """
cache = AsyncStoredAnswers(InThread(store))

async def parent():
    assert await cache.look(Look("k")) is None
    await cache.keep(Keep("k", b"parent"))

async def child():
    await cache.close()
    assert await cache.look(Look("k")) == b"parent"
    await cache.close()
    return True

with asyncio.Runner() as runner:
    runner.run(parent())
    in_child(lambda: asyncio.new_event_loop().run_until_complete(child()))
    runner.run(cache.close())
"""


@pytest.mark.parametrize("script", [_BLOCKING, _ASYNC], ids=["blocking", "asyncio"])
def test_a_child_process_looks_and_keeps_for_itself(tmp_path: Path, script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _BEGIN + script, str(tmp_path / "a.db")],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
