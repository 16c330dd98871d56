"""What a call may leave behind: nothing. Descriptors, threads and tasks are counted before and after."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.transports.contract import wait_until

_OTHERS = ("baimo-names", "peer")
"""A name look-up may outlive its call; nothing else of ours may. The threads of the simulated server, in this
process, end when they see that their clients have gone."""


def descriptors() -> int:
    """Open files and sockets of this process."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only their number


def threads() -> set[str]:
    """The threads that run."""
    return {f"{one.name} {one.ident}" for one in threading.enumerate() if one.name not in _OTHERS}


def tasks() -> set[asyncio.Task[object]]:
    """The other tasks of the running loop."""
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


@contextmanager
def nothing_left() -> Iterator[None]:
    """Fails where more is open after the block than before it.

    The simulated server lives in this process, so its ends of the connections are counted as well: it is
    given a moment to see that the client has gone.
    """
    opened, running = descriptors(), threads()
    yield
    wait_until(lambda: descriptors() <= opened)
    left = threads() - running
    assert not left, left
