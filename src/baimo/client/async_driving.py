"""Carries out the steps of a call on asyncio. The same table as the blocking driver, awaited."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from baimo.cache.protocol import AsyncAnswerCache
from baimo.errors import Error, ProviderError, TransportError
from baimo.exchange import Exchange
from baimo.limiting.protocol import AsyncLimiter
from baimo.steps import Dice, Emit, Keep, Look, Now, Read, Reserve, Send, Settle, Shared, Step, Wait
from baimo.transports.protocol import AsyncReply, AsyncTransport
from baimo.types.limits import Receipt

from .async_sharing import AsyncSharedResults
from .clock import REAL_CLOCK, Clock
from .driving import FREE, DriverBase, OnRetry
from .resting import AsyncRests


class AsyncServices:
    """What a driver needs of the world; one a client."""

    __slots__ = ("cache", "clock", "limiter", "on_retry", "rests", "shared", "transport")

    def __init__(
        self,
        transport: AsyncTransport,
        on_retry: OnRetry | None = None,
        clock: Clock = REAL_CLOCK,
        limiter: AsyncLimiter | None = None,
        cache: AsyncAnswerCache | None = None,
        rests: AsyncRests | None = None,
    ) -> None:
        self.transport = transport
        self.on_retry = on_retry
        self.clock = clock
        self.limiter = limiter
        self.cache = cache
        self.rests = rests or AsyncRests(clock)
        self.shared = AsyncSharedResults(clock.mono)


class AsyncDriver(DriverBase):
    """Drives one call: `advance` gives the events of each Emit in turn, `finish` hands all of them on."""

    __slots__ = ()
    _reply: AsyncReply | None
    _services: AsyncServices

    def finish(self, take: Callable[[list[Any]], None]) -> Coroutine[Any, Any, object]:
        """Drive the call to its end (`outcome` is set then); `take` is given the events of each Emit."""
        return self.advance(take)

    async def advance(self, take: Callable[[list[Any]], None] | None = None) -> list[Any] | None:
        """The next events, or None when the call ended well (`outcome` is set then).

        Whatever goes wrong, cancellation included, has closed the connection before it is raised.
        """
        steps = self._steps
        try:
            step = steps.send(None)
            while True:
                if type(step) is Emit:
                    if step.raw is not None:
                        self.raw.append(step.raw)
                    if take is None:
                        return step.events
                    take(step.events)
                    step = steps.send(None)
                    continue
                try:
                    if type(step) is Read and self._reply is not None:
                        answer: Any = await self._reply.read(step.within_s)
                    elif type(step) is Send:
                        self._done_with_reply()
                        self._reply = await self._services.transport.open(
                            step.wire,
                            connect_s=step.connect_s,
                            head_s=step.head_s,
                        )
                        answer = self._reply.head
                    else:
                        answer = _CARRIED_OUT[type(step)](self, step)
                        if type(step) in _AWAITED:
                            answer = await answer
                except Error as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as done:
            self.outcome = done.value
            self._done_with_reply()
            return None
        except ProviderError:
            self._done_with_reply()
            self._let_go()
            raise
        except BaseException:
            self.abort()
            raise

    def _misplaced(self, step: Step) -> None:
        raise TransportError("there is no reply to read")

    async def _wait(self, step: Wait) -> None:
        self._done_with_reply()
        if step.why is not None and self._services.on_retry is not None:
            self._services.on_retry(step.why)
        await self._services.rests.rest(step.seconds)

    async def _share(self, step: Shared) -> Any:
        return await self._services.shared.get(step, lambda: run(step.make(), self._services))

    async def _reserve(self, step: Reserve) -> Receipt:
        self._done_with_reply()
        limiter = self._services.limiter
        if limiter is None:
            return FREE
        self._held = await limiter.reserve(step)
        return self._held

    async def _settle(self, step: Settle) -> None:
        if self._held is not None and self._services.limiter is not None:
            await self._services.limiter.settle(step.receipt, step.settlement)
            self._held = None

    async def _look(self, step: Look) -> bytes | None:
        cache = self._services.cache
        if cache is None:
            return None
        found = await cache.look(step)
        self._looked = step.key if found is None else None
        return found

    async def _keep(self, step: Keep) -> None:
        if self._looked is not None and self._services.cache is not None:
            self._looked = None  # `keep` ends what `look` began, also where it fails
            await self._services.cache.keep(step)


async def run(steps: Exchange, services: AsyncServices) -> Any:
    """Drive a generator that emits nothing, and return what it returned."""
    driver = AsyncDriver(steps, services)
    while await driver.advance() is not None:
        pass
    return driver.outcome


_CARRIED_OUT: dict[type, Callable[[AsyncDriver, Any], Any]] = {
    Send: AsyncDriver._misplaced,
    Read: AsyncDriver._misplaced,
    Wait: AsyncDriver._wait,
    Now: AsyncDriver._now,
    Dice: AsyncDriver._dice,
    Shared: AsyncDriver._share,
    Reserve: AsyncDriver._reserve,
    Settle: AsyncDriver._settle,
    Look: AsyncDriver._look,
    Keep: AsyncDriver._keep,
}
_AWAITED = frozenset({Wait, Shared, Reserve, Settle, Look, Keep})
