"""Runs of the asynchronous client: the loop of tools, driven and awaited."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from inspect import isawaitable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from baimo.errors import Error
from baimo.steps import Now
from baimo.tools.loop import late
from baimo.tools.records import RunEvent, RunResult
from baimo.tools.runnable import ToolUse
from baimo.tools.steps import (
    AskApproval,
    AskModel,
    Ended,
    RunTools,
    Show,
    TellAfter,
    TellBefore,
    TellStep,
)

from .options import Model
from .run_options import OpenRun
from .running import RunState, RunTexts, warn_forgotten

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .async_streams import AsyncChatStream


class AsyncRunStream(RunState):
    """A run, as it happens. As `RunStream`, with `async for` and `async with`.

    Cancelling the task that reads it cancels the tools, and closes the connection at once.
    """

    def __init__(self, client: AsyncClient, model: Model, opened: OpenRun, *, streams: bool = True) -> None:
        super().__init__(model, opened, streams=streams)
        self._client = client
        self._stream: AsyncChatStream | None = None

    def __aiter__(self) -> AsyncIterator[RunEvent]:
        return self

    async def __anext__(self) -> RunEvent:
        try:
            while not self._over:
                event = await (self._go_on() if self._stream is None else self._read(self._stream))
                if event is not None:
                    return event
        except BaseException:
            self.close()
            raise
        raise StopAsyncIteration

    @property
    async def text(self) -> AsyncIterator[str]:
        """The words for people of all answers, piece by piece."""
        texts = RunTexts()
        async for event in self:
            if piece := texts.pick(event):
                yield piece

    async def to_end(self) -> RunResult:
        """Go on to the end."""
        async for _ in self:
            pass
        return self.result

    def close(self) -> None:
        """Go no further: the connection is closed at once."""
        self._over = True
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
        self._steps.close()

    async def aclose(self) -> None:
        """As `close`, for code that expects to await it."""
        self.close()

    async def __aenter__(self) -> AsyncRunStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if self._forgotten():
            self.close()
            warn_forgotten(self)

    async def _go_on(self) -> RunEvent | None:
        """Carry out one step."""
        step = self._next()
        if step is None:
            self.close()
            return None
        if type(step) is Show:
            return step.event
        try:
            self._answer = await _CARRIED_OUT[type(step)](self, step)
        except Error as error:
            self._failure = error
        return None

    async def _read(self, stream: AsyncChatStream) -> RunEvent | None:
        """The next event of an answer."""
        try:
            return await anext(stream)
        except StopAsyncIteration:
            self._answer = stream.response
        except Error as error:
            self._failure = error
        self._stream = None
        return None

    async def _ask(self, step: AskModel) -> Any:
        options = self._opened.chat_options(step)
        if not self._streams:
            return await self._client.chat(self._model, step.messages, **options)
        self._stream = self._client.stream(self._model, step.messages, **options)
        return None

    async def _now(self, step: Now) -> tuple[float, float]:
        clock = self._client.clock
        return clock.wall(), clock.mono()


async def _told(hook: Callable[[Any], Any] | None, about: Any) -> Any:
    """What a hook says; None where there is none."""
    said = None if hook is None else hook(about)
    return await said if isawaitable(said) else said


async def _run_tools(step: RunTools) -> tuple[Ended, ...]:
    """Call tools at the same time; whoever is cancelled here cancels them, and waits until they are over."""
    tasks = [
        asyncio.create_task(_ended(use, seconds))
        for use, seconds in zip(step.uses, step.timeouts, strict=True)
    ]
    try:
        return tuple(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def _ended(use: ToolUse, seconds: float | None) -> Ended:
    bound = asyncio.timeout(seconds)
    try:
        async with bound:
            value = await use.tool.call(use) if use.tool.is_async else await _on_a_thread(use)
            return Ended(await value if isawaitable(value) else value)
    except TimeoutError as error:
        if seconds is not None and bound.expired():
            return Ended(None, late(use.name, seconds))
        return Ended(None, error)
    except Exception as error:
        return Ended(None, error)


def _on_a_thread(use: ToolUse) -> asyncio.Future[Any]:
    """A function that blocks runs on a thread of its own: the loop goes on.

    Nobody can end it; where it is not waited for any more, it goes on to its end, and that is all.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def settle(set_to: Callable[[Any], None], what: Any) -> None:
        if not future.done():
            set_to(what)

    def tell(set_to: Callable[[Any], None], what: Any) -> None:
        try:
            loop.call_soon_threadsafe(settle, set_to, what)
        except RuntimeError:
            return  # the loop is closed: nobody waits

    def work() -> None:
        try:
            value = context.run(use.tool.call, use)
        except BaseException as error:
            tell(future.set_exception, error)
        else:
            tell(future.set_result, value)

    threading.Thread(target=work, name=f"baimo-tool-{use.name}", daemon=True).start()
    return future


_CARRIED_OUT: dict[type, Callable[[AsyncRunStream, Any], Coroutine[Any, Any, Any]]] = {
    Now: AsyncRunStream._now,
    AskModel: AsyncRunStream._ask,
    AskApproval: lambda run, step: _told(run._opened.approve, step.use),
    TellBefore: lambda run, step: _told(run._opened.before_tool, step.use),
    RunTools: lambda run, step: _run_tools(step),
    TellAfter: lambda run, step: _told(run._opened.after_tool, step.run),
    TellStep: lambda run, step: _told(run._opened.on_step, step.step),
}
