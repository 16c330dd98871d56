"""The observers that the table `[telemetry]` asks for."""

from __future__ import annotations

from baimo.config.services import TelemetrySettings
from baimo.types.record import Observer


def make_observers(settings: TelemetrySettings) -> tuple[Observer, ...]:
    """New observers for one client. Raises MissingExtraError where a package is not installed."""
    found: list[Observer] = []
    if settings.opentelemetry:
        from .otel import OpenTelemetry

        found.append(OpenTelemetry(content=settings.content))
    if settings.prometheus:
        from .prometheus import Prometheus

        found.append(Prometheus())
    if settings.log != "off":
        from .log import Logging

        found.append(Logging(level=settings.log, content=settings.content))
    return tuple(found)
