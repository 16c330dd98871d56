"""Hands the tree of a call to any tracer, by the API of OpenTelemetry alone."""

from __future__ import annotations

from opentelemetry.context import Context
from opentelemetry.trace import Span as Recording
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context

from .tree import CallTree, Span


def emit(tracer: Tracer, tree: CallTree, parent: Context) -> None:
    """Starts and ends the spans of a call below what was current when it began. No context is attached."""
    call = _started(tracer, tree.call, parent, SpanKind.INTERNAL if tree.in_process else SpanKind.CLIENT)
    if call.is_recording():
        below = set_span_in_context(call, parent)
        for attempt in tree.attempts:
            _ended(_started(tracer, attempt, below, SpanKind.INTERNAL), attempt)
    _ended(call, tree.call)


def _started(tracer: Tracer, span: Span, parent: Context, kind: SpanKind) -> Recording:
    return tracer.start_span(span.name, parent, kind, span.attributes, start_time=span.start_ns)


def _ended(recording: Recording, span: Span) -> None:
    for event in span.events:
        recording.add_event(event.name, event.attributes, event.at_ns)
    if span.failure is not None:
        recording.set_status(Status(StatusCode.ERROR, span.failure))
    recording.end(span.end_ns)
