"""The histograms of the GenAI conventions, for meters of OpenTelemetry."""

from __future__ import annotations

from typing import Any

from opentelemetry.context import Context
from opentelemetry.metrics import Histogram, Meter

from baimo.types.record import CallRecord

from .attributes import Attributes
from .buckets import LABEL_SETS, OTHER, SECONDS, TOKENS
from .names import error_type, provider_name, target


class Metrics:
    """Records every call. Attributes are few: who was asked for what, and the kind of failure."""

    def __init__(self, meter: Meter) -> None:
        self._duration = _histogram(
            meter, "gen_ai.client.operation.duration", "s", "GenAI operation duration.", SECONDS
        )
        self._tokens = _histogram(
            meter, "gen_ai.client.token.usage", "{token}", "Number of input and output tokens used.", TOKENS
        )
        self._first = _histogram(
            meter,
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "Time to receive the first chunk of a streamed reply.",
            SECONDS,
        )
        self._known: dict[tuple[str, str, str], tuple[Attributes, Attributes, Attributes]] = {}

    def record(self, call: CallRecord, context: Context) -> None:
        """Tokens of answers out of the cache are not counted: nobody charges for them."""
        provider, model = call.provider, call.model
        if provider is None or model is None:
            provider, model = target(call)
        key = (call.operation, provider, model)
        plain, read, made = self._known.get(key) or self._learn(*key)
        attributes = plain
        if call.outcome != "answered":
            attributes = plain | {"error.type": error_type(call) or ""}
        self._duration.record(call.took_s, attributes, context)
        if call.streamed and call.first_s is not None:
            self._first.record(call.first_s, plain, context)
        if call.cached:
            return
        usage = call.usage
        if (tokens := usage.input) is not None:
            self._tokens.record(tokens, read, context)
        if (tokens := usage.output) is not None:
            self._tokens.record(tokens, made, context)

    def _learn(self, operation: str, provider: str, model: str) -> tuple[Attributes, Attributes, Attributes]:
        full = len(self._known) >= LABEL_SETS
        plain: Attributes = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": OTHER if full else provider_name(provider),
            "gen_ai.request.model": OTHER if full else model,
        }
        made = (plain, plain | {"gen_ai.token.type": "input"}, plain | {"gen_ai.token.type": "output"})
        if not full:
            self._known[operation, provider, model] = made
        return made


def _histogram(meter: Meter, name: str, unit: str, description: str, buckets: tuple[Any, ...]) -> Histogram:
    try:
        return meter.create_histogram(
            name, unit, description, explicit_bucket_boundaries_advisory=list(buckets)
        )
    except TypeError:  # an API from before there was such advice
        return meter.create_histogram(name, unit, description)
