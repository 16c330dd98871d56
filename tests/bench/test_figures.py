"""What the samples of a bench run come to."""

from __future__ import annotations

import pytest

from bench.figures import Bar, Figures, Measure
from bench.measures import CLIENTS, JOBS, MEASURES
from bench.worker import JOBS as WORKER_JOBS

CALL = Measure(
    title="call", job="sync", figure="cpu_us", unit="us", base="http.client", bar=Bar(limit=1.0), short=True
)


def figures(**rounds: list[float | None]) -> Figures:
    found = Figures()
    for client, values in rounds.items():
        for round_, value in enumerate(values):
            if value is not None:
                found.add("sync", client.replace("_", "."), round_, {"cpu_us": value})
    return found


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    found = figures(baimo=[50, 300, 60], http_client=[100, 400, 300])
    assert found.ratio(CALL, "baimo") == 0.5  # of 0.5, 0.75, 0.2; the medians themselves give 0.2
    assert found.value(CALL, "baimo") == 60


def test_a_round_that_one_of_both_lacks_gives_no_ratio() -> None:
    found = figures(baimo=[50, None, 90], http_client=[100, 100, None])
    assert found.ratio(CALL, "baimo") == 0.5
    assert figures(baimo=[50, None], http_client=[None, 100]).ratio(CALL, "baimo") is None


@pytest.mark.parametrize(
    ("ours", "verdict"), [([99, 100, 101], "ok"), ([99, 101, 102], "MISSED"), ([], "NO FIGURE")]
)
def test_a_bar_is_laid_on_the_ratio(ours: list[float | None], verdict: str) -> None:
    assert figures(baimo=ours, http_client=[100, 100, 100]).verdict(CALL, "baimo") == verdict


def test_a_measure_without_a_base_is_judged_as_it_is() -> None:
    measure = Measure(title="share", job="sync", figure="cpu_us", unit="%", bar=Bar(limit=97, at_least=True))
    assert figures(baimo=[96, 98, 97]).verdict(measure, "baimo") == "ok"
    assert figures(baimo=[96, 98, 96.9]).verdict(measure, "baimo") == "MISSED"


def test_what_must_never_happen_is_judged_by_its_worst_round() -> None:
    measure = Measure(title="open", job="sync", figure="cpu_us", unit="", bar=Bar(limit=0), summary="most")
    assert figures(baimo=[0, 1, 0]).verdict(measure, "baimo") == "MISSED"
    assert figures(baimo=[0, 0, 0]).verdict(measure, "baimo") == "ok"


def test_without_a_bar_there_is_no_verdict() -> None:
    measure = Measure(title="shown only", job="sync", figure="cpu_us", unit="us")
    assert figures().verdict(measure, "baimo") == ""


def test_every_measure_is_of_a_job_that_its_base_does() -> None:
    for measure in MEASURES:
        job = JOBS[measure.job]
        assert measure.base is None or measure.base in job.clients, measure.title
        assert set(job.clients) <= set(CLIENTS), measure.title


def test_the_short_form_has_no_bar_on_wall_time() -> None:
    by_the_clock = {"throughput", "cancel_calls", "cancel_streams"}
    assert by_the_clock <= set(JOBS)
    assert not [m.title for m in MEASURES if m.short and m.job in by_the_clock]


def test_every_job_of_a_worker_is_planned() -> None:
    assert set(WORKER_JOBS) <= set(JOBS)


def test_the_short_form_s_margin_is_laid_on_ratios_alone() -> None:
    assert CALL.eased(1.3).bar == Bar(limit=1.3)
    plain = Measure(title="memory", job="map", figure="mb", unit="MB", bar=Bar(limit=10))
    assert plain.eased(1.3) is plain
