"""Servers in a thread of their own, for programs and tests without an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from .server import Server

T = TypeVar("T")


class Background:
    """An event loop on a thread, on which servers run. Used with `with`, or `start` and `stop`."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._servers: list[Server] = []

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop. Raises RuntimeError before `start`."""
        if self._loop is None:
            raise RuntimeError("nothing runs yet: start it, or use it with `with`")
        return self._loop

    def start(self) -> None:
        """Start the thread; does nothing when it runs."""
        if self._thread is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._run, name="baimo-serving", daemon=True)
            self._thread.start()

    def add(self, server: Server) -> Server:
        """Start a server. Raises ConfigError for an address that cannot be had."""
        self.start()
        self.run(server.start())
        self._servers.append(server)
        return server

    def stop(self, *, grace_s: float = 1.0) -> None:
        """Stop all servers and the thread. It may be started again."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        servers, self._servers = self._servers, []
        self.run(self._stop(servers, grace_s))
        loop, self._loop = self.loop, None
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def __enter__(self) -> Background:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _stop(self, servers: list[Server], grace_s: float) -> None:
        await asyncio.gather(*(server.stop(grace_s=grace_s) for server in servers))
        # Connections that were being accepted meanwhile are tasks of the loop.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=1.0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.get_running_loop().shutdown_default_executor()

    def _run(self) -> None:
        assert self._loop is not None
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        asyncio.set_event_loop(None)
