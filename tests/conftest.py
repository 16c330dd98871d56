"""What holds for the whole suite: the loopback guard, generated examples, and the closing bounds."""

from __future__ import annotations

import os
import random
import signal

import coverage
import pytest
from hypothesis import HealthCheck, settings

from tests.coverage_gate import Gate
from tests.loopback import only_loopback

__all__ = ["only_loopback"]

# Recorded traffic belongs to others and stands outside of this repository.
collect_ignore = [] if os.environ.get("BAIMO_RECORDED") else ["recorded"]

settings.register_profile(
    "quick", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("quick"), derandomize=True, print_blob=True)
settings.register_profile("long", settings.get_profile("quick"), max_examples=2000)
settings.load_profile("ci" if os.environ.get("CI") else "quick")


def watched_once(config: pytest.Config) -> None:
    """Ends the watches that coverage began in a process that shares the work before its session does.

    It was begun under coverage, and the plugin began there what is for the process that shares work out; the
    watch of the session comes after them. A test that is marked `no_cover` pauses that one alone: under the
    others it would go on as slowly as before.
    """
    plugin = config.pluginmanager.getplugin("_cov")
    if plugin is not None and plugin.cov_controller is not None:
        plugin.cov_controller.cov.stop()
    if started := getattr(coverage.process_startup, "coverage", None):
        started.stop()


def pytest_configure(config: pytest.Config) -> None:
    """Hangs in the gates of a whole run."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell has what it runs in the background ignore Ctrl-C, and so would the programs of tests.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "slow: takes seconds; left out of scripts/check")
    if hasattr(config, "workerinput"):
        watched_once(config)
        return  # one of several processes that share the work: the one that began them ends the run
    os.environ.setdefault("BAIMO_PAIRS_SEED", str(random.SystemRandom().randrange(10**6)))
    if config.getoption("--cov", default=None):
        config.pluginmanager.register(Gate())
    if stages := os.environ.get("BAIMO_FAILED_STAGES", "").split():
        config.pluginmanager.register(EarlierStages(stages))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How to look at the same pairs of dialects again."""
    ran = [
        report.nodeid
        for reports in terminalreporter.stats.values()
        for report in reports
        if hasattr(report, "nodeid")
    ]
    if any("conformance/test_pairs" in name for name in ran):
        terminalreporter.line(
            f"pairs of dialects: drawn with BAIMO_PAIRS_SEED={os.environ['BAIMO_PAIRS_SEED']}"
        )


class EarlierStages:
    """Carries the failure of a stage before the suite into the suite's own ending."""

    def __init__(self, failed: list[str]) -> None:
        self.failed = failed

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A run is good only when its earlier stages were."""
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Above the runner's own closing lines."""
        terminalreporter.section("stages that failed before the suite", red=True)
        for stage in self.failed:
            terminalreporter.line(stage)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    """Asyncio; a test that must hold on uvloop too is marked with `tests.loops.BOTH_LOOPS`."""
    return "asyncio", {}
