"""An event loop of one's own on a thread, for code that blocks and must wait for code that does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Started when it is first needed; `close` cancels what still runs on it and ends the thread."""

    def __init__(self, name: str = "baimo-loop") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have it run there; cancelling the future cancels it."""
        with self._lock:
            if self._thread is None:
                self._ready.clear()
                self._thread = threading.Thread(
                    target=lambda: asyncio.run(self._serve()), name=self._name, daemon=True
                )
                self._thread.start()
            self._ready.wait()
        assert self._loop is not None  # it is ready
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def wait_for(self, work: Awaitable[T]) -> T:
        """What it gives; the caller waits."""
        future = self.submit(_awaited(work))
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Cancel what runs, and end the thread. It may be called again."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread is None:
                return
            assert self._loop is not None and self._over is not None  # it is ready
            self._loop.call_soon_threadsafe(self._over.set)
        thread.join()

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self._over.wait()


async def _awaited(work: Awaitable[T]) -> T:
    return await work
