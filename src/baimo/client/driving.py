"""Carries out the steps of a call on blocking transports. No policy: it decides nothing."""

from __future__ import annotations

import random
from _thread import get_ident
from collections.abc import Callable
from typing import Any

from baimo.cache.protocol import AnswerCache
from baimo.errors import Error, ProviderError, TransportError
from baimo.exchange import Exchange, Outcome
from baimo.limiting.protocol import Limiter
from baimo.steps import Dice, Emit, Keep, Look, Now, Read, Reserve, Retrying, Send, Settle, Shared, Wait
from baimo.transports.failure import call_aborted
from baimo.transports.protocol import Reply, Transport
from baimo.types.limits import Receipt

from .clock import REAL_CLOCK, Clock
from .resting import Rests
from .sharing import SharedResults

OnRetry = Callable[[Retrying], None]


class Services:
    """What a driver needs of the world; one a client."""

    __slots__ = ("cache", "clock", "limiter", "on_retry", "rests", "shared", "transport")

    def __init__(
        self,
        transport: Transport,
        on_retry: OnRetry | None = None,
        clock: Clock = REAL_CLOCK,
        limiter: Limiter | None = None,
        cache: AnswerCache | None = None,
        rests: Rests | None = None,
    ) -> None:
        self.transport = transport
        self.on_retry = on_retry
        self.clock = clock
        self.limiter = limiter
        self.cache = cache
        self.rests = rests or Rests(clock)
        self.shared = SharedResults(clock.mono)


class DriverBase:
    """What both drivers have: one call, the reply that is open on it, and steps that need no waiting."""

    __slots__ = (
        "_held",
        "_is_over",
        "_looked",
        "_opening",
        "_reply",
        "_services",
        "_steps",
        "outcome",
        "raw",
    )

    def __init__(self, steps: Exchange, services: Any) -> None:
        self._steps = steps
        self._services = services
        self._reply: Any = None
        self._opening = 0
        """The thread that waits for the head of a reply, for a place or for its time; 0 for none."""
        self._is_over = False
        self._held: Receipt | None = None
        """The place within limits that is to be given back."""
        self._looked: str | None = None
        """The key in the cache that this call fetches for."""
        self.outcome: Outcome | None = None
        self.raw: list[bytes] = []

    def wall(self) -> float:
        """The time by the client's clock, in Unix seconds."""
        now: float = self._services.clock.wall()
        return now

    def abort(self) -> None:
        """Close the connection at once, from whatever thread; the call is over."""
        self._is_over = True
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.abort()
        elif self._opening:
            self._abort_opening(self._opening)
        self._steps.close()
        self._let_go()

    def _abort_opening(self, thread: int) -> None:
        """Another thread waits for the head of the reply, or to go on: break that off, where it can be."""
        services = self._services
        for who in (services.transport, services.limiter):
            abort = getattr(who, "abort_opening", None)
            if abort is not None:
                abort(thread, lambda: self._opening == thread)
        services.rests.wake(thread)

    def _done_with_reply(self) -> None:
        """The transport keeps the connection when the whole body was read, else closes it."""
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.close()

    def _now(self, step: Now) -> tuple[float, float]:
        clock: Clock = self._services.clock
        return clock.wall(), clock.mono()

    def _dice(self, step: Dice) -> float:
        return random.random()

    def _let_go(self) -> None:
        """Give back what a call that did not come to its end still holds. Never blocks."""
        if self._held is not None:
            receipt, self._held = self._held, None
            self._services.limiter.release(receipt)
        if self._looked is not None:
            key, self._looked = self._looked, None
            self._services.cache.leave(key)


class Driver(DriverBase):
    """Drives one call: `advance` gives the events of each Emit in turn, `finish` hands all of them on."""

    __slots__ = ()
    _reply: Reply | None
    _services: Services

    def finish(self, take: Callable[[list[Any]], None]) -> None:
        """Drive the call to its end (`outcome` is set then); `take` is given the events of each Emit."""
        self.advance(take)

    def advance(self, take: Callable[[list[Any]], None] | None = None) -> list[Any] | None:
        """The next events, or None when the call ended well (`outcome` is set then).

        Whatever goes wrong has closed the connection before it is raised.
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
                    answer = _CARRIED_OUT[type(step)](self, step)
                except Error as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as done:
            self._done_with_reply()
            if self._is_over:
                raise call_aborted() from None
            self.outcome = done.value
            return None
        except ProviderError:
            self._done_with_reply()
            self._let_go()
            raise
        except BaseException:
            self.abort()
            raise

    def _send(self, step: Send) -> Any:
        if self._reply is not None:
            self._done_with_reply()
        self._opening = get_ident()
        try:
            reply = self._services.transport.open(step.wire, connect_s=step.connect_s, head_s=step.head_s)
        finally:
            self._opening = 0
        self._reply = reply
        if self._is_over:
            self._reply = None
            reply.abort()
            raise call_aborted()
        return reply.head

    def _read(self, step: Read) -> bytes:
        if self._reply is None:
            raise TransportError("there is no reply to read")
        return self._reply.read(step.within_s)

    def _wait(self, step: Wait) -> None:
        self._done_with_reply()
        if step.why is not None and self._services.on_retry is not None:
            self._services.on_retry(step.why)
        if step.seconds > 0:
            self._opening = get_ident()
            try:
                self._services.rests.rest(step.seconds, lambda: self._is_over)
            finally:
                self._opening = 0
        if self._is_over:
            raise call_aborted()

    def _share(self, step: Shared) -> Any:
        return self._services.shared.get(step, lambda: run(step.make(), self._services))

    def _reserve(self, step: Reserve) -> Receipt:
        self._done_with_reply()
        limiter = self._services.limiter
        if limiter is None:
            return FREE
        self._opening = get_ident()
        try:
            self._held = limiter.reserve(step)
        finally:
            self._opening = 0
        if self._is_over:
            self._let_go()
            raise call_aborted()
        return self._held

    def _settle(self, step: Settle) -> None:
        if self._held is not None and self._services.limiter is not None:
            self._services.limiter.settle(step.receipt, step.settlement)
            self._held = None

    def _look(self, step: Look) -> bytes | None:
        cache = self._services.cache
        if cache is None:
            return None
        found = cache.look(step)
        self._looked = step.key if found is None else None
        return found

    def _keep(self, step: Keep) -> None:
        if self._looked is not None and self._services.cache is not None:
            self._looked = None  # `keep` ends what `look` began, also where it fails
            self._services.cache.keep(step)


FREE = Receipt(0)
"""Where nothing keeps limits, every claim is granted."""


def run(steps: Exchange, services: Services) -> Any:
    """Drive a generator that emits nothing, and return what it returned."""
    driver = Driver(steps, services)
    while driver.advance() is not None:
        pass
    return driver.outcome


_CARRIED_OUT: dict[type, Callable[[Driver, Any], Any]] = {
    Send: Driver._send,
    Read: Driver._read,
    Wait: Driver._wait,
    Now: Driver._now,
    Dice: Driver._dice,
    Shared: Driver._share,
    Reserve: Driver._reserve,
    Settle: Driver._settle,
    Look: Driver._look,
    Keep: Driver._keep,
}
