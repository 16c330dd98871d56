"""What the packages of this group want of the interpreter."""

from __future__ import annotations

import sys

import pytest

# The chat package names no Python newer than 3.12, and is not installed there.
collect_ignore = ["test_spark_ai.py", "test_embedding.py"] if sys.version_info >= (3, 13) else []


def pytest_configure(config: pytest.Config) -> None:
    """The packages' own warnings are not about us."""
    for name in ("sparkai", "xfyunsdkcore", "xfyunsdkspark", "pydantic"):
        config.addinivalue_line("filterwarnings", rf"ignore:::{name}\..*")
        config.addinivalue_line("filterwarnings", rf"ignore:::{name}")
