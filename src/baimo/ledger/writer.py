"""The one thread that writes the ledger: takes records in, writes them in batches, counts what is lost."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from baimo.errors import ConfigError
from baimo.types.record import LateRecord

from . import store

HELD = 10_000
"""Records that may wait to be written; what comes above is lost, and counted."""
FULL = 2_000
"""So many are written at once, however short they were gathered."""
_GATHER_S = 0.5
"""How long records are gathered before they are written together: each time costs the threads that make calls
some turns in which they wait for this one."""
_TURN = 50
"""So many records are made before other threads get a turn."""
_PATIENCE_S = 10.0
"""How long a file that cannot be written is tried again before a batch is given up."""
_LAST_PATIENCE_S = 2.0
"""The same for what is left when the ledger closes."""
_FORGET_S = 3600.0
_DAY_S = 86_400.0


class Here:
    """The process that this is. Asking the system for each call costs more than taking the call in."""

    def __init__(self) -> None:
        self.look()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.look)

    def look(self) -> None:
        """Ask the system: at the beginning, and in a child after `fork`."""
        self.pid = os.getpid()


HERE = Here()


class Writer:
    """Writes records to the file at `path`. `told` is given a line when first something is lost."""

    def __init__(
        self,
        path: Path,
        *,
        keep_days: float,
        told: Callable[[str], None],
        wall: Callable[[], float] = time.time,
        connect: Callable[[Path], sqlite3.Connection] = lambda path: store.connect(path, create=True),
    ) -> None:
        self.path = path
        self.pid = HERE.pid
        self.lost = 0
        self._keep_s = keep_days * _DAY_S
        self._told = told
        self._wall = wall
        self._connect = connect
        self.held: list[LateRecord] = []
        """What waits to be written. Who adds to it wakes the thread where that is waiting."""
        self.is_waiting = False
        """The thread sleeps until it is woken, or has ended."""
        self._flushed: list[threading.Event] = []
        """Those who wait until all that was held when they came is written."""
        self._wake = threading.Event()
        self._refused: dict[str, int] = {}
        """What was lost before it was held, by why; not yet among `_losses`."""
        self._lock = threading.Lock()
        self._losses: dict[str, int] = {}
        self._is_told = False
        self._closing = threading.Event()
        self._is_over = False
        """The thread has ended, or is about to: it takes nothing in any more."""
        self._thread = threading.Thread(target=self._run, name="baimo-ledger", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def refuse(self, why: str) -> None:
        """One more is lost, and was never held."""
        with self._lock:
            self._refused[why] = self._refused.get(why, 0) + 1

    def wake(self) -> None:
        """There is something to write, and the thread was waiting for it."""
        if self._closing.is_set():
            self.finish()
        else:
            self._wake.set()

    def flush(self) -> None:
        """Return when everything held so far was written or given up."""
        if self._thread.is_alive():
            done = threading.Event()
            self._flushed.append(done)
            self._wake.set()
            while not done.wait(0.05) and self._thread.is_alive():
                continue

    def close(self) -> None:
        """Write what is left, and end the thread. In another process than its own it does nothing."""
        if self.pid != HERE.pid or threading.current_thread() is self._thread:
            return
        self.finish()
        self._thread.join()

    def finish(self) -> None:
        """As `close`, without waiting for it."""
        self._closing.set()
        self._wake.set()
        with self._lock:
            if self._is_over:  # what came after its last look is written by another
                self._is_over = False
                self._thread = threading.Thread(target=self._run, name="baimo-ledger", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        opened: sqlite3.Connection | None = None
        forgotten = float("-inf")
        try:
            while True:
                self._gather()
                flushed = self._flushed[:]
                del self._flushed[: len(flushed)]
                opened = self._write_all(opened)
                if opened is not None and (now := time.monotonic()) - forgotten >= _FORGET_S:
                    forgotten = now
                    self._forget(opened)
                for done in flushed:
                    done.set()
                self.is_waiting = True
                with self._lock:
                    self._is_over = self._closing.is_set() and not (self.held or self._refused)
                    if self._is_over:
                        return
        finally:
            if opened is not None:
                opened.close()

    def _gather(self) -> None:
        """Wait for a first record, then a little for more."""
        self.is_waiting = True  # before the look: what comes after it wakes us
        while not (self.held or self._refused or self._flushed or self._closing.is_set()):
            self._wake.wait()
            self._wake.clear()
        self.is_waiting = False
        self._wake.clear()  # before the look: who comes after it sets it again
        if len(self.held) < FULL and not (self._flushed or self._closing.is_set()):
            self._wake.wait(_GATHER_S)

    def _write_all(self, opened: sqlite3.Connection | None) -> sqlite3.Connection | None:
        """Write what is held now, and the count of what was lost."""
        count = len(self.held)
        batches = [self._gathered(min(count - at, store.TOGETHER)) for at in range(0, count, store.TOGETHER)]
        batches = [batch for batch in batches if batch]
        if batches or self._losses or self._refused:
            opened = self._written(opened, batches)
        return opened

    def _gathered(self, count: int) -> store.Gathered:
        """So many of the calls that are held, as they are kept. Others get their turn in between: who waits
        for the interpreter while this goes on would wait until it is taken away, which is long.
        """
        gathered = store.Gathered()
        for at in range(0, count, _TURN):
            turn = self.held[: min(count - at, _TURN)]
            del self.held[: len(turn)]
            self._add(gathered, turn)
            time.sleep(0)
        return gathered

    def _add(self, gathered: store.Gathered, turn: list[LateRecord]) -> None:
        try:
            gathered.add([late.record() for late in turn])
        except Exception as error:  # of one of them; whoever made it may have put anything there
            if len(turn) == 1:
                self._lose(1, _no_json(error))
                return
            for late in turn:
                self._add(gathered, [late])

    def _written(
        self, opened: sqlite3.Connection | None, batches: list[store.Gathered]
    ) -> sqlite3.Connection | None:
        """Write batches and the count of what was lost before; the connection, None where it has to go."""
        with self._lock:
            refused, self._refused = self._refused, {}
        for why, count in refused.items():
            self._lose(count, why)
        rows = [batch.row() for batch in batches]
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                if opened is None:
                    opened = self._connect(self.path)
                store.write(opened, rows, [(self._wall(), count, why) for why, count in self._losses.items()])
            except (sqlite3.Error, OSError, ConfigError) as error:
                late = time.monotonic()
                last = _LAST_PATIENCE_S - _PATIENCE_S if self._closing.is_set() else 0.0
                if _may_pass(error) and late < end + last:
                    self._closing.wait(0.05)
                    continue
                self._lose(sum(map(len, batches)), _words(error, self.path))
                if opened is not None:
                    opened.close()
                return None
            self._losses.clear()
            return opened

    def _forget(self, opened: sqlite3.Connection) -> None:
        """Delete what is older than it is kept; where that fails now, the next time will do."""
        try:
            store.forget(opened, self._wall() - self._keep_s)
        except sqlite3.Error:
            return

    def _lose(self, count: int, why: str) -> None:
        if not count:
            return
        self.lost += count
        self._losses[why] = self._losses.get(why, 0) + count
        if not self._is_told:
            self._is_told = True
            self._told(f"calls are missing in the ledger {self.path}: {why}")


def _may_pass(error: Exception) -> bool:
    """Whether it may be over soon: another process writes, and for long."""
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def _no_json(error: Exception) -> str:
    return f"a record cannot be written as JSON: {error}"


def _words(error: Exception, path: Path) -> str:
    if isinstance(error, ConfigError):
        return error.message
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return store.damaged(path, error).message
    return str(error)
