"""What the packages of this group want of the interpreter."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Secrets of this provider are shorter than the package that signs would have them."""
    config.addinivalue_line("filterwarnings", "ignore:The HMAC key is")
