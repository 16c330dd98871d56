"""Calls of a simulator that are recorded, by either driver, for tests of what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from baimo.client.async_driving import AsyncDriver, AsyncServices
from baimo.client.driving import Driver, Services
from baimo.client.request import build
from baimo.config.services import RecordSettings
from baimo.errors import Error
from baimo.exchange import Deployment
from baimo.limiting.protocol import Limiter
from baimo.operations import ChatOperation
from baimo.plan import plan
from baimo.resilience.timing import TimeLimits
from baimo.rules import NO_RULES
from baimo.testing import Simulator
from baimo.transports.protocol import AsyncTransport, Transport
from baimo.transports.recorder import CallRecorder, Recorder
from baimo.types.record import AttemptRecord, CallRecord, Decision, Outcome

ID = "0199d5a0c0de7000800000000000abcd"


class Recorded(msgspec.Struct, kw_only=True):
    """What the caller got while it was recorded."""

    path: Path
    events: list[Any]
    times: list[float]
    error: Error | None
    outcome: Outcome
    took_s: float


class Watching:
    """Collects attempts and choices, as a client does for its records."""

    mono = None

    def __init__(self) -> None:
        self.attempts: list[AttemptRecord] = []
        self.decisions: list[Decision] = []

    def attempt(self, at: Deployment, now: float, *, waited_s: float) -> None:
        self.attempts.append(
            AttemptRecord(
                provider=at.provider,
                endpoint=at.endpoint,
                model=at.model,
                dialect=at.dialect.name,
                address=at.site.base_url,
                key=at.key,
                began_s=now,
                outcome="answered",
            )
        )

    def first(self, now: float) -> None:
        """Nothing is needed of it."""

    def failed(self, error: Error, now: float, *, billed: bool) -> None:
        last = self.attempts.pop()
        self.attempts.append(msgspec.structs.replace(last, outcome="failed", error=error.code))

    def answered(self, now: float) -> None:
        """Nothing is needed of it."""

    def whole(self, now: float) -> None:
        """Nothing is needed of it."""

    def decided(self, decision: Decision) -> None:
        self.decisions.append(decision)

    def queued(self, seconds: float) -> None:
        """Nothing is needed of it."""


class Caller:
    """One call to a simulator; `leave_after` lets the caller go after so many times of being given events."""

    def __init__(self, sim: Simulator, folder: Path, *models: str, id: str = ID, **options: Any) -> None:
        self.sim = sim
        self.leave_after: int | None = options.pop("leave_after", None)
        stream = options.pop("stream", True)
        endpoints = options.pop("endpoints", {})
        limits = options.pop("limits", None)
        rules = options.pop("rules", NO_RULES)
        self.watch = Watching()
        self.client = sim.client(endpoints=endpoints, **options.pop("client", {}))
        clock = self.clock = options.pop("clock", sim.clock)
        self.recorder = Recorder(RecordSettings(folder=str(folder)), mono=clock.mono, wall=clock.wall)
        self.call: CallRecorder = self.recorder.call(id)
        messages = options.pop("messages", "Say hello to the world.")
        route = self.client.settings.resolve(list(models))
        request, _ = build(messages, options, stream=stream, model=route[0][0].model)
        each = limits or [TimeLimits() for _ in route]
        retry = self.client._retry
        self.call.began("chat", request, route, retry=retry, limits=each, streamed=stream, rules=rules)
        rules = msgspec.structs.replace(rules, watch=self.watch)
        rules = self.call.rules(rules)
        steps = plan(ChatOperation(request), route, retry=retry, limits=each, rules=rules)
        self.steps = self.call.watch(steps)
        self.began = clock.mono()
        self.events: list[Any] = []
        self.times: list[float] = []

    def take(self, events: list[Any]) -> None:
        self.events += events
        self.times.append(self.clock.mono() - self.began)

    def left(self) -> bool:
        return self.leave_after is not None and len(self.times) >= self.leave_after

    def done(self, error: Error | None) -> Recorded:
        outcome: Outcome = "answered"
        if self.left():
            outcome = "cancelled"
        elif error is not None:
            outcome = "interrupted" if self.events else "failed"
        record = call_record(self.call.id, outcome, error)
        watch = self.watch
        self.call.ended(
            msgspec.structs.replace(record, attempts=tuple(watch.attempts), decisions=tuple(watch.decisions))
        )
        self.client.close()
        return Recorded(
            path=self.call.path,
            events=self.events,
            times=self.times,
            error=error,
            outcome=outcome,
            took_s=self.clock.mono() - self.began,
        )


def call_record(id: str, outcome: Outcome, error: Error | None = None) -> CallRecord:
    """A record of a call, as little of it as there may be."""
    return CallRecord(
        id=id,
        operation="chat",
        at=1_767_225_600.0,
        took_s=1.0,
        asked=("openai/gpt-5",),
        outcome=outcome,
        error=None if error is None else error.code,
        message=None if error is None else error.message,
    )


def recorded(
    sim: Simulator,
    folder: Path,
    *models: str,
    limiter: Limiter | None = None,
    inner: Transport | None = None,
    **options: Any,
) -> Recorded:
    """A recorded call by the blocking driver."""
    caller = Caller(sim, folder, *models, **options)
    transport = caller.call.transport(inner or sim.transport)
    driver = Driver(caller.steps, Services(transport, clock=caller.clock, limiter=limiter))
    try:
        while not caller.left() and (events := driver.advance()) is not None:
            caller.take(events)
    except Error as error:
        return caller.done(error)
    driver.abort()
    return caller.done(None)


async def arecorded(
    sim: Simulator, folder: Path, *models: str, inner: AsyncTransport | None = None, **options: Any
) -> Recorded:
    """A recorded call by the asynchronous driver."""
    caller = Caller(sim, folder, *models, **options)
    transport = caller.call.async_transport(inner or sim.async_transport)
    driver = AsyncDriver(caller.steps, AsyncServices(transport, clock=caller.clock))
    try:
        while not caller.left() and (events := await driver.advance()) is not None:
            caller.take(events)
    except Error as error:
        return caller.done(error)
    driver.abort()
    return caller.done(None)
