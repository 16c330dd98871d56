"""What the libraries of the faces want of the run."""

from __future__ import annotations

import warnings

import coverage
import pytest

from tests import coverage_gate

_WHOLE = 100
"""Tests that a run of the whole group has at least; a part of it covers less, and is not measured."""
_measured = coverage.Coverage(
    data_file=None, config_file=False, branch=True, source_pkgs=["baimo.integrations"], omit=["*/mcp.py"]
)
_measured.start()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """LangChain's own tests are partly coroutines. The packages' own warnings are not about us."""
    config.option.asyncio_mode = "auto"
    warnings.filterwarnings("ignore", "The configuration option .asyncio_default_fixture_loop_scope")
    for name in ("langchain_core", "langchain_tests", "llm", "pydantic", "pydantic_ai", "sqlite_utils"):
        config.addinivalue_line("filterwarnings", rf"ignore:::{name}(\..*)?")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """The modules that no other environment can import are covered as the rest of the house is."""
    _measured.stop()
    if session.testscollected < _WHOLE or session.exitstatus != pytest.ExitCode.OK:
        return
    reached = _measured.report(file=_Lines(session), show_missing=True, skip_covered=True)
    if reached < coverage_gate.REST_PERCENT:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


class _Lines:
    """Where the report of coverage is written: to the terminal, as the runner's own lines."""

    def __init__(self, session: pytest.Session) -> None:
        self._reporter = session.config.pluginmanager.get_plugin("terminalreporter")

    def write(self, text: str) -> int:
        """Write."""
        if self._reporter is not None:
            self._reporter.write(text)
        return len(text)
