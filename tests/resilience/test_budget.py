"""The retry budget: numbers in, yes or no out."""

from __future__ import annotations

import pytest

from baimo.resilience.budget import TOO_MANY, RetryBudget


def budget(active: int, **changes: float) -> RetryBudget:
    made = RetryBudget(**changes)  # type: ignore[arg-type]
    for call in range(active):
        made.begin(call)
    return made


@pytest.mark.parametrize(
    ("active", "allowed"), [(0, 3), (1, 3), (15, 3), (16, 3), (20, 4), (100, 20), (104, 20)]
)
def test_a_fifth_of_the_calls_under_way_may_be_tried_again_and_never_fewer_than_three(
    active: int, allowed: int
) -> None:
    made = budget(active)
    assert [made.may_retry(call) for call in range(200)].count(True) == allowed
    assert (made.active, made.retrying) == (active, allowed)


def test_one_that_is_being_tried_again_may_be_so_once_more() -> None:
    made = budget(3)
    assert all(made.may_retry(call) for call in (0, 1, 2, 0, 1, 2))
    assert not made.may_retry("another")
    assert made.may_retry(0)


def test_a_call_that_is_over_makes_room_and_may_be_told_so_twice() -> None:
    made = budget(3)
    assert all(made.may_retry(call) for call in range(3))
    made.end(0)
    made.end(0)
    assert (made.active, made.retrying) == (2, 2)
    assert made.may_retry("another")


def test_share_and_least_are_what_they_are_given_as() -> None:
    made = budget(10, share=0.5, least=1)
    assert made.bound == 5.0
    assert budget(1, share=0.5, least=1).bound == 1
    assert "outage" in TOO_MANY
