"""What the failure of an attempt is called, and that it repeats no secret."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.errors import (
    AuthError,
    Error,
    RateLimitedError,
    ServerError,
    StreamInterrupted,
    TimedOutError,
    TransportError,
)
from baimo.failing import interrupted, mask, may_be_billed, out_of_time
from baimo.resilience.timing import Deadline, TimeLimits
from baimo.types.chat import FinishReason
from baimo.types.content import Text
from baimo.types.events import Finished, PartDelta, PartEnded, PartStarted
from baimo.types.secret import Secret
from baimo.wire.http import WireHead

LIMITS = TimeLimits(total=8.0)


@pytest.mark.parametrize(
    ("error", "status", "billed"),
    [
        (TransportError("x"), None, True),
        (TransportError("x", sent=False), None, False),
        (ServerError("x", status=500), 500, False),
        (ServerError("x", status=200), 200, True),
        (RateLimitedError("x", status=200), 200, False),
        (ServerError("x", status=503), None, False),
    ],
)
def test_what_was_sent_and_not_turned_away_may_be_billed(
    error: Error, status: int | None, billed: bool
) -> None:
    assert may_be_billed(error, None if status is None else WireHead(status, ())) is billed


def test_who_had_all_the_time_of_the_call_is_told_of_that() -> None:
    late = TimedOutError("silent", limit="idle")
    whole = out_of_time(late, LIMITS, Deadline(8.0, now=0.0), 9.0, first=True)
    assert (whole.limit, whole.retryable, whole.__cause__) == ("total", False, late)
    assert "within the 8 s" in whole.message


@pytest.mark.parametrize(
    ("limit", "first", "named"),
    [("head", True, "first_event"), ("connect", True, "connect"), ("idle", False, "idle")],
)
def test_a_limit_has_the_name_that_a_person_knows(limit: Any, first: bool, named: str) -> None:
    error = TimedOutError("x", limit=limit)
    assert out_of_time(error, LIMITS, Deadline(8.0, now=0.0), 1.0, first=first).limit == named


@pytest.mark.parametrize(
    ("error", "ended", "says"),
    [
        (StreamInterrupted("stopped", ended="cut"), "cut", "stopped"),
        (TimedOutError("silent", limit="idle"), "stalled", "the reply stalled: silent"),
        (TransportError("gone"), "cut", "the reply was cut off: gone"),
        (ServerError("down"), "error", "the reply broke off with an error: down"),
    ],
)
def test_a_reply_that_was_shown_broke_off(error: Error, ended: str, says: str) -> None:
    error.attempts, error.maybe_billed = 3, 2
    broken = interrupted(error)
    assert (broken.ended, broken.message, broken.partial) == (ended, says, None)
    assert (broken.attempts, broken.maybe_billed, broken.retryable) == (3, 2, False)


def test_what_came_and_was_held_back_is_its_part() -> None:
    held = [
        PartStarted(index=0, part=Text(text="")),
        PartDelta(index=0, text="Hi"),
        PartEnded(index=0),
        Finished(reason=FinishReason.STOP, raw="end"),
    ]
    broken = interrupted(TransportError("gone"), held)
    assert broken.partial is not None
    assert broken.partial.text == "Hi"


def test_a_secret_is_nowhere_in_the_error_that_repeats_it() -> None:
    error = AuthError("the key sk-fake-0123 is wrong", body='{"key":"sk-fake-0123"}')
    mask(error, {"key": Secret("sk-fake-0123"), "short": Secret("key")})
    assert error.message == str(error.args[0]) == "the key **** is wrong"
    assert error.body == '{"key":"****"}'


def test_an_error_without_a_secret_stays_as_it_is() -> None:
    error = TransportError("the key is wrong")
    mask(error, {"key": Secret("sk-fake-0123")})
    assert error.message == "the key is wrong"
