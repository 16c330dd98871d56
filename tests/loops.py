"""The event loops that asynchronous code must run on alike."""

from __future__ import annotations

import sys

import pytest

PLAIN = pytest.param(("asyncio", {}), id="asyncio")
UVLOOP = pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop")

BOTH_LOOPS = pytest.mark.parametrize("anyio_backend", [PLAIN] if sys.platform == "win32" else [PLAIN, UVLOOP])
