"""A call over several keys and models."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.errors import (
    AuthError,
    ConfigError,
    InvalidRequestError,
    QuotaError,
    ServerError,
    StreamInterrupted,
    TransportError,
)
from baimo.exchange import Outcome
from baimo.operations import ChatOperation
from baimo.plan import Route, plan
from baimo.resilience.retry import RetryPolicy
from baimo.resilience.timing import TimeLimits
from tests.playing import Play
from tests.scripted import OK, chat_request, deployment

ANSWER = (OK, b"t:ok\nend\n", b"")


def call(play: Play, route: Route, *, stream: bool = False) -> Outcome:
    steps = plan(
        ChatOperation(chat_request(stream=stream)),
        route,
        retry=RetryPolicy(attempts=1),
        limits=[TimeLimits()] * max(len(route), 1),
    )
    outcome: Any = play.run(steps)
    assert isinstance(outcome, Outcome)
    return outcome


A, B = deployment("a", "one"), deployment("b", "two")


def test_the_first_that_answers_has_the_call() -> None:
    play = Play(*ANSWER)
    assert call(play, ((A,), (B,))).at is A


def test_a_failure_moves_the_call_on_to_the_next_model() -> None:
    play = Play(ServerError("down", status=500), *ANSWER)
    outcome = call(play, ((A,), (B,)))
    assert outcome.at is B
    assert [send.wire.url for send in play.sent] == ["http://a.test/one", "http://b.test/two"]


def test_the_last_failure_is_raised_with_the_first_behind_it() -> None:
    play = Play(ServerError("first", status=500), TransportError("second"))
    with pytest.raises(TransportError, match="b: second"):
        call(play, ((A,), (B,)))


def test_a_bad_request_does_not_burn_the_list() -> None:
    play = Play(InvalidRequestError("bad", status=400), *ANSWER)
    with pytest.raises(InvalidRequestError):
        call(play, ((A,), (B,)))
    assert len(play.sent) == 1


def test_nothing_moves_on_after_the_first_event() -> None:
    play = Play(OK, b"t:half\n", TransportError("reset"), *ANSWER)
    with pytest.raises(StreamInterrupted):
        call(play, ((A,), (B,)), stream=True)


@pytest.mark.parametrize("refusal", [AuthError("revoked", status=401), QuotaError("empty", status=402)])
def test_a_refused_key_gives_way_to_the_next_one(refusal: AuthError | QuotaError) -> None:
    play = Play(refusal, *ANSWER)
    other = deployment("a", "one", weight=2.0)
    assert call(play, ((A, other),)).at in (A, other)
    assert len(play.sent) == 2


def test_keys_are_drawn_by_weight() -> None:
    light, heavy = deployment(weight=1.0), deployment(weight=9.0)
    assert call(Play(*ANSWER, dice=0.05), ((light, heavy),)).at is light
    assert call(Play(*ANSWER, dice=0.5), ((light, heavy),)).at is heavy


def test_an_empty_route_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError):
        call(Play(), ())
    with pytest.raises(ConfigError):
        call(Play(), ((), ()))
