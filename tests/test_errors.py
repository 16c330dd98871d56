"""Errors say what, where and how to mend it, and survive a trip to another process."""

from __future__ import annotations

import copy
import pickle

import pytest

from baimo.errors import (
    ConnectError,
    Error,
    InputError,
    MissingKeyError,
    ProviderError,
    RateLimitedError,
    StreamInterrupted,
    TimedOutError,
    TransportError,
    UnsupportedError,
)


def test_the_text_says_who_what_how_which_and_how_often() -> None:
    error = RateLimitedError(
        "too many requests",
        hint="Wait a minute.",
        provider="acme",
        request_id="req-1",
        status=429,
        provider_code="rpm",
    )
    error.attempts = 3
    text = str(error)
    for piece in (
        "acme: too many requests",
        "Wait a minute.",
        "req-1",
        "3 attempts",
        "rate_limited",
        "429 rpm",
    ):
        assert piece in text


def test_a_provider_s_code_that_is_its_status_is_not_said_twice() -> None:
    assert str(ProviderError("no", status=402, provider_code="402")).count("402") == 1
    assert str(ProviderError("no")) == "no [provider]"


@pytest.mark.parametrize(
    ("error", "retryable", "sent"),
    [
        (InputError("x"), False, False),
        (UnsupportedError("x"), False, False),
        (ConnectError("x"), True, False),
        (TransportError("x"), True, True),
        (RateLimitedError("x"), True, True),
        (ProviderError("x", retryable=True), True, True),
        (TimedOutError("x", sent=False), True, False),
    ],
)
def test_every_error_knows_whether_trying_again_can_help_and_whether_it_was_sent(
    error: Error, retryable: bool, sent: bool
) -> None:
    assert (error.retryable, error.sent) == (retryable, sent)


def test_errors_are_what_python_expects_too() -> None:
    assert isinstance(InputError("x"), ValueError)
    assert isinstance(TimedOutError("x"), TimeoutError)


@pytest.mark.parametrize(
    "error",
    [
        RateLimitedError("x", status=429, retry_after=3.0, provider="acme"),
        TimedOutError("x", limit="idle"),
        StreamInterrupted("x", ended="stalled", partial="half"),
        MissingKeyError("x", provider="acme"),
    ],
)
def test_an_error_comes_through_pickle_and_copy_as_it_was(error: Error) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert twin.__dict__ == error.__dict__
        assert str(twin) == str(error)
