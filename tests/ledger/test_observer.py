"""Keeping the ledger: from many threads and processes, when it cannot be written, at the end."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from baimo.config.services import LedgerSettings
from baimo.ledger import store, writer
from baimo.ledger.make import ledger_folder, make_ledger
from baimo.ledger.observer import LedgerObserver
from baimo.ledger.reading import last_calls, spent_since, sums
from baimo.ledger.writer import Writer
from baimo.types.record import CallRecord, Observer, Ready
from tests.ledger.records import AT, batch_of, record
from tests.transports.contract import wait_until

ALWAYS = LedgerSettings(keep_days=1e6)


def keep(ledger: Observer, *calls: CallRecord) -> None:
    for call in calls:
        ledger.ended(call, ledger.began(), None)


def writers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "baimo-ledger"]


def test_twenty_threads_lose_nothing(tmp_path: Path) -> None:
    ledger = LedgerObserver(ALWAYS, tmp_path)
    begin = threading.Barrier(20)

    def work(number: int) -> None:
        begin.wait()
        keep(ledger, *(record(number * 100 + one) for one in range(100)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(writers()) == 1
    ledger.close()
    assert writers() == []
    assert len(last_calls(tmp_path / "ledger.db", 5000)) == 2000
    assert ledger.lost == 0


def test_a_first_call_is_written_though_nobody_asks(tmp_path: Path) -> None:
    """Each comes while the thread sleeps: it wakes by itself."""
    written = threading.Event()

    def connect(path: Path) -> sqlite3.Connection:
        written.set()
        raise OSError("not now")

    one = Writer(tmp_path / "ledger.db", keep_days=1e6, told=lambda line: None, connect=connect)
    ledger = LedgerObserver(ALWAYS, tmp_path)
    ledger._writers[one.pid] = one
    one.start()
    for number in range(3):
        while not one.is_waiting:
            continue
        keep(ledger, record(number))
        assert written.wait(10)
        written.clear()
    ledger.close()
    assert ledger.lost == 3


def test_what_is_told_before_a_flush_is_written_after_it_however_much(tmp_path: Path) -> None:
    ledger = LedgerObserver(ALWAYS, tmp_path)
    keep(ledger, *(record(number) for number in range(1234)))
    ledger.flush()
    opened = store.connect(tmp_path / "ledger.db", create=False)
    counts = [count for (count,) in opened.execute("SELECT json_array_length(records) FROM batches")]
    opened.close()
    assert sum(counts) == 1234 and max(counts) <= store.TOGETHER
    ledger.close()


def test_nothing_is_there_before_the_first_call(tmp_path: Path) -> None:
    ledger = LedgerObserver(ALWAYS, tmp_path / "folder")
    ledger.flush()
    ledger.close()
    assert writers() == []
    assert not (tmp_path / "folder").exists()


def test_it_is_read_while_it_is_written(tmp_path: Path) -> None:
    ledger = LedgerObserver(ALWAYS, tmp_path)
    for number in range(3):
        keep(ledger, record(number))
        ledger.flush()
        assert len(last_calls(tmp_path / "ledger.db", 10)) == number + 1
    ledger.close()


def test_a_named_file_is_used(tmp_path: Path) -> None:
    path = tmp_path / "mine.db"
    ledger = make_ledger(LedgerSettings(path=str(path), keep_days=1e6))
    keep(ledger, record(1))
    ledger.close()
    assert len(last_calls(path, 10)) == 1
    assert spent_since(path, AT, (), ())


def test_else_it_lies_in_the_users_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIMO_HOME", str(tmp_path))
    assert ledger_folder() == tmp_path / "data"
    ledger = make_ledger(ALWAYS)
    keep(ledger, record(1))
    ledger.close()
    assert (tmp_path / "data" / "ledger.db").exists()


def test_a_call_that_ends_after_the_close_is_written_and_leaves_no_thread(tmp_path: Path) -> None:
    ledger = LedgerObserver(ALWAYS, tmp_path)
    keep(ledger, record(1))
    ledger.close()
    ledger.close()
    ledger.ended(record(2), None, None)
    for thread in writers():
        thread.join(10)
        assert not thread.is_alive()
    assert writers() == []
    assert len(last_calls(tmp_path / "ledger.db", 10)) == 2


def test_a_forgotten_ledger_writes_what_it_has(tmp_path: Path) -> None:
    ledger = LedgerObserver(ALWAYS, tmp_path)
    keep(ledger, record(1))
    del ledger
    assert writers() == []
    assert len(last_calls(tmp_path / "ledger.db", 10)) == 1


def test_what_is_old_is_forgotten(tmp_path: Path) -> None:
    now = time.time()
    for days in (100.0, 30.0):
        ledger = LedgerObserver(LedgerSettings(keep_days=days), tmp_path)
        old, new = now - 60 * 86_400, now - 86_400
        keep(ledger, record(1, at=old), record(2, at=new))
        ledger.close()
        assert len(last_calls(tmp_path / "ledger.db", 10)) == (2 if days == 100.0 else 1)


_CHILD = """
import sys
from pathlib import Path
from baimo.config.services import LedgerSettings
from baimo.ledger.observer import LedgerObserver
from tests.ledger.records import record

ledger = LedgerObserver(LedgerSettings(keep_days=1e6), Path(sys.argv[1]))
first = int(sys.argv[2])
for number in range(first, first + 300):
    ledger.ended(record(number), None, None)
"""


def child(code: str, *args: object) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)], env=environ, stdout=subprocess.PIPE
    )


def test_two_processes_write_the_same_file_and_their_ends_lose_nothing(tmp_path: Path) -> None:
    """Neither closes its ledger: the end of the program does."""
    children = [child(_CHILD, tmp_path, first) for first in (0, 1000)]
    for one in children:
        one.communicate(timeout=50)
    assert [one.returncode for one in children] == [0, 0]
    assert len(last_calls(tmp_path / "ledger.db", 5000)) == 600


_ENDLESS = (
    _CHILD
    + """
import itertools
ledger.flush()
print("written", flush=True)
for number in itertools.count(first + 300):
    ledger.ended(record(number), None, None)
    if number % 100 == 0:
        ledger.flush()
"""
)


def test_a_killed_process_leaves_a_file_that_can_be_read_and_written(tmp_path: Path) -> None:
    one = child(_ENDLESS, tmp_path, 0)
    assert one.stdout is not None
    assert one.stdout.readline() == b"written\n"
    while len(last_calls(tmp_path / "ledger.db", 5000)) < 1000:
        continue
    one.send_signal(signal.SIGKILL)
    one.communicate(timeout=50)
    count = len(last_calls(tmp_path / "ledger.db", 10**6))
    assert count >= 1000
    ledger = LedgerObserver(ALWAYS, tmp_path)
    keep(ledger, record(10**9))
    ledger.close()
    assert len(last_calls(tmp_path / "ledger.db", 10**6)) == count + 1


_FORKED = (
    _CHILD
    + """
import os
ledger.flush()
pid = os.fork()
ledger.ended(record(first + (500 if pid else 600)), None, None)
if not pid:
    ledger.close()
    os._exit(0)
os.waitpid(pid, 0)
"""
)


def test_a_child_after_fork_writes_its_own_and_nothing_twice(tmp_path: Path) -> None:
    one = child(_FORKED, tmp_path, 0)
    one.communicate(timeout=50)
    assert one.returncode == 0
    assert len(last_calls(tmp_path / "ledger.db", 5000)) == 302


class Full:
    """A file that has room for nothing more, until `room` is there."""

    def __init__(self) -> None:
        self.pages = 12

    def __call__(self, path: Path) -> sqlite3.Connection:
        opened = store.connect(path, create=True)
        opened.execute(f"PRAGMA max_page_count = {self.pages}")
        return opened


def test_a_full_disk_costs_records_not_calls_and_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    full = Full()
    path = tmp_path / "ledger.db"
    one = Writer(path, keep_days=1e6, told=told.append, connect=full)
    one.start()
    for number in range(400):
        one.held.append(Ready(record(number)))
    one.flush()
    lost = one.lost
    assert lost > 0
    assert len(told) == 1 and "ledger.db: database or disk is full" in told[0]
    full.pages = 100_000
    one.held.append(Ready(record(1000)))
    one.close()
    kept = last_calls(path, 1000)
    assert kept[0].id == record(1000).id
    assert len(kept) + lost == 401
    _, losses = sums(path, [])
    assert [(loss.count, loss.why) for loss in losses] == [(lost, "database or disk is full")]


def locked(path: Path) -> sqlite3.Connection:
    opened = sqlite3.connect(path, isolation_level=None)
    opened.execute("BEGIN EXCLUSIVE")
    return opened


def test_a_file_that_another_one_holds_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    store.connect(path, create=True).close()
    opened = locked(path)
    ledger = LedgerObserver(ALWAYS, tmp_path)
    keep(ledger, record(1))
    opened.execute("COMMIT")
    opened.close()
    ledger.close()
    assert ledger.lost == 0
    assert len(last_calls(path, 5)) == 1


def test_a_file_that_is_held_for_long_costs_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writer, "_LAST_PATIENCE_S", 0.1)
    monkeypatch.setattr(store, "BUSY_S", 0.01)
    path = tmp_path / "ledger.db"
    store.connect(path, create=True).close()
    opened = locked(path)
    one = Writer(
        path,
        keep_days=1,
        told=logging.getLogger("baimo.ledger").warning,
        connect=lambda path: store.connect(path, create=True, busy_s=0.01),
    )
    one.start()
    one.held.append(Ready(record(1)))
    with caplog.at_level(logging.WARNING):
        one.close()
    opened.close()
    assert one.lost == 1
    assert "locked" in caplog.text


def test_a_damaged_file_is_named_and_the_calls_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "ledger.db").write_bytes(b"no database\n" * 1000)
    ledger = LedgerObserver(ALWAYS, tmp_path)
    with caplog.at_level(logging.WARNING):
        keep(ledger, record(1), record(2))
        ledger.flush()
        keep(ledger, record(3))
        ledger.close()
    assert ledger.lost == 3
    (line,) = caplog.messages
    assert str(tmp_path / "ledger.db") in line and "damaged" in line


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    ledger = LedgerObserver(ALWAYS, tmp_path / "file" / "folder")
    with caplog.at_level(logging.WARNING):
        keep(ledger, record(1))
        assert ledger.lost == 0
        ledger.close()
    assert ledger.lost == 1 and "calls are missing in the ledger" in caplog.text


def test_too_many_that_wait_are_lost_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baimo.ledger.observer.HELD", 5)
    path = tmp_path / "ledger.db"
    store.connect(path, create=True).close()
    opened = locked(path)  # so that the writer cannot go on
    ledger = LedgerObserver(ALWAYS, tmp_path)
    keep(ledger, *(record(number) for number in range(500)))
    opened.execute("COMMIT")
    opened.close()
    ledger.close()
    kept = len(last_calls(path, 1000))
    assert ledger.lost == 500 - kept > 0


def test_a_record_that_is_no_json_is_lost_alone(tmp_path: Path) -> None:
    ledger = LedgerObserver(ALWAYS, tmp_path)
    keep(ledger, record(1), record(2, message="half a character: \ud800"), record(3))
    ledger.flush()
    assert ledger.lost == 1
    ledger.close()
    assert [int(one.id[12:], 16) for one in last_calls(tmp_path / "ledger.db", 5)] == [3, 1]
    ledger.ended(record(4, message="\ud800"), None, None)  # and so it is when nobody else comes any more
    for thread in writers():
        thread.join(10)
    _, losses = sums(tmp_path / "ledger.db", [])
    assert [loss.count for loss in losses] == [1, 1]
    assert all("cannot be written as JSON" in loss.why for loss in losses)


@pytest.mark.no_cover  # what is compared is time, and being watched takes some
def test_a_call_waits_for_nothing(tmp_path: Path) -> None:
    """Of the caller's thread it takes little more than making the record JSON does."""
    ledger = LedgerObserver(ALWAYS, tmp_path)
    told = record(1)
    keep(ledger, told)
    best = min(_cost_s(lambda: ledger.ended(told, None, None)) for _ in range(20))
    ledger.close()
    assert best < 4 * min(_cost_s(lambda: batch_of([told])) for _ in range(20))


def _cost_s(work: Callable[[], object]) -> float:
    begun = time.thread_time()
    for _ in range(100):
        work()
    return (time.thread_time() - begun) / 100


def test_so_many_are_written_at_once_however_short_they_waited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_GATHER_S", 1e6)
    ledger = LedgerObserver(ALWAYS, tmp_path)
    keep(ledger, record(0))
    wait_until(lambda: not ledger._writers[os.getpid()].is_waiting)  # it gathers, and is woken by no other
    keep(ledger, *map(record, range(1, writer.FULL + 1)))
    wait_until(lambda: not ledger._writers[os.getpid()].held)
    ledger.flush()
    assert len(last_calls(tmp_path / "ledger.db", 2 * writer.FULL)) == writer.FULL + 1
    ledger.close()


def test_what_comes_as_the_thread_ends_is_written_by_another(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    one = Writer(path, keep_days=1e6, told=lambda line: None)
    one.start()
    one.held.append(Ready(record(1)))
    one.close()
    one.held.append(Ready(record(2)))
    assert one.is_waiting
    one.wake()
    one.close()
    assert [kept.id for kept in last_calls(path, 5)] == [record(2).id, record(1).id]
    assert writers() == []


class Odd:
    """A call of which no record can be made, or none that is JSON."""

    tries = 1

    def __init__(self, error: Exception) -> None:
        self._error = error

    def record(self) -> CallRecord:
        raise self._error


@pytest.mark.parametrize("error", [OverflowError("no such time"), ZeroDivisionError("odd")])
def test_a_call_whose_record_cannot_be_made_is_lost_alone(error: Exception, tmp_path: Path) -> None:
    ledger = LedgerObserver(ALWAYS, tmp_path)
    for number in range(3):
        ledger.over(Ready(record(number)), None, None)
    ledger.over(Odd(error), None, None)
    ledger.over(Ready(record(3)), None, None)
    ledger.flush()
    assert ledger.lost == 1
    ledger.close()
    assert len(last_calls(tmp_path / "ledger.db", 10)) == 4
    _, losses = sums(tmp_path / "ledger.db", [])
    assert [(loss.count, loss.why) for loss in losses] == [
        (1, f"a record cannot be written as JSON: {error}")
    ]


def test_records_are_made_where_they_are_written_not_where_the_call_ended(tmp_path: Path) -> None:
    class Asked(Ready):
        def record(self) -> CallRecord:
            where.add(threading.current_thread().name)
            return super().record()

    where: set[str] = set()
    ledger = LedgerObserver(ALWAYS, tmp_path)
    ledger.over(Asked(record(1)), None, None)
    ledger.close()
    assert where == {"baimo-ledger"}


def test_others_get_their_turn_while_many_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer lets go of the interpreter after so many, also where nobody took it away."""
    made: list[int] = []

    class Counting(Ready):
        def record(self) -> CallRecord:
            made[-1] += 1
            return super().record()

    monkeypatch.setattr(time, "sleep", lambda seconds: made.append(0))
    made.append(0)
    one = Writer(tmp_path / "ledger.db", keep_days=1e6, told=lambda line: None)
    one.held += [Counting(record(number)) for number in range(1001)]
    one.start()
    one.close()
    assert sum(made) == 1001 and max(made) == writer._TURN
    assert len(last_calls(tmp_path / "ledger.db", 2000)) == 1001


def test_a_call_that_is_told_twice_is_kept_once(tmp_path: Path) -> None:
    ledger = LedgerObserver(ALWAYS, tmp_path)
    keep(ledger, *[record(number % 70) for number in range(140)])
    ledger.close()
    opened = store.connect(tmp_path / "ledger.db", create=False)
    counts = [count for (count,) in opened.execute("SELECT json_array_length(records) FROM batches")]
    opened.close()
    assert sum(counts) == 70


_HOLDING = (
    _CHILD.replace("range(first, first + 300)", "range(first, first + 30)")
    + """
import os
pid = os.fork()
if not pid:
    ledger.flush()
    ledger.ended(record(first + 500), None, None)
    ledger.close()
    os._exit(ledger.lost)
_, status = os.waitpid(pid, 0)
ledger.close()
sys.exit(status)
"""
)


def test_what_a_parent_holds_at_a_fork_is_the_parents_alone(tmp_path: Path) -> None:
    one = child(_HOLDING, tmp_path, 0)
    one.communicate(timeout=50)
    assert one.returncode == 0
    opened = store.connect(tmp_path / "ledger.db", create=False)
    counts = [count for (count,) in opened.execute("SELECT json_array_length(records) FROM batches")]
    opened.close()
    assert sorted(counts) == [1, 30]
