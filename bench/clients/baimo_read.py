"""Baimo with everything on, and an exporter that reads of every span what one over the network would."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from . import baimo_attached


class ReadingExporter(InMemorySpanExporter):
    """Reads, and keeps the spans as its parent does."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0
        """Attributes so far."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            self.read += _reading(span)
        return super().export(spans)


def _reading(span: ReadableSpan) -> int:
    """Reads all of it; how many attributes it has."""
    for context in (span.get_span_context(), span.parent):
        if context is not None:
            _ = context.trace_id, context.span_id, context.trace_state, context.is_remote
    _ = span.name, span.kind, span.start_time, span.end_time, span.resource, span.instrumentation_scope
    _ = span.status.status_code, span.status.description, span.links
    _ = span.dropped_attributes, span.dropped_events, span.dropped_links
    for event in span.events:
        _ = event.name, event.timestamp, dict(event.attributes or {})
    return len(dict(span.attributes or {}))


class Sync(baimo_attached.Sync):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url, exporter=ReadingExporter)


class Async(baimo_attached.Async):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url, exporter=ReadingExporter)
