"""Spans as OpenTelemetry's own SDK exports them: trees, times, attributes, by both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry import context, trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider, sampling
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags
from opentelemetry.trace.span import TraceState

from baimo.telemetry import api_spans, attributes, names, sdk_spans
from baimo.telemetry.otel import OpenTelemetry
from baimo.types.record import CallRecord
from baimo.types.usage import Usage
from tests.telemetry import records
from tests.telemetry.watching import Watching

WAYS = pytest.mark.parametrize("by_api", [False, True], ids=["quick", "api"])


def ns(seconds: float) -> int:
    return int(records.BEGAN * 1e9) + int(seconds * 1e9)


def facts(span: ReadableSpan) -> dict[str, object]:
    """All that is in a span besides its ids."""
    assert span.instrumentation_scope is not None
    return {
        "name": span.name,
        "kind": span.kind,
        "attributes": dict(span.attributes or {}),
        "events": [(event.name, event.timestamp, dict(event.attributes or {})) for event in span.events],
        "links": list(span.links),
        "status": (span.status.status_code, span.status.description),
        "times": (span.start_time, span.end_time),
        "scope": (
            span.instrumentation_scope.name,
            span.instrumentation_scope.version,
            span.instrumentation_scope.schema_url,
        ),
        "resource": span.resource,
        "dropped": (span.dropped_attributes, span.dropped_events, span.dropped_links),
    }


@WAYS
def test_an_answered_call_is_a_client_span_with_one_attempt_below(by_api: bool) -> None:
    call, attempt = Watching(by_api=by_api).tell(records.ANSWERED)
    assert (call.name, call.kind, call.parent) == ("chat deepseek-flash", SpanKind.CLIENT, None)
    assert (call.start_time, call.end_time) == (ns(0), ns(0.5))
    assert call.status.status_code is StatusCode.UNSET
    assert dict(call.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "deepseek",
        "gen_ai.request.model": "deepseek-flash",
        "server.address": "api.deepseek.com",
        "server.port": 443,
        "gen_ai.request.temperature": 0.7,
        "gen_ai.request.max_tokens": 100,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.model": "deepseek-flash-0925",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.conversation.id": "talk-1",
        "gen_ai.usage.input_tokens": 18,
        "gen_ai.usage.output_tokens": 27,
        "gen_ai.usage.cache_read.input_tokens": 5,
        "gen_ai.usage.cache_creation.input_tokens": 3,
        "gen_ai.usage.reasoning.output_tokens": 7,
        "baimo.cost": "0.0012",
        "baimo.cost.currency": "CNY",
        "baimo.call.id": records.ID,
        "baimo.attempts": 1,
    }
    assert call.context is not None and attempt.parent is not None and attempt.context is not None
    assert attempt.parent.span_id == call.context.span_id
    assert attempt.context.trace_id == call.context.trace_id
    assert attempt.kind is SpanKind.INTERNAL
    assert dict(attempt.attributes or {}) == {
        "gen_ai.provider.name": "deepseek",
        "gen_ai.request.model": "deepseek-flash",
        "baimo.endpoint": "chat",
        "baimo.dialect": "openai_chat",
        "server.address": "api.deepseek.com",
        "server.port": 443,
        "baimo.attempt": 1,
        "http.response.status_code": 200,
        "baimo.request.id": "req-1",
    }


@WAYS
def test_three_attempts_with_waits_and_a_fallback_are_told_with_their_times(by_api: bool) -> None:
    call, *attempts = Watching(by_api=by_api).tell(records.FAILED)
    assert call.name == "chat kimi-k2"
    assert call.status.status_code is StatusCode.ERROR
    assert call.attributes is not None
    assert call.attributes["error.type"] == "overloaded"
    assert call.attributes["gen_ai.provider.name"] == "moonshot_ai"
    assert call.attributes["baimo.outcome"] == "failed"
    assert call.attributes["baimo.attempts"] == 3
    assert call.attributes["baimo.maybe_billed"] == 1
    assert call.attributes["baimo.notes"] == ("dropped",)
    assert [(event.name, event.timestamp) for event in call.events] == [
        ("baimo.decision", ns(0)),
        ("baimo.retry", ns(0.5)),
        ("baimo.queue", ns(3.5)),
        ("baimo.fallback", ns(5)),
    ]
    assert dict(call.events[0].attributes or {}) == {
        "baimo.strategy": "weighted",
        "baimo.dice": 0.25,
        "baimo.order": (0, 1),
    }
    assert dict(call.events[3].attributes or {}) == {"baimo.attempt": 3, "baimo.to": "moonshot/kimi-k2"}
    assert [(one.start_time, one.end_time) for one in attempts] == [
        (ns(0), ns(0.5)),
        (ns(2.5), ns(3.5)),
        (ns(5), ns(7)),
    ]
    first, second, third = (dict(one.attributes or {}) for one in attempts)
    assert (first["error.type"], first["baimo.provider_code"], first["baimo.key"]) == (
        "rate_limited",
        "429001",
        "a",
    )
    assert (second["baimo.waited_s"], second["baimo.maybe_billed"]) == (2.0, True)
    assert (third["baimo.queued_s"], third["baimo.fallback"]) == (1.5, True)
    assert "baimo.fallback" not in first.keys() | second.keys()


@WAYS
def test_an_interrupted_stream_is_an_error_that_says_when_it_began_to_flow(by_api: bool) -> None:
    call, attempt = Watching(by_api=by_api).tell(records.INTERRUPTED)
    assert call.attributes is not None and attempt.attributes is not None
    assert call.attributes["gen_ai.request.stream"] is True
    assert call.attributes["gen_ai.response.time_to_first_chunk"] == 0.2
    assert call.attributes["error.type"] == "stream_interrupted"
    assert (call.status.status_code, call.status.description) == (
        StatusCode.ERROR,
        "the stream stopped before its end",
    )
    assert attempt.attributes["baimo.first_s"] == 0.2
    assert attempt.status.status_code is StatusCode.ERROR


@WAYS
def test_a_call_that_its_caller_left_is_no_failure(by_api: bool) -> None:
    for span in Watching(by_api=by_api).tell(records.CANCELLED):
        assert span.status.status_code is StatusCode.UNSET
        assert span.attributes is not None
        assert span.attributes["error.type"] == "cancelled"


@WAYS
def test_an_answer_from_the_cache_has_no_attempts(by_api: bool) -> None:
    (call,) = Watching(by_api=by_api).tell(records.CACHED)
    assert call.attributes is not None
    assert call.attributes["baimo.cached"] is True
    assert call.attributes["baimo.attempts"] == 0
    assert "server.address" not in call.attributes


@WAYS
def test_the_embedded_model_is_called_within_the_process(by_api: bool) -> None:
    call, _ = Watching(by_api=by_api).tell(records.EMBEDDED)
    assert (call.name, call.kind) == ("embeddings bge-small", SpanKind.INTERNAL)
    assert call.attributes is not None
    assert call.attributes["gen_ai.provider.name"] == "local"
    assert call.attributes["server.port"] == 40001
    assert "gen_ai.usage.output_tokens" not in call.attributes


@WAYS
def test_a_call_that_was_never_sent_names_what_was_asked_for(by_api: bool) -> None:
    (call,) = Watching(by_api=by_api).tell(records.NEVER_SENT)
    assert call.name == "chat deepseek-flash"
    assert call.status.description == "LimitReachedError"


@pytest.mark.parametrize("name", records.ALL)
@pytest.mark.parametrize("below", [False, True], ids=["root", "child"])
def test_the_quick_way_makes_the_spans_that_the_api_makes(name: str, below: bool) -> None:
    quick, api = Watching(), Watching(by_api=True)
    assert quick.observer._quick is not None and quick.observer._quick.takes()
    made = []
    for watching in (quick, api):
        tracer = watching.provider.get_tracer("of the program")
        outer = tracer.start_span("outer")
        token = context.attach(trace.set_span_in_context(outer)) if below else None
        spans = watching.tell(records.ALL[name])
        if token is not None:
            context.detach(token)
        made.append(spans)
        for span in spans:
            assert span.context is not None
            assert span.context.is_valid
            assert span.context.trace_flags.sampled
            assert span.to_json()
        parent = spans[0].parent
        assert (parent.span_id if parent else None) == (outer.get_span_context().span_id if below else None)
        for attempt in spans[1:]:
            assert attempt.parent is not None and spans[0].context is not None
            assert attempt.parent.span_id == spans[0].context.span_id
    assert [facts(span) for span in made[0]] == [facts(span) for span in made[1]]
    assert [span.context.trace_flags for span in made[0] if span.context] == [
        span.context.trace_flags for span in made[1] if span.context
    ]


@pytest.mark.parametrize("flags", [0, 1, 3])
@WAYS
def test_a_parent_from_elsewhere_decides_whether_a_call_is_kept(by_api: bool, flags: int) -> None:
    watching = Watching(by_api=by_api)
    state = TraceState([("vendor", "x")])
    far = SpanContext(2**100 + 1, 2**40 + 1, True, TraceFlags(flags), state)
    token = context.attach(trace.set_span_in_context(NonRecordingSpan(far)))
    spans = watching.tell(records.ANSWERED)
    context.detach(token)
    assert len(spans) == (2 if flags else 0)
    for span in spans:
        assert span.context is not None
        assert (span.context.trace_id, span.context.trace_flags) == (far.trace_id, flags)
        assert span.context.trace_state.get("vendor") == "x"


def test_the_parent_is_what_was_current_when_the_call_began_not_when_it_ended() -> None:
    watching = Watching()
    with watching.provider.get_tracer("of the program").start_as_current_span("outer") as outer:
        began = watching.observer.began()
    watching.observer.ended(records.ANSWERED, began, None)
    spans = watching.kept.get_finished_spans()
    parents = {span.name: span.parent.span_id if span.parent else None for span in spans}
    assert parents["chat deepseek-flash"] == outer.get_span_context().span_id


def test_a_call_whose_beginning_was_not_seen_has_no_parent() -> None:
    watching = Watching()
    with watching.provider.get_tracer("of the program").start_as_current_span("outer"):
        watching.observer.ended(records.ANSWERED, None, None)
    spans = {span.name: span for span in watching.kept.get_finished_spans()}
    assert spans["chat deepseek-flash"].parent is None


def test_no_context_stays_attached() -> None:
    watching = Watching()
    before = context.get_current()
    watching.tell(records.FAILED)
    assert context.get_current() is before


@pytest.mark.parametrize(
    "given",
    [
        {"sampler": sampling.TraceIdRatioBased(1.0)},
        {"span_limits": SpanLimits(max_attribute_length=3)},
        {"span_limits": SpanLimits(max_span_attributes=4)},
    ],
    ids=["sampler", "lengths", "counts"],
)
def test_what_the_user_sets_for_the_tracer_is_followed(given: dict[str, Any]) -> None:
    watching, api = Watching(**given), Watching(by_api=True, **given)
    assert watching.observer._quick is None
    assert [facts(one) for one in watching.tell(records.ANSWERED)] == [
        facts(one) for one in api.tell(records.ANSWERED)
    ]


def test_a_sampler_that_drops_everything_keeps_nothing() -> None:
    assert Watching(sampler=sampling.ALWAYS_OFF).tell(records.FAILED) == ()


def test_a_processor_of_the_users_own_sees_every_span_begin_and_end() -> None:
    class Noting(SpanProcessor):
        def __init__(self) -> None:
            self.seen: list[str] = []

        def on_start(self, span: trace.Span, parent_context: object = None) -> None:
            span.set_attribute("team", "search")
            self.seen.append("start")

        def on_end(self, span: ReadableSpan) -> None:
            self.seen.append("end")

    watching = Watching()
    watching.tell(records.ANSWERED)
    noting = Noting()
    watching.provider.add_span_processor(noting)
    call, _ = watching.tell(records.ANSWERED)
    assert noting.seen == ["start", "start", "end", "end"]
    assert call.attributes is not None and call.attributes["team"] == "search"


def test_spans_that_are_sent_in_batches_take_the_quick_way_too() -> None:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(kept))
    observer = OpenTelemetry(tracer_provider=provider, meter_provider=NoOpMeterProvider())
    assert observer._quick is not None and observer._quick.takes()
    observer.ended(records.FAILED, observer.began(), None)
    provider.force_flush()
    assert len(kept.get_finished_spans()) == 4
    provider.shutdown()


def test_a_second_exporter_is_seen_by_the_quick_way() -> None:
    watching, second = Watching(), InMemorySpanExporter()
    watching.tell(records.ANSWERED)
    watching.provider.add_span_processor(SimpleSpanProcessor(second))
    watching.tell(records.ANSWERED)
    assert len(second.get_finished_spans()) == 2


def test_the_quick_way_is_not_taken_where_the_sdk_looks_different_inside() -> None:
    provider = TracerProvider()
    tracer = provider.get_tracer("x")
    assert sdk_spans.quick(tracer) is not None
    assert sdk_spans.quick(trace.NoOpTracer()) is None
    counted = provider.get_tracer("y")
    counted._tracer_metrics = object()  # type: ignore[attr-defined]
    assert sdk_spans.quick(counted) is None
    del tracer._span_limits  # type: ignore[attr-defined]
    assert sdk_spans.quick(tracer) is None


def test_spans_that_keep_their_fields_elsewhere_are_not_left_for_later() -> None:
    class Slotted:
        __slots__ = ("_context",)

        def __init__(self, name: str, *, resource: object) -> None:
            self._context = None

    class Asking(ReadableSpan):
        def __getattr__(self, name: str) -> object:
            raise AttributeError(name)

    resource = TracerProvider().resource
    assert sdk_spans._is_open(ReadableSpan, resource)
    assert not sdk_spans._is_open(Slotted, resource)
    assert not sdk_spans._is_open(Asking, resource)


def test_processors_that_cannot_be_seen_get_their_spans_through_the_api() -> None:
    watching, ended = Watching(), list[str]()

    class Hidden(SpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            ended.append(span.name)

    quick = watching.observer._quick
    assert quick is not None
    quick._tracer.span_processor = Hidden()
    assert watching.tell(records.ANSWERED) == ()
    assert ended == ["attempt deepseek-flash", "chat deepseek-flash"]


def test_an_exporter_is_not_traced_itself_whatever_keeps_the_context(monkeypatch: pytest.MonkeyPatch) -> None:
    class Asking(InMemorySpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            quiet.append(context.get_value(context._SUPPRESS_INSTRUMENTATION_KEY))
            return super().export(spans)

    class Elsewhere(type(context._RUNTIME_CONTEXT)):  # type: ignore[misc]
        """A runtime of the program's own."""

    quiet: list[object] = []
    for runtime in (context._RUNTIME_CONTEXT, Elsewhere()):
        monkeypatch.setattr(context, "_RUNTIME_CONTEXT", runtime)
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(Asking()))
        observer = OpenTelemetry(tracer_provider=provider, meter_provider=NoOpMeterProvider())
        assert observer._quick is not None
        assert (observer._quick._attach is context.attach) == (type(runtime) is Elsewhere)
        before = context.get_current()
        observer.ended(records.ANSWERED, observer.began(), None)
        assert context.get_current() is before
    assert quiet == [True, True]


def test_a_processor_of_an_older_sdk_is_given_one_span_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def on_end(self: SimpleSpanProcessor, span: ReadableSpan) -> None:
        self.span_exporter.export((span,))

    monkeypatch.setattr(SimpleSpanProcessor, "on_end", on_end)
    watching = Watching()
    (processor,) = watching.provider._active_span_processor._span_processors
    del processor._shutdown  # type: ignore[attr-defined]
    assert [span.name for span in watching.tell(records.ANSWERED)] == [
        "chat deepseek-flash",
        "attempt deepseek-flash",
    ]


def test_an_id_that_says_none_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk_spans, "getrandbits", lambda _: 0)
    for span in Watching().tell(records.ANSWERED):
        assert span.context is not None and span.context.is_valid


def test_a_tracer_that_was_switched_off_makes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    watching = Watching()
    quick = watching.observer._quick
    assert quick is not None
    monkeypatch.setattr(quick._tracer, "_is_enabled", lambda: False)
    quick._enabled = quick._tracer._is_enabled
    assert not quick.takes()
    assert watching.tell(records.ANSWERED) == ()


def test_the_api_alone_makes_nothing_and_harms_nothing() -> None:
    observer = OpenTelemetry()
    observer.ended(records.FAILED, observer.began(), None)
    observer.close()
    tree = observer._trees(records.FAILED, {})
    api_spans.emit(trace.NoOpTracer(), tree, context.get_current())


def test_providers_that_a_program_sets_later_are_used() -> None:
    import sys

    from tests.house.conftest import run

    said = run(
        sys.executable,
        "-c",
        """
import sys
from opentelemetry import metrics, trace
from baimo.telemetry import OpenTelemetry
from tests.telemetry import records
observer = OpenTelemetry()
observer.ended(records.ANSWERED, observer.began(), None)
print("opentelemetry.sdk" in sys.modules)
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
kept, reader = InMemorySpanExporter(), InMemoryMetricReader()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))
observer.ended(records.ANSWERED, observer.began(), None)
print(len(kept.get_finished_spans()), reader.get_metrics_data() is not None)
""",
    )
    assert said.split() == ["False", "2", "True"]


@pytest.mark.parametrize("name", records.ALL)
@WAYS
def test_no_secret_and_no_words_are_in_a_span(name: str, by_api: bool) -> None:
    for span in Watching(by_api=by_api).tell(records.ALL[name]):
        text = span.to_json()
        assert records.SECRET not in text
        assert "messages" not in text and "instructions" not in text


def test_every_name_of_the_conventions_is_one_of_theirs() -> None:
    theirs = {value for value in vars(gen_ai_attributes).values() if isinstance(value, str)}
    ours = {
        key
        for call in records.ALL.values()
        for span in Watching().tell(call)
        for key in span.attributes or {}
        if key.startswith("gen_ai.")
    }
    ours |= {name for name, _ in attributes._PARAMETERS.values()}
    assert ours - theirs == set()
    known = {value.value for value in gen_ai_attributes.GenAiProviderNameValues} | {"moonshot_ai"}
    assert set(names._PROVIDERS.values()) <= known


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://api.acme.example:8443", {"server.address": "api.acme.example", "server.port": 8443}),
        ("wss://spark.example", {"server.address": "spark.example", "server.port": 443}),
        ("http://[::1]", {"server.address": "::1", "server.port": 80}),
        ("unix:/run/x", {}),
        ("odd://acme", {"server.address": "acme"}),
        ("http://[::1", {}),
        ("http://acme.example:99999", {}),
    ],
)
def test_an_address_is_host_and_port(address: str, found: dict[str, object]) -> None:
    assert attributes.server(address) == found


def test_what_is_remembered_of_deployments_is_bounded() -> None:
    made = attributes.CallAttributes()
    for number in range(2000):
        made(records.call(model=f"model-{number}"))
    assert len(made._constant) <= 512


def test_what_is_remembered_of_a_deployment_holds_nothing_of_a_call() -> None:
    made = attributes.CallAttributes()
    _, first = made(records.ANSWERED)
    _, second = made(records.call(usage=Usage(), cost=None, parameters={}, conversation=None))
    assert first["baimo.cost"] == "0.0012"
    gone = {key for key in first if key not in second}
    assert {"baimo.cost", "gen_ai.usage.input_tokens", "gen_ai.request.temperature"} <= gone


def test_what_was_asked_is_told_only_where_it_was_asked() -> None:
    call: CallRecord = records.call(parameters={"n": 3, "seed": 7, "top_k": 40, "temperature": None})
    _, found = attributes.CallAttributes()(call)
    asked = {key: value for key, value in found.items() if key.startswith("gen_ai.request.")}
    assert asked == {
        "gen_ai.request.model": "deepseek-flash",
        "gen_ai.request.choice.count": 3,
        "gen_ai.request.seed": 7,
        "gen_ai.request.top_k": 40.0,
    }


def test_what_was_asked_and_is_no_number_is_told_as_it_stands() -> None:
    call = records.call(parameters={"temperature": "hot", "max_tokens": float("inf"), "stop": 7})
    _, found = attributes.CallAttributes()(call)
    assert found["gen_ai.request.temperature"] == "hot"
    assert found["gen_ai.request.max_tokens"] == "inf"
    assert found["gen_ai.request.stop_sequences"] == "7"
