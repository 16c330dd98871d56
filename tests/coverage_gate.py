"""The bounds of coverage: every line and branch of the core, nine tenths of everything else.

Active when the suite runs with `--cov`. The core is what decides and does no I/O: a branch of it
that no test takes is a decision nobody looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import coverage
import pytest

DATA = Path(__file__).parents[1] / ".cache" / "coverage" / "data"

CORE = (
    "errors.py",
    "notes.py",
    "types/",
    "wire/",
    "steps.py",
    "schema/",
    "dialect/",
    "dialects/",
    "auth/",
    "resilience/",
    "routing/",
    "accounting/",
    "context/",
    "exchange.py",
    "failing.py",
    "making.py",
    "media/",
    "operations.py",
    "over.py",
    "passing.py",
    "places.py",
    "plan.py",
    "remember.py",
    "repair.py",
    "rules.py",
    "seats.py",
    "tools/",
    "translation/",
)
ELSEWHERE = (
    "integrations/langchain/",
    "integrations/llm.py",
    "integrations/openai/",
    "integrations/pydantic_ai/",
)
"""What cannot be imported here: their libraries are in the environment of `tests/oracles/faces` alone, where
the same bound is kept."""
REST_PERCENT = 90.0
SHOWN = 20
"""So many lines and branches are named of one module."""


class Covered(NamedTuple):
    """What was run of one module: statements and branches, and which lines lack something."""

    module: str
    hit: int
    of: int
    lacking: str


def is_core(module: str) -> bool:
    """Whether that module, as a path below the package, must be covered wholly."""
    return module.startswith(CORE)


def is_elsewhere(module: str) -> bool:
    """Whether that module is measured where its library is."""
    return module.startswith(ELSEWHERE)


def complaints(modules: Iterable[Covered]) -> list[str]:
    """A line for each bound that is not kept."""
    modules = list(modules)
    lines = [
        f"{module.module}: core, yet only {module.hit} of {module.of}; lacking {module.lacking}"
        for module in modules
        if is_core(module.module) and module.hit < module.of
    ]
    rest = [one for one in modules if not (is_core(one.module) or is_elsewhere(one.module))]
    hit, of = sum(module.hit for module in rest), sum(module.of for module in rest)
    if of and 100.0 * hit / of < REST_PERCENT:
        lines.append(f"outside the core {100.0 * hit / of:.1f} % are covered, {REST_PERCENT:.0f} % must be:")
        worst = sorted(rest, key=lambda module: module.hit - module.of)[:12]
        lines += [
            f"  {module.module}: {module.hit} of {module.of}; lacking {module.lacking}" for module in worst
        ]
    return lines


def measured(data_file: Path) -> list[Covered]:
    """The figures of every module, those that were never imported included."""
    report = data_file.with_name("report.json")
    cov = coverage.Coverage(data_file=str(data_file))
    cov.load()
    cov.json_report(outfile=str(report))
    found = []
    for name, facts in json.loads(report.read_text())["files"].items():
        sums = facts["summary"]
        lacking = [str(line) for line in facts["missing_lines"]]
        lacking += [f"{start}->{end}" for start, end in facts["missing_branches"]]
        found.append(
            Covered(
                module=name.removeprefix("src/baimo/"),
                hit=sums["covered_lines"] + sums["covered_branches"],
                of=sums["num_statements"] + sums["num_branches"],
                lacking=", ".join(lacking[:SHOWN]) + (", …" if len(lacking) > SHOWN else ""),
            )
        )
    return found


class Gate:
    """Fails a run whose coverage is below the bounds, and says where."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """By now the data of this process and of those it started are on disk."""
        self.lines = complaints(measured(DATA))
        if self.lines and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Above the runner's own closing lines."""
        if self.lines:
            terminalreporter.section("coverage below its bounds", red=True)
            for line in self.lines:
                terminalreporter.line(line)
        else:
            terminalreporter.line("coverage: the core wholly, the rest above its bound")
