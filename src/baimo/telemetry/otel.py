"""Calls as spans and metrics of OpenTelemetry, by its GenAI conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baimo.errors import MissingExtraError
from baimo.types.record import CallRecord, Content

from .names import SCHEMA
from .tree import Trees

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Tracer, TracerProvider

    from .metrics import Metrics
    from .sdk_spans import QuickSpans


class OpenTelemetry:
    """An observer that makes one span of every call, one below it of every attempt, and three histograms.

    Without providers it uses those that the program has set for the process, also when it sets them later;
    while none is set, nothing is done. What the providers keep is exported and flushed by whoever made them.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        content: bool = False,
    ) -> None:
        """`content`: put prompts, replies and tools into the span of the call. Raises MissingExtraError."""
        try:
            from opentelemetry import context, metrics, trace
        except ImportError:
            raise MissingExtraError(
                "spans and metrics need the package opentelemetry-api",
                hint="Install it: pip install 'baimo[opentelemetry]'",
            ) from None
        from . import api_spans
        from .content import content_attributes
        from .metrics import Metrics as MakeMetrics

        self.wants_content = content
        self._trees = Trees()
        self._emit = api_spans.emit
        self._content_attributes = content_attributes
        self._nowhere = context.Context()
        self._here = context.get_current
        self._trace = trace
        self._tracer: Tracer | None = None
        self._quick: QuickSpans | None = None
        if tracer_provider is not None:
            self._trace_with(tracer_provider)
        self._meters = metrics
        self._make_metrics = MakeMetrics
        self._metrics: Metrics | None = None
        if meter_provider is not None:
            self._measure_with(meter_provider)

    def _measure_with(self, provider: MeterProvider) -> Metrics:
        made = self._metrics = self._make_metrics(provider.get_meter("baimo", _version(), schema_url=SCHEMA))
        return made

    def _trace_with(self, provider: TracerProvider) -> Tracer:
        from .sdk_spans import quick

        tracer = provider.get_tracer("baimo", _version(), schema_url=SCHEMA)
        self._quick = quick(tracer)
        self._tracer = tracer
        return tracer

    def began(self) -> Any:
        """A call begins: what is current now will be the parent of its span. Nothing is attached to it."""
        return self._here()

    def ended(self, call: CallRecord, began: Any, content: Content | None) -> None:
        """The call is over: its spans start and end now, with the times at which things happened."""
        parent = self._nowhere if began is None else began
        metrics, tracer = self._metrics or self._late_metrics(), self._tracer or self._late_tracer()
        if metrics is not None:
            metrics.record(call, parent)
        if tracer is None:
            return
        said = self._content_attributes(content) if self.wants_content and content is not None else None
        tree = self._trees(call, said)
        if self._quick is not None and self._quick.takes():
            self._quick.emit(tree, parent)
        else:
            self._emit(tracer, tree, parent)

    def _late_tracer(self) -> Tracer | None:
        """A tracer of the provider that the program has set by now."""
        provider = self._trace.get_tracer_provider()
        return None if type(provider) is self._trace.ProxyTracerProvider else self._trace_with(provider)

    def _late_metrics(self) -> Metrics | None:
        provider = self._meters.get_meter_provider()
        if type(provider).__name__ == "_ProxyMeterProvider":  # the API gives it no public name
            return None
        return self._measure_with(provider)

    def close(self) -> None:
        """Everything has been handed over; flushing is the business of whoever made the providers."""


def _version() -> str:
    from importlib.metadata import version

    return version("baimo")
