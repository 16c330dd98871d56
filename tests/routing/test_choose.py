"""The order of a pool's keys."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from baimo.routing.choose import weighted_order


@given(weights=st.lists(st.floats(0.1, 100), min_size=1, max_size=8), dice=st.floats(0, 1, exclude_max=True))
def test_every_key_stands_in_the_order_once(weights: list[float], dice: float) -> None:
    assert sorted(weighted_order(weights, dice)) == list(range(len(weights)))


def test_the_first_is_drawn_by_weight() -> None:
    drawn = [weighted_order([1.0, 3.0], step / 100)[0] for step in range(100)]
    assert drawn.count(0) == 25


def test_a_pool_of_one_needs_no_draw() -> None:
    assert weighted_order([5.0], 0.9) == [0]
    assert weighted_order([], 0.9) == []


def test_the_last_is_drawn_where_rounding_leaves_nothing_else() -> None:
    assert weighted_order([0.1, 0.2], 1.0)[0] == 1
