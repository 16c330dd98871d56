"""Steps that are handed on as they are."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from baimo.errors import ServerError, TransportError
from baimo.passing import through
from baimo.steps import Emit, Now, Read


def doubled(emit: Emit) -> Emit:
    return Emit([*emit.events, *emit.events], emit.raw)


def asking(log: list[Any]) -> Generator[Any, Any, str]:
    try:
        log.append((yield Now()))
        try:
            yield Read(1.0)
        except TransportError as error:
            log.append(error.message)
        yield Emit(["a"], b"raw")
        return "done"
    finally:
        log.append("closed")


def test_steps_answers_and_failures_are_handed_on_and_only_what_is_emitted_is_changed() -> None:
    log: list[Any] = []
    steps = through(asking(log), doubled)
    assert next(steps) == Now()
    assert steps.send((1.0, 2.0)) == Read(1.0)
    assert steps.throw(TransportError("reset")) == Emit(["a", "a"], b"raw")
    with pytest.raises(StopIteration) as ended:
        next(steps)
    assert ended.value.value == "done"
    assert log == [(1.0, 2.0), "reset", "closed"]


def test_a_failure_that_is_not_taken_in_comes_out() -> None:
    log: list[Any] = []
    steps = through(asking(log), doubled)
    next(steps)
    with pytest.raises(ServerError):
        steps.throw(ServerError("no"))
    assert log == ["closed"]


def test_who_leaves_closes_what_is_inside_at_once() -> None:
    log: list[Any] = []
    inner = asking(log)
    steps = through(inner, doubled)
    next(steps)
    steps.close()
    assert log == ["closed"]


def test_what_is_held_back_is_nobodys_step() -> None:
    log: list[Any] = []
    steps = through(asking(log), lambda emit: None)
    next(steps)
    steps.send((1.0, 2.0))
    with pytest.raises(StopIteration) as ended:
        steps.throw(TransportError("reset"))
    assert ended.value.value == "done"
