"""Waits of a paced reply."""

from __future__ import annotations

from random import Random

import pytest

from baimo.errors import InputError
from baimo.simulator.timing import Pace, Timing


def waits(timing: Timing, seed: int = 1, number: int = 50) -> list[float]:
    pace = Pace(timing, Random(seed))
    return [pace.next() for _ in range(number)]


def test_the_first_wait_is_the_time_to_the_first_token_the_others_follow_the_pace() -> None:
    assert waits(Timing(ttft=2.0, tokens_per_second=4), number=3) == [2.0, 0.25, 0.25]
    assert waits(Timing(), number=2) == [0.0, 0.0]


def test_chance_stays_in_its_bounds_and_is_the_same_for_the_same_seed() -> None:
    timing = Timing(ttft=1.0, tokens_per_second=1, jitter=0.5)
    made = waits(timing)
    assert all(0.5 <= wait <= 1.5 for wait in made)
    assert len(set(made)) > 40
    assert made == waits(timing)
    assert made != waits(timing, seed=2)


@pytest.mark.parametrize("wrong", [{"ttft": -1.0}, {"tokens_per_second": -1.0}, {"jitter": 1.5}])
def test_what_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        Timing(**wrong)
