"""Waiting until others wait: for tests of calls that run at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

_LONGEST_S = 20.0


def until(is_so: Callable[[], bool]) -> None:
    """Return when it is so; other threads run meanwhile."""
    end = time.monotonic() + _LONGEST_S
    while not is_so():
        assert time.monotonic() < end, "it never came to be"
        threading.Event().wait(0.001)


async def until_so(is_so: Callable[[], bool]) -> None:
    """Return when it is so; other tasks run meanwhile."""
    end = time.monotonic() + _LONGEST_S
    while not is_so():
        assert time.monotonic() < end, "it never came to be"
        await asyncio.sleep(0)
