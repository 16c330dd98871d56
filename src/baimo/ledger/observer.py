"""The observer that keeps the ledger: it hands every call to the writer, which makes records of them."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from baimo.config.services import LedgerSettings
from baimo.types.record import CallRecord, Content, LateObserver, LateRecord, Ready

from .writer import FULL, HELD, HERE, Writer

FILE = "ledger.db"


class LedgerObserver(LateObserver):
    """Meets the protocol `Observer`. The file and the thread begin with the first call, in each process.

    What it was told is written when `close` returns, or at the end of the program.
    """

    wants_content = False
    marks = False

    def __init__(self, settings: LedgerSettings, folder: Path, wall: Callable[[], float] = time.time) -> None:
        """`folder` is where `ledger.db` lies unless the settings name a file."""
        self.path = folder / FILE if settings.path is None else Path(settings.path)
        self._keep_days = settings.keep_days
        self._wall = wall
        self._writers: dict[int, Writer] = {}
        """By process: a child after `fork` has none of its parent's threads, and begins its own."""
        self._lost = 0
        self._is_closed = False

    @property
    def lost(self) -> int:
        """Records of this process that could not be written."""
        writer = self._writers.get(HERE.pid)
        return self._lost if writer is None else self._lost + writer.lost

    def began(self) -> None:
        """Nothing is needed of it."""

    def ended(self, call: CallRecord, began: Any, content: Content | None) -> None:
        """Take a record in. Never waits, never fails."""
        self.over(Ready(call), began, content)

    def over(self, late: LateRecord, began: Any, content: Content | None) -> None:
        """Take in a call whose record is not made yet. Never waits, never fails."""
        writer = self._writers.get(HERE.pid)
        if writer is None:
            writer = self._begin()
        held = writer.held
        count = len(held)
        if count < HELD:
            held.append(late)
        else:
            writer.refuse("too many calls at once")
        if writer.is_waiting or count == FULL:
            writer.wake()

    def flush(self) -> None:
        """Return when everything told so far was written or given up."""
        writer = self._writers.get(HERE.pid)
        if writer is not None:
            writer.flush()

    def close(self) -> None:
        """Write what is left, and end the thread. What is told later is written too, each by itself."""
        self._is_closed = True
        writer = self._writers.pop(HERE.pid, None)
        if writer is not None:
            writer.close()
            self._lost += writer.lost

    def _begin(self) -> Writer:
        made = Writer(self.path, keep_days=self._keep_days, told=_warn, wall=self._wall)
        writer = self._writers.setdefault(made.pid, made)
        if writer is made:  # of several threads that come first one begins
            weakref.finalize(self, made.close)  # forgotten without close, or the program ends
            made.start()
        if self._is_closed:  # the call began before the close and ends after it
            self._writers.pop(made.pid, None)
            writer.finish()
        return writer


def _warn(line: str) -> None:
    import logging

    logging.getLogger("baimo.ledger").warning(line)
