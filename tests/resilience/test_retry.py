"""Whether a failed attempt is made again: a table, no time passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.errors import AuthError, Error, RateLimitedError, ServerError, StaleConnectionError
from baimo.resilience.retry import RetryPolicy, Verdict

POLICY = RetryPolicy(attempts=4, first_wait_s=1.0, longest_wait_s=3.0)


@pytest.mark.parametrize(
    ("attempt", "error", "dice", "wait"),
    [
        (2, ServerError("x"), 0.5, 0.5),
        (3, ServerError("x"), 0.5, 1.0),
        (4, ServerError("x"), 0.5, 1.5),  # the ceiling of 3 s, not 4
        (5, ServerError("x"), 0.5, None),
        (2, AuthError("x"), 0.5, None),
        (2, RateLimitedError("x", retry_after=9.0), 0.5, 9.0),
        (2, RateLimitedError("x", retry_after=0.0), 0.5, 0.0),
        (2, RateLimitedError("x", retry_after=-1.0), 0.5, 0.0),
        (2, RateLimitedError("x", retry_after=120.0), 0.5, 120.0),
        (2, RateLimitedError("x", retry_after=120.5), 0.5, None),
        (9, StaleConnectionError("x"), 0.5, 0.0),
    ],
)
def test_the_wait_before_an_attempt(attempt: int, error: Error, dice: float, wait: float | None) -> None:
    assert POLICY.verdict(attempt, error, dice=dice).wait_s == wait


def test_giving_up_on_a_long_wait_says_why() -> None:
    why = POLICY.verdict(2, RateLimitedError("x", retry_after=300), dice=0).why
    assert why is not None
    assert "300 s" in why


def test_a_wait_beyond_the_time_left_is_given_up() -> None:
    verdict = POLICY.verdict(2, ServerError("x"), dice=0.5, left_s=0.5)
    assert verdict.wait_s is None
    assert verdict.why is not None
    assert POLICY.verdict(2, ServerError("x"), dice=0.5, left_s=0.51) == Verdict(0.5)


@given(attempt=st.integers(2, 4), dice=st.floats(0, 1, exclude_max=True))
def test_jitter_is_full_and_bounded(attempt: int, dice: float) -> None:
    wait = POLICY.verdict(attempt, ServerError("x"), dice=dice).wait_s
    assert wait is not None
    assert 0 <= wait < 3.0
