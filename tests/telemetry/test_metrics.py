"""Histograms as OpenTelemetry's own SDK collects them."""

from __future__ import annotations

from typing import Any

from opentelemetry.metrics import NoOpMeter
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics

from baimo.telemetry import buckets, metrics
from tests.telemetry import records
from tests.telemetry.watching import Measuring

PLAIN = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "deepseek",
    "gen_ai.request.model": "deepseek-flash",
}


def test_a_call_is_measured_in_seconds_and_tokens() -> None:
    found = Measuring().points(records.ANSWERED)
    (took,) = found["gen_ai.client.operation.duration"]
    assert (dict(took.attributes), took.sum) == (PLAIN, 0.5)
    assert took.explicit_bounds == buckets.SECONDS
    read, made = sorted(found["gen_ai.client.token.usage"], key=lambda point: point.sum)
    assert (dict(read.attributes), read.sum) == (PLAIN | {"gen_ai.token.type": "input"}, 18)
    assert (dict(made.attributes), made.sum) == (PLAIN | {"gen_ai.token.type": "output"}, 27)
    assert read.explicit_bounds == buckets.TOKENS
    assert "gen_ai.client.operation.time_to_first_chunk" not in found


def test_the_names_are_those_of_the_conventions() -> None:
    found = Measuring().points(records.ANSWERED, records.INTERRUPTED)
    assert set(found) <= {value for value in vars(gen_ai_metrics).values() if isinstance(value, str)}


def test_a_failure_is_measured_apart_by_its_kind() -> None:
    found = Measuring().points(records.FAILED, records.CANCELLED)
    kinds = {point.attributes["error.type"] for point in found["gen_ai.client.operation.duration"]}
    assert kinds == {"overloaded", "cancelled"}
    assert "gen_ai.client.token.usage" not in found


def test_a_stream_is_measured_until_its_first_piece() -> None:
    (first,) = Measuring().points(records.INTERRUPTED)["gen_ai.client.operation.time_to_first_chunk"]
    assert (first.sum, first.count) == (0.2, 1)


def test_tokens_from_the_cache_are_not_billed_and_so_not_counted() -> None:
    found = Measuring().points(records.CACHED)
    assert "gen_ai.client.token.usage" not in found
    assert "gen_ai.client.operation.duration" in found


def test_what_is_measured_apart_is_bounded() -> None:
    calls = [records.call(model=f"model-{number}") for number in range(buckets.LABEL_SETS + 50)]
    points = Measuring().points(*calls, calls[0])["gen_ai.client.operation.duration"]
    assert len(points) == buckets.LABEL_SETS + 1
    counts = {point.attributes["gen_ai.request.model"]: point.count for point in points}
    assert (counts["other"], counts["model-0"]) == (50, 2)


def test_an_api_from_before_there_was_advice_on_buckets_is_good_enough() -> None:
    made: list[str] = []

    class Old(NoOpMeter):
        def create_histogram(self, name: str, unit: str = "", description: str = "") -> Any:  # type: ignore[override]
            made.append(name)
            return super().create_histogram(name, unit, description)

    metrics.Metrics(Old("baimo"))
    assert len(made) == 3
