"""A call as a tree of spans, in plain values: the call itself, and below it one for every attempt."""

from __future__ import annotations

import msgspec

from baimo.types.record import AttemptRecord, CallRecord

from .attributes import AttemptAttributes, Attributes, CallAttributes
from .names import IN_PROCESS, target
from .redaction import redact


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that happened within a span."""

    name: str
    at_ns: int
    attributes: Attributes


class Span(msgspec.Struct, frozen=True, gc=False):
    """What took time. Times are nanoseconds since 1970."""

    name: str
    attributes: Attributes
    start_ns: int
    end_ns: int
    failure: str | None = None
    """In words; None where nothing went wrong, and where the caller left."""
    events: tuple[Event, ...] = ()


class CallTree(msgspec.Struct, frozen=True, gc=False):
    """One call."""

    call: Span
    attempts: list[Span]
    in_process: bool


class Trees:
    """Makes trees of records, and each span of one by itself."""

    def __init__(self) -> None:
        self._call = CallAttributes()
        self._attempt = AttemptAttributes()

    def __call__(self, call: CallRecord, said: Attributes) -> CallTree:
        """The tree of one call; `said` is laid over the attributes of its span."""
        attempts = [self.attempt(call, number) for number in range(1, len(call.attempts) + 1)]
        return CallTree(self.call(call, said), attempts, self.is_in_process(call))

    def call(self, call: CallRecord, said: Attributes) -> Span:
        """The span of the call itself."""
        start = _start(call)
        name, attributes = self._call(call)
        if said:
            attributes |= said
        end = start + int(call.took_s * 1e9)
        failure = None if call.outcome == "answered" else _failure(call)
        return Span(name, attributes, start, end, failure, _events(call, start))

    def attempt(self, call: CallRecord, number: int) -> Span:
        """The span of one of its attempts; the first is number 1."""
        attempt = call.attempts[number - 1]
        began = _start(call) + int(attempt.began_s * 1e9)
        end = began + int(attempt.took_s * 1e9)
        failure = None if attempt.outcome == "answered" else _failure(attempt)
        attributes = self._attempt(attempt, number, fallback=_is_fallback(call.attempts, number))
        return Span(f"attempt {attempt.model}", attributes, began, end, failure)

    def is_in_process(self, call: CallRecord) -> bool:
        """Whether the model runs in this process."""
        return (call.provider or target(call)[0]) in IN_PROCESS


def _start(call: CallRecord) -> int:
    return int(call.at * 1e9)


def _failure(record: CallRecord | AttemptRecord) -> str | None:
    if record.outcome == "cancelled":
        return None
    return redact(record.message or record.error_type or record.outcome)


def _is_fallback(attempts: tuple[AttemptRecord, ...], number: int) -> bool:
    """Whether an attempt went elsewhere than the one before it."""
    if number == 1:
        return False
    before, this = attempts[number - 2], attempts[number - 1]
    return (before.provider, before.endpoint, before.model, before.key) != (
        this.provider,
        this.endpoint,
        this.model,
        this.key,
    )


def _events(call: CallRecord, start: int) -> tuple[Event, ...]:
    """Choices between deployments, and waits at the time when they began."""
    attempts = call.attempts
    if not call.decisions and (
        not attempts or (len(attempts) == 1 and not attempts[0].queued_s and not attempts[0].waited_s)
    ):
        return ()
    found = [
        Event(
            "baimo.decision",
            start + int(decision.at_s * 1e9),
            {"baimo.strategy": decision.strategy, "baimo.dice": decision.dice, "baimo.order": decision.order},
        )
        for decision in call.decisions
        if len(decision.standings) > 1
    ]
    for number, attempt in enumerate(call.attempts, 1):
        began = start + int(attempt.began_s * 1e9)
        if attempt.waited_s:
            at = began - int((attempt.queued_s + attempt.waited_s) * 1e9)
            found.append(
                Event("baimo.retry", at, {"baimo.attempt": number, "baimo.waited_s": attempt.waited_s})
            )
        if attempt.queued_s:
            at = began - int(attempt.queued_s * 1e9)
            found.append(
                Event("baimo.queue", at, {"baimo.attempt": number, "baimo.queued_s": attempt.queued_s})
            )
        if _is_fallback(call.attempts, number):
            to = f"{attempt.provider}/{attempt.model}"
            found.append(Event("baimo.fallback", began, {"baimo.attempt": number, "baimo.to": to}))
    found.sort(key=_time)
    return tuple(found)


def _time(event: Event) -> int:
    return event.at_ns
