"""Calls as spans and metrics of OpenTelemetry, by its GenAI conventions."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from baimo.errors import MissingExtraError
from baimo.types.record import CallRecord, Content, LateObserver, LateRecord, Ready

try:
    from opentelemetry import context, metrics, trace
except ImportError:
    raise MissingExtraError(
        "spans and metrics need the package opentelemetry-api",
        hint="Install it: pip install 'baimo[opentelemetry]'",
    ) from None

from . import api_spans
from .attributes import Attributes
from .content import content_attributes
from .metrics import Metrics
from .names import SCHEMA
from .sdk_spans import QuickSpans, current_context, quick
from .tree import Trees

_NOWHERE = context.Context()
_NOTHING: Attributes = {}
_KINDS = ("METER", "TRACER")
_METRICS: Any = getattr(metrics, "_internal", None)
"""Where the API keeps the provider that the program has set."""


class OpenTelemetry(LateObserver):
    """An observer that makes one span of every call, one below it of every attempt, and three histograms.

    Without providers it uses those that the program has set for the process, also when it sets them later;
    while none is set, nothing is done. What the providers keep is exported and flushed by whoever made them.
    """

    def __init__(
        self,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
        content: bool = False,
    ) -> None:
        """`content`: put prompts, replies and tools into the span of the call."""
        self.wants_content = content
        self.began: Callable[[], Any] = current_context()
        """A call begins: what is current now will be the parent of its span. Nothing is attached to it."""
        self._trees = Trees()
        self._tracer: trace.Tracer | None = None
        self._quick: QuickSpans | None = None
        self._metrics: Metrics | None = None
        self._names_providers = any(f"OTEL_PYTHON_{kind}_PROVIDER" in os.environ for kind in _KINDS)
        self._asks_for_meters = self._names_providers or not hasattr(_METRICS, "_METER_PROVIDER")
        if tracer_provider is not None:
            self._trace_with(tracer_provider)
        self._measures_late = meter_provider is None
        if meter_provider is not None and not isinstance(meter_provider, metrics.NoOpMeterProvider):
            self._measure_with(meter_provider)

    def ended(self, call: CallRecord, began: Any, content: Content | None) -> None:
        """The call is over: its spans are handed over now, with the times at which things happened."""
        self.over(Ready(call), began, content)

    def over(self, late: LateRecord, began: Any, content: Content | None) -> None:
        """The same for a call whose record is not made yet: spans that nobody reads do not ask for it."""
        if self._metrics is not None or (
            self._measures_late and (self._asks_for_meters or _METRICS._METER_PROVIDER is not None)
        ):
            self._measure(late.record(), began)
        quickly = self._quick
        if content is not None or quickly is None or not quickly.emit(late, _NOTHING, began):
            self._trace(late, began, content)

    def _measure(self, call: CallRecord, began: Any) -> None:
        measure = self._metrics or self._late_metrics()
        if measure is not None:
            measure.record(call, began or _NOWHERE)

    def _trace(self, late: LateRecord, began: Any, content: Content | None) -> None:
        """The spans of a call that could not be handed over just so."""
        tracer = self._tracer or self._late_tracer()
        if tracer is None:
            return
        said = _NOTHING
        if content is not None and self.wants_content:
            said = content_attributes(content)
        quickly = self._quick
        if quickly is None or not quickly.emit(late, said, began):
            api_spans.emit(tracer, self._trees(late.record(), said), began or _NOWHERE)

    def _trace_with(self, provider: trace.TracerProvider) -> trace.Tracer:
        tracer = self._tracer = provider.get_tracer("baimo", _version(), schema_url=SCHEMA)
        self._quick = quick(tracer)
        return tracer

    def _measure_with(self, provider: metrics.MeterProvider) -> Metrics:
        made = self._metrics = Metrics(provider.get_meter("baimo", _version(), schema_url=SCHEMA))
        return made

    def _late_tracer(self) -> trace.Tracer | None:
        """A tracer of the provider that the program has set by now."""
        if not self._names_providers and getattr(trace, "_TRACER_PROVIDER", trace) is None:
            return None  # it is plain that none was set: asking for one looks into the environment
        provider = trace.get_tracer_provider()
        return None if type(provider) is trace.ProxyTracerProvider else self._trace_with(provider)

    def _late_metrics(self) -> Metrics | None:
        provider = metrics.get_meter_provider()
        if type(provider).__name__ == "_ProxyMeterProvider":  # the API gives it no public name
            return None
        return self._measure_with(provider)

    def close(self) -> None:
        """Everything has been handed over; flushing is the business of whoever made the providers."""


def _version() -> str | None:
    """Ours; None where a program was packed without what tells of its packages."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("baimo")
    except PackageNotFoundError:
        return None
