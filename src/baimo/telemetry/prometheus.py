"""Calls as metrics for Prometheus. Serving them is left to prometheus_client and to the program."""

from __future__ import annotations

from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from baimo.errors import MissingExtraError
from baimo.types.record import CallRecord, Content

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
except ImportError:
    raise MissingExtraError(
        "these metrics need the package prometheus-client",
        hint="Install it: pip install 'baimo[prometheus]'",
    ) from None

from .buckets import LABEL_SETS, OTHER, SECONDS, TOKENS
from .names import error_type, provider_name, target

_CALL = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model")
_PLACE = ("provider", "model")
_UNBOUNDED = {"gen_ai_provider_name", "gen_ai_request_model", "provider", "model"}
"""Labels that take any name; the values of all others are a short list."""


class Prometheus:
    """An observer that counts calls in the metrics of a registry; all clients of a process share them.

    Without a registry it is the default one of prometheus_client, which `start_http_server` shows.
    """

    wants_content = False

    def __init__(self, *, registry: CollectorRegistry | None = None) -> None:
        self._metrics = _metrics_of(REGISTRY if registry is None else registry)

    def began(self) -> None:
        """Nothing is counted before the end."""

    def ended(self, call: CallRecord, began: Any, content: Content | None) -> None:
        """Counts the call and its attempts."""
        self._metrics.count(call)

    def close(self) -> None:
        """Everything has been counted."""


class _Family:
    """One metric with its children, at most so many, found by their labels."""

    def __init__(self, metric: Any, labels: tuple[str, ...]) -> None:
        self._metric = metric
        self._labels = labels
        self._children: dict[tuple[str, ...], Any] = {}

    def of(self, *values: str) -> Any:
        """The child with those values, or the one that stands for all that are too many."""
        return self._children.get(values) or self._child(values)

    def _child(self, values: tuple[str, ...]) -> Any:
        if len(self._children) >= LABEL_SETS:
            return self._metric.labels(
                *(
                    OTHER if label in _UNBOUNDED else value
                    for label, value in zip(self._labels, values, strict=True)
                )
            )
        child = self._children[values] = self._metric.labels(*values)
        return child


class _Metrics:
    """The metrics of one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def histogram(name: str, words: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> _Family:
            return _Family(Histogram(name, words, labels, registry=registry, buckets=buckets), labels)

        def counter(name: str, words: str, labels: tuple[str, ...]) -> _Family:
            return _Family(Counter(name, words, labels, registry=registry), labels)

        self._duration = histogram(
            "gen_ai_client_operation_duration_seconds",
            "GenAI operation duration.",
            (*_CALL, "error_type"),
            SECONDS,
        )
        self._first = histogram(
            "gen_ai_client_operation_time_to_first_chunk_seconds",
            "Time to receive the first chunk of a streamed reply.",
            _CALL,
            SECONDS,
        )
        self._tokens = histogram(
            "gen_ai_client_token_usage",
            "Number of input and output tokens used.",
            (*_CALL, "gen_ai_token_type"),
            TOKENS,
        )
        self._attempts = counter("baimo_attempts", "Requests that were sent.", (*_PLACE, "outcome"))
        self._cost = counter("baimo_cost", "What calls of known price cost.", (*_PLACE, "currency"))
        self._queue = histogram(
            "baimo_queue_seconds", "Time that a request waited for a place within limits.", _PLACE, SECONDS
        )
        self._hits = counter("baimo_cache_hits", "Calls that were answered from the cache.", _PLACE)

    def count(self, call: CallRecord) -> None:
        provider, model = target(call)
        labels = (call.operation, provider_name(provider), model)
        self._duration.of(*labels, error_type(call) or "").observe(call.took_s)
        if call.streamed and call.first_s is not None:
            self._first.of(*labels).observe(call.first_s)
        for attempt in call.attempts:
            self._attempts.of(attempt.provider, attempt.model, attempt.outcome).inc()
            self._queue.of(attempt.provider, attempt.model).observe(attempt.queued_s)
        if call.cached:
            self._hits.of(provider, model).inc()
            return
        if (tokens := call.usage.input) is not None:
            self._tokens.of(*labels, "input").observe(tokens)
        if (tokens := call.usage.output) is not None:
            self._tokens.of(*labels, "output").observe(tokens)
        if call.cost is not None:
            self._cost.of(provider, model, call.cost.currency).inc(float(call.cost.amount))


_known: WeakKeyDictionary[CollectorRegistry, _Metrics] = WeakKeyDictionary()
"""A registry takes a metric once only, and it is the process's, not ours: so this stands beside it."""
_lock = Lock()


def _metrics_of(registry: CollectorRegistry) -> _Metrics:
    with _lock:
        found = _known.get(registry)
        if found is None:
            found = _known[registry] = _Metrics(registry)
        return found
