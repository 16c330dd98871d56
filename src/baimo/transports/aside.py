"""Work that is done aside, one piece after the other, on a thread that lives as long as there is some."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable

_MOST = 200
"""Pieces that may wait; whoever comes with one more does it himself, so that nothing is lost and memory is
bounded."""


class Aside:
    """Takes work in without waiting for it. The end of the program waits for what is not done yet."""

    def __init__(self, name: str) -> None:
        """`name` is that of the thread."""
        self._name = name
        self._begin()

    def put(self, work: Callable[[], object]) -> None:
        """Have it done when all that was put in before is done."""
        if self._pid != os.getpid():  # a child after `fork` has none of its parent's threads
            self._begin()
        if not self._taken(work):
            work()

    def close(self) -> None:
        """Return when all that was put in is done. It may be called again."""
        thread = self._thread
        if thread is not None and self._pid == os.getpid():
            thread.join()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._waiting: deque[Callable[[], object]] = deque()
        self._thread: threading.Thread | None = None

    def _taken(self, work: Callable[[], object]) -> bool:
        with self._lock:
            if len(self._waiting) >= _MOST:
                return False
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=self._name)
                try:
                    thread.start()
                except RuntimeError:  # the program ends, or may have no more threads
                    return False
                self._thread = thread
            self._waiting.append(work)
            return True

    def _run(self) -> None:
        try:
            while (work := self._next()) is not None:
                work()
        finally:
            with self._lock:
                if self._thread is threading.current_thread():  # work failed: the next begins another thread
                    self._thread = None

    def _next(self) -> Callable[[], object] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._thread = None
            return None
