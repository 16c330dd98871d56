"""The quick way for spans: ended ones are given to the processors of OpenTelemetry's own SDK.

A call is told of when it is over, so nothing is gained by spans that can still be written to, and most of
what the SDK takes for a span goes into making it so. This way makes what its exporters read at once. It is
taken only where nobody could tell the difference: with the SDK's own tracer and processors, a sampler that
takes all, and no limits that would cut anything. Otherwise, and where the SDK looks different inside, `quick`
gives None.
"""

from __future__ import annotations

import logging
import sys
from random import getrandbits
from types import MappingProxyType
from typing import Any

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY as SUPPRESSED
from opentelemetry.context import Context, attach, detach, set_value
from opentelemetry.trace import (
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    get_current_span,
)

from .tree import CallTree, Span

_log = logging.getLogger("opentelemetry.sdk.trace.export")
_INTERNAL, _CLIENT = SpanKind.INTERNAL, SpanKind.CLIENT
_UNSET = Status()
_QUIET = set_value(SUPPRESSED, True, Context())
_RANDOM = getattr(TraceFlags, "RANDOM_TRACE_ID", 0)
_ENOUGH = 64
"""No span of ours has as many attributes or events that a limit of this would cut."""


def quick(tracer: Tracer) -> QuickSpans | None:
    """The quick way for a tracer, or None where it must not be taken."""
    sdk = sys.modules.get("opentelemetry.sdk.trace")
    if sdk is None or type(tracer) is not sdk.Tracer:
        return None
    from opentelemetry.sdk.trace import sampling

    inside: Any = tracer
    if getattr(inside, "sampler", None) not in (sampling.ALWAYS_ON, sampling.DEFAULT_ON):
        return None
    if type(getattr(inside, "_tracer_metrics", None)).__name__ not in ("NoOpTracerMetrics", "NoneType"):
        return None
    if not _wide(getattr(inside, "_span_limits", None)) or not hasattr(inside, "_instrumentation_scope"):
        return None
    return QuickSpans(inside, always=inside.sampler is sampling.ALWAYS_ON)


def _wide(limits: Any) -> bool:
    """Whether these limits cut nothing of what we make."""
    if limits is None:
        return False
    lengths = (getattr(limits, name, None) for name in ("max_attribute_length", "max_span_attribute_length"))
    counts = (
        getattr(limits, name, 0) for name in ("max_span_attributes", "max_events", "max_event_attributes")
    )
    return all(length is None for length in lengths) and all(
        count is None or count >= _ENOUGH for count in counts
    )


class QuickSpans:
    """Makes ended spans for one tracer of the SDK."""

    def __init__(self, tracer: Any, *, always: bool) -> None:
        from opentelemetry.sdk.trace import Event, ReadableSpan, export
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

        self._tracer = tracer
        self._always = always
        self._span_kind, self._event_kind = ReadableSpan, Event
        self._simple = export.SimpleSpanProcessor
        self._plain = {export.SimpleSpanProcessor, export.BatchSpanProcessor}
        self._checked: Any = None
        self._together: tuple[Any, ...] = ()
        """Processors that take all spans of a call at once."""
        self._singly: tuple[Any, ...] = ()
        self._scope = tracer._instrumentation_scope
        self._info = tracer.instrumentation_info
        self._resource = tracer.resource
        self._ids = tracer.id_generator
        self._draws = type(self._ids) is RandomIdGenerator
        random = getattr(self._ids, "is_trace_id_random", None)
        self._own_flags = TraceFlags(TraceFlags.SAMPLED | (_RANDOM if random is not None and random() else 0))
        self._enabled = getattr(tracer, "_is_enabled", None)

    def takes(self) -> bool:
        """Whether the quick way may be taken now: the user can add processors at any time."""
        if self._enabled is not None and not self._enabled():
            return False
        processors = getattr(self._tracer.span_processor, "_span_processors", None)
        if processors is not self._checked:
            if processors is None or not {type(one) for one in processors} <= self._plain:
                return False
            self._checked = processors
            self._together = tuple([one for one in processors if self._is_silent(one)])
            self._singly = tuple([one for one in processors if one not in self._together])
        return processors is not None

    def _is_silent(self, processor: Any) -> bool:
        """Whether a processor does no more than hand each span to its exporter."""
        counts = type(getattr(processor, "_metrics", None)).__name__
        return type(processor) is self._simple and counts.startswith("No")

    def emit(self, tree: CallTree, parent: Context) -> None:
        """Gives the spans of a call to the processors, attempts first, as they would end."""
        above: SpanContext | None = get_current_span(parent).get_span_context() if parent else None
        if above is None or not above.is_valid:
            above = None
            trace = (self._draws and getrandbits(128)) or self._ids.generate_trace_id()
            flags, state = self._own_flags, None
        else:
            if not (self._always or above.trace_flags.sampled):
                return
            trace, state = above.trace_id, above.trace_state
            flags = TraceFlags(TraceFlags.SAMPLED | (above.trace_flags & _RANDOM))
        call = SpanContext(trace, self._drawn(), False, flags, state)
        made = []
        for attempt in tree.attempts:
            own = SpanContext(trace, self._drawn(), False, flags, state)
            made.append(self._span(attempt, own, call, _INTERNAL))
        made.append(self._span(tree.call, call, above, _INTERNAL if tree.in_process else _CLIENT))
        if self._together:
            _hand_over(self._together, made, parent)
        for processor in self._singly:
            for span in made:
                processor.on_end(span)

    def _drawn(self) -> int:
        """The id of a span."""
        return (self._draws and getrandbits(64)) or self._ids.generate_span_id()

    def _span(self, span: Span, context: SpanContext, parent: SpanContext | None, kind: SpanKind) -> Any:
        events: Any = ()
        if span.events:
            events = [
                self._event_kind(event.name, MappingProxyType(event.attributes), event.at_ns)
                for event in span.events
            ]
        return self._span_kind(
            span.name,
            context,
            parent,
            self._resource,
            MappingProxyType(span.attributes),
            events,
            (),
            kind,
            self._info,
            _UNSET if span.failure is None else Status(StatusCode.ERROR, span.failure),
            span.start_ns,
            span.end_ns,
            self._scope,
        )


def _hand_over(processors: tuple[Any, ...], spans: list[Any], parent: Context) -> None:
    """What the processors would do with each span for itself, done once for all: an exporter takes several.

    An exporter's own requests are not traced, and its failures are told to the log.
    """
    token = attach(set_value(SUPPRESSED, True, parent) if parent else _QUIET)
    try:
        for processor in processors:
            if processor._shutdown:
                processor.on_end(spans[-1])
                continue
            try:
                processor.span_exporter.export(spans)
            except Exception as error:
                _tell(error)
    finally:
        detach(token)


def _tell(error: Exception) -> None:
    """What the SDK says of an exporter that fails."""
    _log.error("Exception while exporting Span.", exc_info=error)
