"""The quick way for spans: ended ones are given to the processors of OpenTelemetry's own SDK.

A call is told of when it is over, so nothing is gained by spans that can still be written to, and most of
what the SDK takes for a span goes into making it so. This way hands over spans that are written when they are
read. It is taken only where nobody could tell the difference: with the SDK's own tracer and processors, a
sampler that takes all, and no limits that would cut anything. Otherwise, and where the SDK looks different
inside, `quick` gives None.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from random import getrandbits
from typing import Any

from opentelemetry import context as current
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY as SUPPRESSED
from opentelemetry.context import Context, set_value
from opentelemetry.context.contextvars_context import ContextVarsRuntimeContext
from opentelemetry.trace import SpanContext, TraceFlags, Tracer, get_current_span

from baimo.types.record import LateRecord

from .attributes import Attributes

_log = logging.getLogger("opentelemetry.sdk.trace.export")
_QUIET = set_value(SUPPRESSED, True, Context())
TRACE_BITS, SPAN_BITS = 128, 64
"""The bits of the ids of traces and spans."""
_BITS = TRACE_BITS + 2 * SPAN_BITS
"""Those of the ids of a call with one attempt, as most have."""
RANDOM = getattr(TraceFlags, "RANDOM_TRACE_ID", 0)
_ENOUGH = 64
"""No span of ours has as many attributes or events that a limit of this would cut."""
_LOOKS_AND_EMITS = {"context", "trace_flags", "sampled", "_batch_processor", "emit"}
"""All that a processor for batches does when a span ends."""


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
    if not _is_open(sdk.ReadableSpan, inside.resource):
        return None
    return QuickSpans(inside, always=inside.sampler is sampling.ALWAYS_ON)


def _is_open(kind: Any, resource: Any) -> bool:
    """Whether spans keep their fields where they can be put later."""
    return not hasattr(kind, "__getattr__") and "_context" in getattr(
        kind("", resource=resource), "__dict__", ()
    )


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
        from opentelemetry.sdk.trace import export
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

        from .late_spans import LateSpan, Told, Writer

        self._tracer = tracer
        self._always = always
        self._span_kind, self._told_kind = LateSpan, Told
        self._simple = export.SimpleSpanProcessor
        self._plain = {export.SimpleSpanProcessor, export.BatchSpanProcessor}
        self._checked: Any = object()  # none of theirs
        self._together: tuple[Any, ...] = ()
        """Processors that take all spans of a call at once."""
        self._singly: tuple[Callable[[Any], Any], ...] = ()
        """What takes one span after the other."""
        self._ids = tracer.id_generator
        self._draws = type(self._ids) is RandomIdGenerator
        random = getattr(self._ids, "is_trace_id_random", None)
        flags = TraceFlags(TraceFlags.SAMPLED | (RANDOM if random is not None and random() else 0))
        self._writer = Writer(tracer, flags)
        self._attach, self._detach = _switches()
        self._enabled = getattr(tracer, "_is_enabled", None)

    def takes(self) -> bool:
        """Whether the quick way may be taken now: the user can add processors at any time."""
        if self._enabled is not None and not self._enabled():
            return False
        processors = getattr(self._tracer.span_processor, "_span_processors", None)
        if processors is not self._checked:
            if processors is None or not {type(one) for one in processors} <= self._plain:
                return False
            self._together = tuple([one for one in processors if self._is_silent(one)])
            self._singly = tuple([_taker(one) for one in processors if one not in self._together])
            self._checked = processors
        return processors is not None

    def _is_silent(self, processor: Any) -> bool:
        """Whether a processor does no more than hand each span to its exporter."""
        counts = type(getattr(processor, "_metrics", None)).__name__
        is_plain = type(processor) is self._simple and hasattr(processor, "_shutdown")  # older ones lack it
        return is_plain and counts.startswith("No")

    def emit(self, late: LateRecord, said: Attributes, parent: Context | None) -> bool:
        """Gives the spans of a call to the processors, attempts first, as they would end.

        `said` is laid over the attributes of the call's span. False where the quick way must not be taken.
        """
        enabled = self._enabled
        try:
            is_known = self._tracer.span_processor._span_processors is self._checked
        except AttributeError:
            return False
        if not (is_known and (enabled is None or enabled())) and not self.takes():
            return False
        above: SpanContext | None = None
        if parent:
            above = get_current_span(parent).get_span_context()
            if above is None or not above.is_valid:
                above = None
            elif not (self._always or above.trace_flags.sampled):
                return True  # nobody wants its spans
        kind, call, tries = self._span_kind, self._span_kind(), late.tries
        chance = getrandbits(_BITS) if self._draws and tries == 1 else self._drawn(tries, above)
        call._told = told = self._told_kind(self._writer, late, said, chance, above)
        call._attempt = 0
        if tries == 1:
            attempt = kind()
            attempt._told = told
            attempt._attempt = 1
            spans = [attempt, call]
        else:
            spans = [*self._attempts_of(told, tries), call]
        if self._together:  # what the processors would do with each span for itself, once for all
            token = self._attach(set_value(SUPPRESSED, True, parent) if parent else _QUIET)
            try:
                for processor in self._together:
                    if processor._shutdown:
                        processor.on_end(call)
                        continue
                    try:
                        processor.span_exporter.export(spans)
                    except Exception as error:
                        _tell(error)
            finally:
                self._detach(token)
        for take in self._singly:
            for span in spans:
                take(span)
        return True

    def _attempts_of(self, told: Any, tries: int) -> Iterator[Any]:
        for number in range(1, tries + 1):
            span = self._span_kind()
            span._told = told
            span._attempt = number
            yield span

    def _drawn(self, tries: int, above: SpanContext | None) -> int:
        """What is drawn for the trace and for each span; by the user's own generator where there is one, and
        for the trace only where it begins with us.
        """
        if self._draws:
            return getrandbits(TRACE_BITS + SPAN_BITS * (tries + 1))
        drawn = 0 if above is not None else self._ids.generate_trace_id()
        for number in range(tries + 1):
            drawn |= self._ids.generate_span_id() << TRACE_BITS + SPAN_BITS * number
        return int(drawn)


def current_context() -> Callable[[], Context]:
    """What tells the current context; without detours where that is open."""
    held = _held()
    return current.get_current if held is None else held.get


def _switches() -> tuple[Callable[[Context], Any], Callable[[Any], Any]]:
    """What makes a context the current one, and what takes it back; without detours where that is open."""
    held = _held()
    return (current.attach, current.detach) if held is None else (held.set, held.reset)


def _held() -> ContextVar[Context] | None:
    """Where the API keeps the current context; None where that is not to be seen."""
    runtime = getattr(current, "_RUNTIME_CONTEXT", None)
    held = getattr(runtime, "_current_context", None)
    return held if type(runtime) is ContextVarsRuntimeContext and type(held) is ContextVar else None


def _taker(processor: Any) -> Callable[[Any], Any]:
    """What a processor takes an ended span with, once it has looked whether it is sampled: ours are."""
    batches = getattr(processor, "_batch_processor", None)
    if batches is not None and {*type(processor).on_end.__code__.co_names} <= _LOOKS_AND_EMITS:
        take: Callable[[Any], Any] = batches.emit
        return take
    end: Callable[[Any], Any] = processor.on_end
    return end


def _tell(error: Exception) -> None:
    """What the SDK says of an exporter that fails."""
    _log.error("Exception while exporting Span.", exc_info=error)
