"""What the libraries of the faces want of the run."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """The packages' own warnings are not about us."""
    for name in ("langchain_core", "langchain_tests", "llm", "pydantic", "pydantic_ai", "sqlite_utils"):
        config.addinivalue_line("filterwarnings", rf"ignore:::{name}(\..*)?")
