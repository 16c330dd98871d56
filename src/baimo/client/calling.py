"""Calls tools for a blocking run: those of one answer at the same time, each within its seconds."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from inspect import isawaitable
from time import monotonic
from typing import Any

from baimo.errors import ToolError
from baimo.tools.loop import late
from baimo.tools.runnable import ToolUse
from baimo.tools.steps import Ended, RunTools

from .portal import LoopThread


class Caller:
    """Calls tools; one a run. Async functions run on a loop that all calls of the run share."""

    def __init__(self) -> None:
        self._portal = LoopThread("baimo-run")

    def run(self, step: RunTools) -> tuple[Ended, ...]:
        """Call them all. One that needs no bound and no company is called on this very thread.

        A function that takes too long is not waited for; it goes on to its end on a thread of its own, for
        Python has no way to end it. What is async is cancelled.
        """
        uses, timeouts = step.uses, step.timeouts
        if len(uses) == 1 and timeouts[0] is None and not uses[0].tool.is_async:
            return (self._called(uses[0]),)
        begun = monotonic()
        futures = [self._begin(use) for use in uses]
        try:
            return tuple(
                [
                    _ended(future, use, None if seconds is None else seconds - (monotonic() - begun), seconds)
                    for future, use, seconds in zip(futures, uses, timeouts, strict=True)
                ]
            )
        finally:
            for future in futures:
                future.cancel()

    def ask(self, hook: Callable[[Any], Any] | None, about: Any) -> Any:
        """What a hook says; None where there is none."""
        if hook is None:
            return None
        said = hook(about)
        return self._portal.wait_for(said) if isawaitable(said) else said

    def close(self) -> None:
        """Cancel what is async, and end its thread."""
        self._portal.close()

    def _called(self, use: ToolUse) -> Ended:
        try:
            value = use.tool.call(use)
            return Ended(self._portal.wait_for(value) if isawaitable(value) else value)
        except Exception as error:
            return Ended(None, error)

    def _begin(self, use: ToolUse) -> Future[Ended]:
        if use.tool.is_async:
            return self._portal.submit(_awaited(use))
        future: Future[Ended] = Future()
        context = contextvars.copy_context()
        threading.Thread(
            target=lambda: _settle(future, lambda: context.run(self._called, use)),
            name=f"baimo-tool-{use.name}",
            daemon=True,
        ).start()
        return future


async def _awaited(use: ToolUse) -> Ended:
    try:
        return Ended(await use.tool.call(use))
    except Exception as error:
        return Ended(None, error)


def _settle(future: Future[Ended], call: Callable[[], Ended]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call())
    except BaseException as error:
        future.set_exception(error)


def _ended(future: Future[Ended], use: ToolUse, left: float | None, seconds: float | None) -> Ended:
    wait([future], None if left is None else max(left, 0.0))
    if not future.done():
        assert seconds is not None  # without a bound it is waited for
        return Ended(None, late(use.name, seconds))
    if future.cancelled():
        return Ended(None, ToolError(f"the tool {use.name} was cancelled", tool=use.name))
    return future.result()
