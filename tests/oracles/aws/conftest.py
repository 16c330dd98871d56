"""What the packages of this group want of the interpreter."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """The packages' own warnings are not about us."""
    for name in ("boto3", "botocore", "dateutil"):
        config.addinivalue_line("filterwarnings", rf"ignore:::{name}\..*")
