"""Spans that are written when they are read: the values that the API gives, whoever reads what and when."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from random import Random
from typing import Any

import pytest
from opentelemetry import context, trace
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.id_generator import IdGenerator

from baimo.notes import Note
from baimo.telemetry.late_spans import LateSpan, Writer
from baimo.telemetry.otel import OpenTelemetry
from baimo.types.chat import ChatRequest, ChatResponse, Choice, FinishReason, Message, Role
from baimo.types.content import Text
from baimo.types.record import CallRecord, Content, Decision
from baimo.types.usage import Usage
from tests.telemetry import records
from tests.telemetry.watching import Measuring, Watching

READERS: dict[str, Callable[[Any], Any]] = {
    "name": lambda span: span.name,
    "kind": lambda span: span.kind,
    "context": lambda span: span.context,
    "get_span_context": lambda span: span.get_span_context(),
    "parent": lambda span: span.parent,
    "start_time": lambda span: span.start_time,
    "end_time": lambda span: span.end_time,
    "status": lambda span: (span.status.status_code, span.status.description, span.status.is_ok),
    "attributes": lambda span: list(span.attributes.items()),
    "events": lambda span: [_event(one) for one in span.events],
    "links": lambda span: span.links,
    "resource": lambda span: span.resource,
    "instrumentation_scope": lambda span: span.instrumentation_scope,
    "dropped_attributes": lambda span: span.dropped_attributes,
    "dropped_events": lambda span: span.dropped_events,
    "dropped_links": lambda span: span.dropped_links,
    "to_json": lambda span: span.to_json(),
    "to_json, on one line": lambda span: span.to_json(indent=None),
    "_name": lambda span: span._name,
    "_kind": lambda span: span._kind,
    "_context": lambda span: span._context,
    "_parent": lambda span: span._parent,
    "_start_time": lambda span: span._start_time,
    "_end_time": lambda span: span._end_time,
    "_status": lambda span: (span._status.status_code, span._status.description),
    "_attributes": lambda span: dict(span._attributes),
    "_events": lambda span: [_event(one) for one in span._events],
    "_links": lambda span: list(span._links),
    "_resource": lambda span: span._resource,
    "_instrumentation_scope": lambda span: span._instrumentation_scope,
    "_instrumentation_info": lambda span: span._instrumentation_info,
}
"""All that exporters and the SDK read of a span that is over."""


def _event(event: Any) -> tuple[Any, ...]:
    return event.name, event.timestamp, list(event.attributes.items()), event.dropped_attributes


class Counting(IdGenerator):
    """Ids that are the same in every run."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self._numbers = count(1)

    def generate_span_id(self) -> int:
        return next(self._numbers)

    def generate_trace_id(self) -> int:
        return next(self._numbers) << 64


@cache
def watched(by_api: bool, content: bool) -> tuple[Watching, Counting]:
    ids = Counting()
    return Watching(by_api=by_api, content=content, id_generator=ids), ids


def both(call: CallRecord, content: Content | None = None, *, below: bool = False) -> list[Any]:
    """The spans of a call by the quick way, and those that the API makes, with the same ids."""
    made = []
    for by_api in (False, True):
        watching, ids = watched(by_api, content is not None)
        ids.begin()
        outer = watching.provider.get_tracer("of the program").start_span("outer")
        token = context.attach(trace.set_span_in_context(outer)) if below else None
        made.append(watching.tell(call, content))
        if token is not None:
            context.detach(token)
    assert all(type(span) is LateSpan for span in made[0])
    assert not any(type(span) is LateSpan for span in made[1])
    return made


def drawn(seed: int) -> CallRecord:
    """A record of a call, whatever may be in one."""
    dice = Random(seed)
    attempts = [
        records.attempt(
            provider=dice.choice(["deepseek", "moonshot", "local"]),
            key=dice.choice(["", "a"]),
            began_s=number + dice.random(),
            queued_s=dice.choice([0.0, 0.25]),
            waited_s=dice.choice([0.0, 0.5]),
            took_s=dice.random(),
            first_s=dice.choice([None, 0.125]),
            outcome=dice.choice(["answered", "failed", "interrupted", "cancelled"]),
            error=dice.choice([None, "overloaded"]),
            message=dice.choice([None, f"Bearer {records.SECRET}"]),
            status=dice.choice([None, 200, 503]),
            address=dice.choice(["https://api.deepseek.com", "http://[::1", "http://far.example:99999"]),
            provider_code=dice.choice([None, "17"]),
            request_id=dice.choice([None, "req-2"]),
            maybe_billed=dice.choice([False, True]),
        )
        for number in range(dice.randrange(4))
    ]
    standings = ({"name": "one"}, {"name": "two"})
    decision = Decision(at_s=0.5, strategy="weighted", dice=0.25, standings=standings, order=(1, 0))
    return records.call(
        operation=dice.choice(["chat", "embeddings"]),
        streamed=dice.choice([False, True]),
        first_s=dice.choice([None, 0.25]),
        provider=dice.choice([None, "deepseek", "local", "xai"]),
        model=dice.choice([None, "one"]),
        asked=dice.choice([(), ("local/bge-small",)]),
        response_model=dice.choice([None, "one-0925"]),
        response_id=dice.choice([None, "r-1"]),
        finish_reasons=dice.choice([(), ("stop", "length")]),
        usage=dice.choice([Usage(), records.ANSWERED.usage, Usage(output_visible=3)]),
        cost=dice.choice([None, records.ANSWERED.cost]),
        outcome=dice.choice(["answered", "failed", "interrupted", "cancelled"]),
        error=dice.choice([None, "overloaded"]),
        error_type=dice.choice([None, "OverloadedError"]),
        message=dice.choice([None, f"it was sent Bearer {records.SECRET}"]),
        attempts=tuple(attempts),
        decisions=dice.choice([(), (decision,)]),
        notes=dice.choice([(), (Note(code="dropped", message="top_k"),)]),
        cached=dice.choice([False, True]),
        conversation=dice.choice([None, "talk-1"]),
        parameters=dice.choice([{}, {"temperature": "hot", "seed": 1, "n": None}, {"stop": ["END"], "n": 2}]),
    )


@pytest.mark.parametrize("reader", READERS)
def test_whatever_is_read_first_is_what_the_api_makes(reader: str) -> None:
    read = READERS[reader]
    for name, call in records.ALL.items():
        late, api = both(call, below=True)
        assert [read(span) for span in late] == [read(span) for span in api], name


def test_whatever_is_in_a_record_is_read_as_the_api_tells_it() -> None:
    for seed in range(60):
        late, api = both(drawn(seed), below=seed % 2 == 0)
        assert len(late) == len(api)
        for one, other in zip(late, api, strict=True):
            text = one.to_json()
            assert records.SECRET not in text
            for name, read in READERS.items():
                if not name.startswith("to_json"):
                    assert read(one) == read(other), (seed, name)
            assert text == other.to_json() == one.to_json(), seed


def test_prompts_and_replies_are_read_as_the_api_tells_them() -> None:
    said = Message(role=Role.USER, content=(Text(text="Hi"),))
    answer = Choice(message=said, finish_reason=FinishReason.STOP)
    content = Content(
        request=ChatRequest(model="m", messages=(said,)),
        response=ChatResponse(id="1", model="m", choices=(answer,)),
    )
    late, api = both(records.ANSWERED, content)
    assert [span.to_json() for span in late] == [span.to_json() for span in api]
    assert "gen_ai.output.messages" in late[0].attributes


def test_nothing_is_written_before_it_is_read_and_the_record_goes_when_it_is() -> None:
    spans: Any = Watching().tell(records.FAILED)
    assert [vars(span) for span in spans] == [{}] * 4
    assert spans[0].context.is_valid and vars(spans[0]).keys() == {"_context"}
    kept = spans[0].context
    assert spans[0].name == "chat kimi-k2"
    assert spans[0]._told is None and spans[0].context is kept
    assert vars(spans[0]).keys() == vars(ReadableSpan("any")).keys()
    assert spans[1]._told is not None
    assert spans[1].parent == kept


def test_what_others_have_set_stays() -> None:
    span: Any = Watching().tell(records.ANSWERED)[0]
    span._name, span._attributes = "theirs", {"team": "search"}
    text = json.loads(span.to_json())
    assert (text["name"], text["attributes"]) == ("theirs", {"team": "search"})
    assert text["start_time"] and span.kind is trace.SpanKind.CLIENT


def test_what_a_span_does_not_have_it_does_not_have() -> None:
    span: Any = Watching().tell(records.ANSWERED)[0]
    for _ in ("unread", "read"):
        assert not hasattr(span, "colour")
        with pytest.raises(AttributeError, match="'LateSpan' object has no attribute '_colour'"):
            _ = span._colour


def test_a_copy_of_a_span_that_nobody_has_read_can_be_read() -> None:
    span = Watching().tell(records.ANSWERED)[0]
    assert copy.copy(span).to_json() == span.to_json()


def test_who_reads_while_another_writes_gets_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    span: Any = Watching().tell(records.FAILED)[0]
    write, between = Writer.write, []

    def interrupted(*given: Any) -> ReadableSpan:
        written = write(*given)
        monkeypatch.setattr(Writer, "write", write)
        between.extend([span._attributes, span._events, span._context])
        return written

    monkeypatch.setattr(Writer, "write", interrupted)
    after = [span._attributes, span._events, span._context]
    assert [one is other for one, other in zip(between, after, strict=True)] == [True] * 3


def test_many_threads_that_read_a_span_at_once_read_the_same() -> None:
    for _ in range(20):
        span: Any = Watching().tell(records.FAILED)[0]
        start, read = threading.Barrier(4), list[Any]()

        def reading(span: Any = span, start: threading.Barrier = start, read: list[Any] = read) -> None:
            start.wait(10)
            read.append((id(span._attributes), id(span._context), id(span._status), span.to_json()))

        threads = [threading.Thread(target=reading) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert len(read) == 4 and len(set(read)) == 1


class Reading(SpanExporter):
    """An exporter that reads all of each span, and knows in which thread."""

    def __init__(self, spans: int) -> None:
        self.read: list[str] = []
        self.threads: set[int] = set()
        self.done = threading.Event()
        self._spans = spans

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.threads.add(threading.get_ident())
        self.read += [span.to_json() for span in spans]
        if len(self.read) >= self._spans:
            self.done.set()
        return SpanExportResult.SUCCESS


def _batching(exporter: SpanExporter) -> tuple[TracerProvider, OpenTelemetry]:
    provider = TracerProvider(id_generator=Counting())
    provider.add_span_processor(BatchSpanProcessor(exporter, max_export_batch_size=4))
    return provider, OpenTelemetry(tracer_provider=provider, meter_provider=NoOpMeterProvider())


def test_spans_that_are_sent_in_batches_are_written_in_the_thread_that_sends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write, writers = Writer.write, set[int]()

    def noting(*given: Any) -> ReadableSpan:
        writers.add(threading.get_ident())
        return write(*given)

    monkeypatch.setattr(Writer, "write", noting)
    exporter = Reading(4)
    provider, observer = _batching(exporter)
    observer.ended(records.FAILED, observer.began(), None)
    assert exporter.done.wait(10)
    provider.shutdown()
    assert writers == exporter.threads != {threading.get_ident()}
    call, *attempts = Watching(by_api=True, id_generator=Counting()).tell(records.FAILED)
    assert exporter.read == [span.to_json() for span in (*attempts, call)]


def test_a_processor_that_does_more_with_an_ended_span_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, end = list[Any](), BatchSpanProcessor.on_end

    def on_end(self: BatchSpanProcessor, span: ReadableSpan) -> None:
        seen.append(span)
        assert span.context is not None and vars(span).keys() == {"_context"}
        end(self, span)

    monkeypatch.setattr(BatchSpanProcessor, "on_end", on_end)
    exporter = Reading(2)
    provider, observer = _batching(exporter)
    observer.ended(records.ANSWERED, observer.began(), None)
    provider.shutdown()
    assert len(seen) == len(exporter.read) == 2


class Late:
    """A call whose record is made when somebody asks; it knows how often somebody did."""

    def __init__(self, call: CallRecord) -> None:
        self.tries = len(call.attempts)
        self.asked = 0
        self._call = call

    def record(self) -> CallRecord:
        self.asked += 1
        return self._call


def test_a_record_is_asked_for_when_a_span_is_read_and_not_before() -> None:
    watching, late = Watching(), Late(records.FAILED)
    watching.observer.over(late, watching.observer.began(), None)
    spans: Any = watching.kept.get_finished_spans()
    assert len(spans) == 4 and spans[-1].context.is_valid and late.asked == 0
    assert spans[-1].name == "chat kimi-k2" and late.asked == 1
    assert [span.name for span in spans[:-1]] == ["attempt deepseek-flash"] * 2 + ["attempt kimi-k2"]


@pytest.mark.parametrize("name", records.ALL)
@pytest.mark.parametrize("by_api", [False, True], ids=["quick", "api"])
def test_a_call_told_late_is_told_as_one_told_at_once(name: str, by_api: bool) -> None:
    call = records.ALL[name]
    watching, ids = watched(by_api, content=False)
    told = []
    for tell in (watching.observer.ended, lambda call, *rest: watching.observer.over(Late(call), *rest)):
        ids.begin()
        watching.kept.clear()
        tell(call, watching.observer.began(), None)
        told.append([span.to_json() for span in watching.kept.get_finished_spans()])
    assert told[0] == told[1] and len(told[0]) == len(call.attempts) + 1


def test_measures_ask_for_the_record_at_once() -> None:
    measuring, late = Measuring(), Late(records.ANSWERED)
    measuring.observer.over(late, measuring.observer.began(), None)
    assert late.asked == 1 and measuring.reader.get_metrics_data() is not None


@pytest.mark.parametrize("name", ["answered", "failed"])
def test_ids_that_are_drawn_at_once_are_told_apart(name: str) -> None:
    call, seen, traces = records.ALL[name], list[int](), set[int]()
    for _ in range(50):
        own, *attempts = Watching().tell(call)
        assert own.context is not None
        traces.add(own.context.trace_id)
        seen.append(own.context.span_id)
        for span in attempts:
            assert span.context is not None and span.parent == own.context
            assert span.context.trace_id == own.context.trace_id
            seen.append(span.context.span_id)
    assert len(traces) == 50 and len({*seen}) == len(seen) == 50 * (len(call.attempts) + 1)
    assert max(traces) < 2**128 and max(seen) < 2**64 and min(*traces, *seen) > 0


def test_what_is_current_is_asked_where_the_api_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere(type(context._RUNTIME_CONTEXT)):  # type: ignore[misc]
        """A runtime of the program's own."""

    assert OpenTelemetry().began() is context.get_current()
    monkeypatch.setattr(context, "_RUNTIME_CONTEXT", Elsewhere())
    assert OpenTelemetry().began == context.get_current


def test_an_exporter_that_fails_is_told_to_the_log_and_one_that_was_shut_down_gets_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            raise ConnectionError("gone")

    watching = Watching()
    watching.provider.add_span_processor(SimpleSpanProcessor(Failing()))
    late = Late(records.ANSWERED)
    watching.observer.over(late, watching.observer.began(), None)
    assert [(one.name, one.message) for one in caplog.records] == [
        ("opentelemetry.sdk.trace.export", "Exception while exporting Span.")
    ]
    assert len(watching.kept.get_finished_spans()) == 2
    watching.provider.shutdown()
    watching.kept.clear()
    caplog.clear()
    watching.observer.over(late, watching.observer.began(), None)
    assert watching.kept.get_finished_spans() == () and late.asked == 0
    assert not [one for one in caplog.records if one.levelname == "ERROR"]
