"""Steps that are handed on as they are."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from baimo.errors import ServerError, TransportError
from baimo.passing import telling, through
from baimo.steps import Emit, Now, Read, Send
from baimo.wire.http import HttpRequest, WireHead


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


def test_each_request_is_told_with_the_head_of_its_reply() -> None:
    wire = HttpRequest(method="POST", origin="https://a.example", target=b"/")
    told: list[Any] = []

    def calling() -> Generator[Any, Any, str]:
        try:
            yield Send(wire, 1.0, 1.0)
        except TransportError:
            yield Now()
        yield Send(wire, 1.0, 1.0)
        return "done"

    steps = telling(calling(), lambda sent, head: told.append((sent, head)))
    next(steps)
    assert steps.throw(TransportError("reset")) == Now()
    steps.send((1.0, 2.0))
    with pytest.raises(StopIteration) as ended:
        steps.send(WireHead(200))
    assert (ended.value.value, told) == ("done", [(wire, WireHead(200))])
