"""What the libraries of the faces want of the run."""

from __future__ import annotations

import warnings

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """LangChain's own tests are partly coroutines. The packages' own warnings are not about us."""
    config.option.asyncio_mode = "auto"
    warnings.filterwarnings("ignore", "The configuration option .asyncio_default_fixture_loop_scope")
    for name in ("langchain_core", "langchain_tests", "llm", "pydantic", "pydantic_ai", "sqlite_utils"):
        config.addinivalue_line("filterwarnings", rf"ignore:::{name}(\..*)?")
