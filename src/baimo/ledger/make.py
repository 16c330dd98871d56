"""Where a client comes for its ledger."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from baimo.config import paths
from baimo.config.services import LedgerSettings
from baimo.types.record import Observer

from .observer import LedgerObserver
from .reading import spent_since

__all__ = ["ledger_folder", "make_ledger", "spent_since"]


def make_ledger(settings: LedgerSettings) -> Observer:
    """An observer that keeps the ledger. No file is touched before the first call ends."""
    return LedgerObserver(settings, ledger_folder())


def ledger_folder() -> Path:
    """Where ledgers lie on this machine unless the settings name a file."""
    return paths.data_dir(os.environ, sys.platform, Path.home())
