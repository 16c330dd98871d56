"""Metrics as Prometheus would scrape them."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from baimo.telemetry import buckets
from baimo.telemetry.prometheus import Prometheus
from baimo.types.record import CallRecord
from tests.telemetry import records

DEEPSEEK = (
    'gen_ai_operation_name="chat",gen_ai_provider_name="deepseek",gen_ai_request_model="deepseek-flash"'
)


def told(*calls: CallRecord, registry: CollectorRegistry | None = None) -> dict[str, float]:
    """What a scrape shows after those calls: value by name and labels."""
    registry = registry or CollectorRegistry()
    observer = Prometheus(registry=registry)
    for call in calls:
        observer.ended(call, observer.began(), None)  # type: ignore[func-returns-value]
    observer.close()
    lines = [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


def labelled(name: str, *pairs: str) -> str:
    return f"{name}{{{','.join(sorted(','.join(pairs).split(',')))}}}"


def test_an_answered_call_is_counted_with_its_tokens_and_its_cost() -> None:
    found = told(records.ANSWERED, records.ANSWERED)
    took = "gen_ai_client_operation_duration_seconds"
    assert found[labelled(f"{took}_sum", DEEPSEEK, 'error_type=""')] == 1.0
    assert found[labelled(f"{took}_count", DEEPSEEK, 'error_type=""')] == 2
    assert found[labelled(f"{took}_bucket", DEEPSEEK, 'error_type=""', 'le="0.64"')] == 2
    usage = "gen_ai_client_token_usage_sum"
    assert found[labelled(usage, DEEPSEEK, 'gen_ai_token_type="input"')] == 36
    assert found[labelled(usage, DEEPSEEK, 'gen_ai_token_type="output"')] == 54
    place = 'model="deepseek-flash",provider="deepseek"'
    assert found[labelled("baimo_cost_total", 'currency="CNY"', place)] == pytest.approx(0.0024)
    assert found[labelled("baimo_attempts_total", 'outcome="answered"', place)] == 2
    assert found[labelled("baimo_queue_seconds_count", place)] == 2


def test_every_attempt_of_a_failed_call_is_counted_where_it_went() -> None:
    found = told(records.FAILED)
    deepseek, moonshot = 'model="deepseek-flash",provider="deepseek"', 'model="kimi-k2",provider="moonshot"'
    assert found[labelled("baimo_attempts_total", 'outcome="failed"', deepseek)] == 2
    assert found[labelled("baimo_attempts_total", 'outcome="failed"', moonshot)] == 1
    assert found[labelled("baimo_queue_seconds_sum", moonshot)] == 1.5
    took = [line for line in found if line.startswith("gen_ai_client_operation_duration_seconds_count")]
    assert 'error_type="overloaded"' in took[0]
    assert 'gen_ai_provider_name="moonshot_ai"' in took[0]
    assert not any(line.startswith("baimo_cost") for line in found)


def test_an_answer_from_the_cache_is_a_hit_and_costs_nothing() -> None:
    found = told(records.CACHED)
    assert found['baimo_cache_hits_total{model="deepseek-flash",provider="deepseek"}'] == 1
    assert not any(line.startswith(("baimo_cost", "gen_ai_client_token", "baimo_attempts")) for line in found)


def test_a_stream_tells_when_it_began_to_flow() -> None:
    found = told(records.INTERRUPTED)
    assert found[f"gen_ai_client_operation_time_to_first_chunk_seconds_sum{{{DEEPSEEK}}}"] == 0.2


@pytest.mark.parametrize("name", records.ALL)
def test_every_kind_of_call_can_be_counted(name: str) -> None:
    took = [line for line in told(records.ALL[name]) if line.startswith("gen_ai_client_operation_duration")]
    assert took


def test_two_clients_of_a_process_share_the_metrics_of_a_registry() -> None:
    registry = CollectorRegistry()
    told(records.ANSWERED, registry=registry)
    found = told(records.ANSWERED, registry=registry)
    place = 'model="deepseek-flash",outcome="answered",provider="deepseek"'
    assert found[f"baimo_attempts_total{{{place}}}"] == 2


def test_without_a_registry_it_is_the_default_one() -> None:
    from prometheus_client import REGISTRY

    Prometheus().ended(records.call(model="only-here"), None, None)
    assert b'gen_ai_request_model="only-here"' in generate_latest(REGISTRY)


def test_labels_are_bounded_and_what_is_too_much_is_counted_as_other() -> None:
    found = told(*(records.call(model=f"m{number}") for number in range(buckets.LABEL_SETS + 30)))
    counts = [line for line in found if line.startswith("gen_ai_client_operation_duration_seconds_count")]
    assert len(counts) == buckets.LABEL_SETS + 1
    other = [line for line in counts if 'gen_ai_request_model="other"' in line]
    assert found[other[0]] == 30
    assert 'gen_ai_operation_name="chat"' in other[0]
