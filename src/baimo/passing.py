"""A call's steps handed on as they are: what generators that stand around a call are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from baimo.errors import Error
from baimo.steps import Emit, Send, Steps
from baimo.wire.http import WireHead, WireRequest


def through(steps: Steps, change: Callable[[Emit], Emit | None]) -> Steps:
    """Hand every step on, and every answer and failure back; what is emitted goes through `change`.

    What `change` gives no step for is held back. Leaving this generator closes the one inside.
    """
    answer: Any = None
    failure: Error | None = None
    try:
        while True:
            step = steps.send(answer) if failure is None else steps.throw(failure)
            answer = failure = None
            if type(step) is Emit:
                changed = change(step)
                if changed is None:
                    continue
                step = changed
            try:
                answer = yield step
            except Error as error:
                failure = error
    except StopIteration as done:
        return done.value
    finally:
        steps.close()


def telling(steps: Steps, sent: Callable[[WireRequest, WireHead], None]) -> Steps:
    """Hand every step on; `sent` is told of each request that was sent, with the head of its reply."""
    answer: Any = None
    failure: Error | None = None
    try:
        while True:
            step = steps.send(answer) if failure is None else steps.throw(failure)
            answer = failure = None
            try:
                answer = yield step
            except Error as error:
                failure = error
            else:
                if type(step) is Send:
                    sent(step.wire, answer)
    except StopIteration as done:
        return done.value
    finally:
        steps.close()
