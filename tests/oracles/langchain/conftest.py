"""What LangChain's packages want of the run."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """The packages' own warnings are not about us."""
    for name in ("langchain_community", "langchain_core", "langchain_classic", "pydantic"):
        config.addinivalue_line("filterwarnings", rf"ignore:::{name}(\..*)?")
    config.addinivalue_line("filterwarnings", "ignore:.langchain-community. is being sunset")
