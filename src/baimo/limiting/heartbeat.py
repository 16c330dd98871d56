"""The thread that keeps leases alive, and tells what callers left behind. It lives while leases are held."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue


class Heartbeat:
    """Calls `beat(renew)` every so many seconds with True, and with False soon after it was nudged."""

    def __init__(
        self, beat: Callable[[bool], object], is_needed: Callable[[], bool], *, every_s: float
    ) -> None:
        self._beat = beat
        self._is_needed = is_needed
        self._every_s = every_s
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._nudges: SimpleQueue[bool] = SimpleQueue()

    def start(self) -> None:
        """Begin, unless it beats already. To be called when something is held."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="baimo-limits", daemon=True)
                self._thread.start()

    def nudge(self) -> None:
        """Beat soon, if it beats at all. Never blocks; may be called while objects are being collected."""
        if self._thread is not None:
            self._nudges.put(True)

    def tell(self) -> None:
        """Beat soon, whether it beats or not. Never waits for the beat."""
        self.start()
        self.nudge()

    def close(self) -> None:
        """Stop, and wait for the beat that is under way."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._nudges.put(False)
            thread.join()
            self._nudges = SimpleQueue()

    def _run(self) -> None:
        renewed = time.monotonic()
        while True:
            try:
                goes_on = self._nudges.get(timeout=max(renewed + self._every_s - time.monotonic(), 0.001))
            except Empty:
                goes_on = True
            if not goes_on:
                return
            renew = time.monotonic() >= renewed + self._every_s
            if renew:
                renewed = time.monotonic()
            self._beat(renew)
            if renew and self._ended():
                return

    def _ended(self) -> bool:
        with self._lock:
            if self._is_needed():
                return False
            if self._thread is threading.current_thread():
                self._thread = None
            return True
