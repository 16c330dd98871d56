"""Where a client comes for its ledger."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from baimo.config import paths
from baimo.config.services import LedgerSettings
from baimo.types.record import Observer

from .observer import FILE, LedgerObserver
from .reading import spent_each, spent_since

__all__ = ["ledger_folder", "ledger_path", "make_ledger", "spent_each", "spent_since"]


def make_ledger(settings: LedgerSettings, wall: Callable[[], float] = time.time) -> Observer:
    """An observer that keeps the ledger. No file is touched before the first call ends.

    `wall` is the clock by which calls are too old to be kept: that of the calls themselves.
    """
    return LedgerObserver(settings, ledger_folder(), wall)


def ledger_path(settings: LedgerSettings) -> Path:
    """The file of the ledger that those settings name."""
    return ledger_folder() / FILE if settings.path is None else Path(settings.path)


def ledger_folder() -> Path:
    """Where ledgers lie on this machine unless the settings name a file."""
    return paths.data_dir(os.environ, sys.platform, Path.home())
