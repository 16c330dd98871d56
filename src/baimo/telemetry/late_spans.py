"""Spans of OpenTelemetry's SDK that are written when somebody reads them.

A span of a call that is over follows from its record, its ids and its place, and none of these changes any
more. So a call leaves behind spans that hold no more than that, and the first who asks one of them for
anything writes it: an exporter that sends in batches does so in a thread of its own, and one that looks at
nothing never does.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import msgspec
from opentelemetry.sdk.trace import Event, ReadableSpan, Tracer
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from baimo.types.record import LateRecord

from .attributes import Attributes
from .sdk_spans import RANDOM, SPAN_BITS, TRACE_BITS
from .tree import Span, Trees

_TRACE, _SPAN = (1 << TRACE_BITS) - 1, (1 << SPAN_BITS) - 1
_UNSET = Status()


class Told(msgspec.Struct, frozen=True, gc=False):
    """What all spans of one call are written from."""

    writer: Writer
    late: LateRecord
    said: Attributes
    chance: int
    """All that was drawn: the id of the trace, then, above its 128 bits, 64 for each span."""
    above: SpanContext | None
    """What was current when the call began; None where nothing was."""

    def context(self, number: int) -> SpanContext:
        """The context of one of its spans: of an attempt, or of the call, which is 0."""
        span = self.chance >> TRACE_BITS + SPAN_BITS * number & _SPAN or number + 1
        above = self.above
        if above is None:
            return SpanContext(self.chance & _TRACE or 1, span, False, self.writer.flags)
        flags = TraceFlags(TraceFlags.SAMPLED | (above.trace_flags & RANDOM))
        return SpanContext(above.trace_id, span, False, flags, above.trace_state)


class LateSpan(ReadableSpan):
    """A span that is over and not yet written; what the SDK's own kind keeps is there once it is asked for.

    Several threads may read it at once: the first to keep a field decides for all. What somebody else has set
    stays.
    """

    __slots__ = ("_attempt", "_told")
    _told: Told | None
    """None as soon as all is written: the record is not kept any longer."""
    _attempt: int
    """The number of the attempt; 0 is the call itself."""

    __init__ = object.__init__
    """Nothing is kept yet. Whoever makes one sets the two, which costs less than giving them here."""

    def __getattr__(self, name: str) -> Any:
        """Writes what is not there yet; called for that only."""
        if name in LateSpan.__slots__:  # a copy that is being made
            raise AttributeError(name)
        told = self._told
        if told is not None:
            own = self.__dict__
            if name == "_context":  # processors look at it before they hand a span on
                return own.setdefault(name, told.context(self._attempt))
            place = own.get("_context") or told.context(self._attempt)
            written = told.writer.write(told, self._attempt, place)
            for field, value in vars(written).items():
                own.setdefault(field, value)
            self._told = None
        return object.__getattribute__(self, name)


class Writer:
    """Writes the spans of one tracer. Holds neither that nor its processors, which may hold its spans."""

    def __init__(self, tracer: Tracer, flags: TraceFlags) -> None:
        self.flags = flags
        """Of traces that begin with us."""
        self._trees = Trees()
        self._resource = tracer.resource
        self._info = tracer.instrumentation_info
        self._scope = tracer._instrumentation_scope

    def write(self, told: Told, attempt: int, context: SpanContext) -> ReadableSpan:
        """The span of the call, or of that attempt of it, all of it."""
        call = told.late.record()
        if attempt:
            plain = self._trees.attempt(call, attempt)
            return self._written(plain, context, told.context(0), SpanKind.INTERNAL)
        plain = self._trees.call(call, told.said)
        kind = SpanKind.INTERNAL if self._trees.is_in_process(call) else SpanKind.CLIENT
        return self._written(plain, context, told.above, kind)

    def _written(
        self, plain: Span, context: SpanContext, parent: SpanContext | None, kind: SpanKind
    ) -> ReadableSpan:
        events: Any = ()
        if plain.events:
            events = [Event(one.name, MappingProxyType(one.attributes), one.at_ns) for one in plain.events]
        return ReadableSpan(
            plain.name,
            context,
            parent,
            self._resource,
            MappingProxyType(plain.attributes),
            events,
            (),
            kind,
            self._info,
            _UNSET if plain.failure is None else Status(StatusCode.ERROR, plain.failure),
            plain.start_ns,
            plain.end_ns,
            self._scope,
        )
