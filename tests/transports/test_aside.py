"""Work done aside: in its order, all of it, and no thread is left behind."""

from __future__ import annotations

import os
import threading
import warnings
from pathlib import Path

import pytest

from baimo.transports.aside import Aside

NAME = "test-aside"


def threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == NAME]


def test_all_is_done_in_its_order_on_one_thread_that_then_ends() -> None:
    aside, done, gate = Aside(NAME), list[tuple[int, str]](), threading.Event()
    aside.close()
    aside.put(lambda: gate.wait(30))
    for number in range(100):
        aside.put(lambda number=number: done.append((number, threading.current_thread().name)))
    assert done == [] and len(threads()) == 1
    gate.set()
    aside.close()
    assert done == [(number, NAME) for number in range(100)]
    assert threads() == []
    aside.put(lambda: done.append((100, "")))
    aside.close()
    assert len(done) == 101 and threads() == []


def test_where_too_many_wait_the_caller_does_it() -> None:
    aside, done, gate = Aside(NAME), list[str](), threading.Event()
    begun = threading.Event()

    def waits() -> None:
        begun.set()
        gate.wait(30)

    aside.put(waits)
    assert begun.wait(30)
    for _ in range(201):
        aside.put(lambda: done.append(threading.current_thread().name))
    assert done == [threading.current_thread().name]
    gate.set()
    aside.close()
    assert len(done) == 201


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_work_that_fails_does_not_end_the_rest() -> None:
    aside, done = Aside(NAME), list[int]()

    def fails() -> None:
        raise ZeroDivisionError

    aside.put(fails)
    aside.close()
    aside.put(lambda: done.append(1))
    aside.close()
    assert done == [1]


def test_a_program_that_may_have_no_more_threads_does_it_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    aside, done = Aside(NAME), list[str]()
    aside.put(lambda: done.append(threading.current_thread().name))
    aside.close()
    assert done == [threading.current_thread().name]


def test_a_child_begins_its_own(tmp_path: Path) -> None:
    aside, gate = Aside(NAME), threading.Event()
    aside.put(lambda: gate.wait(30))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads and fork
        child = os.fork()
    if child == 0:
        aside.close()
        aside.put(lambda: (tmp_path / "child").write_text("here"))
        aside.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    gate.set()
    aside.close()
    assert (tmp_path / "child").read_text() == "here"
