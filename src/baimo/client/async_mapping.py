"""Many calls at once on asyncio, answered in order, with bounded memory and no task per input."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

from .mapping import check_concurrency

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 4


def run_all(
    call: Callable[[T], Awaitable[R]], inputs: Iterable[T] | AsyncIterable[T], concurrency: int
) -> AsyncIterator[R]:
    """`call` for each input, `concurrency` at a time; results in the order of the inputs.

    Inputs are taken only as they are needed; an error of `call` or of the inputs ends the iteration,
    and leaving it cancels what is under way.
    """
    check_concurrency(concurrency)
    return _run(call, _source(inputs), concurrency)


async def _run(
    call: Callable[[T], Awaitable[R]], source: AsyncIterator[T], concurrency: int
) -> AsyncIterator[R]:
    taking = asyncio.Lock()
    room = asyncio.Semaphore(_AHEAD * concurrency)
    results: asyncio.Queue[asyncio.Future[R] | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    over = False

    async def work() -> None:
        nonlocal over
        while True:
            await room.acquire()
            place: asyncio.Future[R] = loop.create_future()
            async with taking:
                if over:
                    return
                try:
                    one = await anext(source)
                except StopAsyncIteration:
                    over = True
                    results.put_nowait(None)
                    return
                except Exception as error:
                    over = True
                    place.set_exception(error)
                    results.put_nowait(place)
                    return
                results.put_nowait(place)
            try:
                place.set_result(await call(one))
            except Exception as error:
                place.set_exception(error)

    workers = [loop.create_task(work()) for _ in range(concurrency)]
    try:
        while (place := await results.get()) is not None:
            yield await place
            room.release()
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _source(inputs: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    if isinstance(inputs, AsyncIterable):
        async for one in inputs:
            yield one
    else:
        for one in inputs:
            yield one
