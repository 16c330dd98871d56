"""How many at once where nobody tells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from baimo.resilience.adaptive import FIRST, Adaptive


def test_it_grows_by_one_for_each_limit_of_answers_while_it_binds() -> None:
    adaptive = Adaptive(4)
    for _ in range(3):
        adaptive.answered(4)
    assert adaptive.limit == 4
    adaptive.answered(4)
    assert adaptive.limit == 5


def test_answers_with_room_to_spare_do_not_raise_it() -> None:
    adaptive = Adaptive(4)
    for _ in range(100):
        adaptive.answered(3)
    assert adaptive.limit == 4


def test_a_refusal_halves_what_was_under_way() -> None:
    adaptive = Adaptive()
    adaptive.refused(FIRST, 0.0, 1.0)
    assert adaptive.limit == FIRST // 2
    adaptive.refused(10, 1.5, 2.0)
    assert adaptive.limit == 5


def test_a_burst_of_refusals_lowers_it_once() -> None:
    adaptive = Adaptive()
    for at in (1.0, 1.1, 1.2):
        adaptive.refused(FIRST, 0.5, at)
    assert adaptive.limit == FIRST // 2


def test_a_refusal_forgets_the_answers_before_it() -> None:
    adaptive = Adaptive(4)
    for _ in range(3):
        adaptive.answered(4)
    adaptive.refused(4, 0.0, 1.0)
    assert adaptive.limit == 2
    adaptive.answered(2)
    assert adaptive.limit == 2


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 100)), max_size=200))
def test_one_request_may_always_go(happenings: list[tuple[bool, int]]) -> None:
    adaptive = Adaptive()
    for at, (good, in_flight) in enumerate(happenings):
        if good:
            adaptive.answered(in_flight)
        else:
            adaptive.refused(in_flight, at, at)
        assert adaptive.limit >= 1
