"""What was measured, and what it comes to: medians, ratios, verdicts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Literal

Verdict = Literal["ok", "MISSED", "NO FIGURE", ""]

RATIO = "x"
"""The unit of a figure that is a ratio of CPU times by itself."""

_SUMMARIES: dict[str, Callable[[list[float]], float]] = {"median": median, "most": max, "least": min}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What Baimo must reach: at most the limit, or at least."""

    limit: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One line of the table: a figure of one job, as a ratio to `base` or, without one, as it is."""

    title: str
    job: str
    figure: str
    unit: str
    base: str | None = None
    bar: Bar | None = None
    summary: Literal["median", "most", "least"] = "median"
    short: bool = False
    """Belongs to the short form too."""

    def eased(self, margin: float) -> Measure:
        """The same with a margin on its bar, where that is laid on a ratio of CPU times."""
        if self.bar is None or (self.base is None and self.unit != RATIO):
            return self
        return replace(self, bar=Bar(limit=round(self.bar.limit * margin, 3)))


@dataclass(slots=True)
class Figures:
    """Samples by job, figure, client and round."""

    samples: dict[tuple[str, str, str], dict[int, float]] = field(default_factory=dict)

    def add(self, job: str, client: str, round_: int, found: dict[str, float]) -> None:
        for figure, value in found.items():
            self.samples.setdefault((job, figure, client), {})[round_] = value

    def rounds(self, measure: Measure, client: str) -> dict[int, float]:
        return self.samples.get((measure.job, measure.figure, client), {})

    def value(self, measure: Measure, client: str) -> float | None:
        """The figure itself, in the measure's unit; None where the client has none."""
        found = self.rounds(measure, client)
        return _SUMMARIES[measure.summary](list(found.values())) if found else None

    def ratio(self, measure: Measure, client: str) -> float | None:
        """The median over rounds of client to base *of the same round*: what drifts, drifts for both."""
        if measure.base is None:
            return None
        ours, theirs = self.rounds(measure, client), self.rounds(measure, measure.base)
        both = [ours[round_] / theirs[round_] for round_ in ours if theirs.get(round_)]
        return median(both) if both else None

    def judged(self, measure: Measure, client: str) -> float | None:
        """What the bar is laid on: the ratio where there is a base, else the value."""
        return self.value(measure, client) if measure.base is None else self.ratio(measure, client)

    def verdict(self, measure: Measure, client: str) -> Verdict:
        if measure.bar is None:
            return ""
        found = self.judged(measure, client)
        if found is None:
            return "NO FIGURE"
        return "ok" if measure.bar.met(found) else "MISSED"
