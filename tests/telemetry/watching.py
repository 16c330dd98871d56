"""OpenTelemetry's own SDK, keeping in memory what it is told."""

from __future__ import annotations

from typing import Any

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from baimo.telemetry.otel import OpenTelemetry
from baimo.types.record import CallRecord, Content


class Watching:
    """An observer with a provider of its own. `by_api`: it must not take the quick way."""

    def __init__(self, *, by_api: bool = False, content: bool = False, **provider: Any) -> None:
        self.kept = InMemorySpanExporter()
        self.provider = TracerProvider(**provider)
        self.provider.add_span_processor(SimpleSpanProcessor(self.kept))
        self.observer = OpenTelemetry(
            tracer_provider=self.provider, meter_provider=NoOpMeterProvider(), content=content
        )
        if by_api:
            self.observer._quick = None

    def tell(self, call: CallRecord, content: Content | None = None) -> tuple[ReadableSpan, ...]:
        """The spans of one call, its own first, then those of its attempts."""
        self.kept.clear()
        self.observer.ended(call, self.observer.began(), content)
        spans = self.kept.get_finished_spans()
        return (*spans[-1:], *spans[:-1])


class Measuring:
    """An observer that only measures."""

    def __init__(self) -> None:
        self.reader = InMemoryMetricReader()
        self.observer = OpenTelemetry(meter_provider=MeterProvider(metric_readers=[self.reader]))

    def points(self, *calls: CallRecord) -> dict[str, list[Any]]:
        """The points of each metric after those calls."""
        for call in calls:
            self.observer.ended(call, self.observer.began(), None)
        data = self.reader.get_metrics_data()
        if data is None:
            return {}
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }
