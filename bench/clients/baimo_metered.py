"""Baimo with everything on, and the metrics of OpenTelemetry, which a reader in memory takes."""

from __future__ import annotations

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from . import baimo_attached


class Sync(baimo_attached.Sync):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url, meter_provider=MeterProvider([InMemoryMetricReader()]))


class Async(baimo_attached.Async):
    def __init__(self, base_url: str) -> None:
        super().__init__(base_url, meter_provider=MeterProvider([InMemoryMetricReader()]))
