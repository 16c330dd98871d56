"""The table that people read. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from .figures import Bar, Figures, Measure

US = "baimo"


def number(value: float) -> str:
    """Three digits that matter."""
    if value >= 100 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _cell(figures: Figures, measure: Measure, client: str) -> str:
    found = figures.judged(measure, client)
    if found is None:
        return "-"
    return number(found) + ("x" if measure.base else f" {measure.unit}")


def _bar(measure: Measure) -> str:
    bar: Bar | None = measure.bar
    if bar is None:
        return ""
    sign = ">=" if bar.at_least else "<="
    return f"{sign} {number(bar.limit)}" + ("x" if measure.base else f" {measure.unit}")


def _base(figures: Figures, measure: Measure, titles: dict[str, str]) -> str:
    if measure.base is None:
        return ""
    found = figures.value(measure, measure.base)
    return f"{titles[measure.base]}: {number(found)} {measure.unit}" if found is not None else "-"


def rows(
    figures: Figures, measures: Sequence[Measure], clients: Sequence[str], titles: dict[str, str]
) -> list[list[str]]:
    """The head and one row per measure; of the clients those have a column that have a figure."""
    others = [client for client in clients if any(figures.rounds(measure, client) for measure in measures)]
    head = ["", "base (1x)", "Baimo", "bar", "", *[titles[client] for client in others]]
    body = [
        [
            measure.title,
            _base(figures, measure, titles),
            _cell(figures, measure, US),
            _bar(measure),
            figures.verdict(measure, US),
            *[_cell(figures, measure, client) for client in others],
        ]
        for measure in measures
    ]
    return [head, *body]


def render(table: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need; the first two to the left, the rest to the right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])
