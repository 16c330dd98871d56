"""The thread that renews leases: it lives while it is needed."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue

from baimo.limiting.heartbeat import Heartbeat


def test_it_beats_while_it_is_needed_and_ends_by_itself() -> None:
    beats: SimpleQueue[bool] = SimpleQueue()
    needed = True
    heart = Heartbeat(beats.put, lambda: needed, every_s=0.02)
    before = threading.active_count()
    heart.start()
    heart.start()
    assert threading.active_count() == before + 1
    assert [beats.get(timeout=5) for _ in range(3)] == [True] * 3
    needed = False
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        threading.Event().wait(0.001)
    assert threading.active_count() == before
    needed = True
    heart.start()
    assert beats.get(timeout=5)
    heart.close()
    assert threading.active_count() == before


def test_a_nudge_is_told_soon_without_a_renewal() -> None:
    beats: SimpleQueue[bool] = SimpleQueue()
    heart = Heartbeat(beats.put, lambda: True, every_s=60.0)
    heart.nudge()
    heart.start()
    heart.nudge()
    assert beats.get(timeout=5) is False
    heart.close()
    heart.close()
