"""The table that the bench prints."""

from __future__ import annotations

import pytest

from bench.figures import Bar, Figures, Measure
from bench.table import number, render, rows

TITLES = {"baimo": "Baimo", "aiohttp": "aiohttp", "peer": "Peer", "absent": "Absent"}


def test_a_row_has_the_base_the_ratio_the_bar_and_the_verdict() -> None:
    found = Figures()
    found.add("many", "baimo", 0, {"cpu_us": 25.0})
    found.add("many", "aiohttp", 0, {"cpu_us": 100.0})
    found.add("many", "peer", 0, {"cpu_us": 1234.5})
    measure = Measure(
        title="call", job="many", figure="cpu_us", unit="us", base="aiohttp", bar=Bar(limit=0.2)
    )
    head, row = rows(found, [measure], ["aiohttp", "peer", "absent"], TITLES)
    assert head == ["", "base (1x)", "Baimo", "bar", "", "aiohttp", "Peer"]
    assert row == ["call", "aiohttp: 100 us", "0.25x", "<= 0.20x", "MISSED", "1x", "12.3x"]


def test_a_figure_without_a_base_is_shown_with_its_unit() -> None:
    found = Figures()
    found.add("import_memory", "baimo", 0, {"mb": 12.34})
    measure = Measure(title="memory", job="import_memory", figure="mb", unit="MB", bar=Bar(limit=20))
    assert rows(found, [measure], [], TITLES)[1] == ["memory", "", "12.3 MB", "<= 20 MB", "ok"]


def test_what_was_not_measured_is_a_dash() -> None:
    found = Figures()
    found.add("a", "peer", 0, {"x": 1})
    measures = [Measure(title=job, job=job, figure="x", unit="us", base="aiohttp") for job in ("a", "b")]
    table = rows(found, measures, ["peer"], TITLES)
    assert table[1] == ["a", "-", "-", "", "", "-"]
    assert table[2] == ["b", "-", "-", "", "", "-"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.123, "0.12"), (1.0, "1"), (9.996, "10.00"), (12.34, "12.3"), (1234.5, "1,234")],
)
def test_numbers_have_the_digits_that_matter(value: float, text: str) -> None:
    assert number(value) == text


def test_columns_stand_under_each_other() -> None:
    lines = render([["", "b", "c"], ["long title", "x", "100"]]).splitlines()
    assert lines == ["            b    c", "------------------", "long title  x  100"]
