"""Windows: never more than so many in any window of their length, and what providers say is left."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.resilience.windows import GRAINS, Window

LENGTHS = st.sampled_from([1.0, 60.0, 86_400.0])
steps = st.lists(st.tuples(st.floats(0, 0.3), st.integers(1, 4)), max_size=200)


def bounded(length_s: float, bound: int, *, own: bool = True) -> Window:
    window = Window(length_s)
    window.bind(bound, own=own)
    return window


def most_in_any_window(taken: list[tuple[float, int]], length_s: float) -> int:
    """The largest sum over half-open windows of that length."""
    inside: deque[tuple[float, int]] = deque()
    most = total = 0
    for at, n in taken:
        while inside and inside[0][0] + length_s <= at:
            total -= inside.popleft()[1]
        inside.append((at, n))
        total += n
        most = max(most, total)
    return most


@given(length_s=LENGTHS, bound=st.integers(4, 20), gaps=steps)
def test_no_window_of_that_length_holds_more(
    length_s: float, bound: int, gaps: list[tuple[float, int]]
) -> None:
    window = bounded(length_s, bound)
    now, taken = 1000.0, []
    for gap, n in gaps:
        now += gap * length_s
        if window.due(n, now) <= now:
            window.take(n, now)
            taken.append((now, n))
    assert most_in_any_window(taken, length_s) <= bound


@given(length_s=LENGTHS, bound=st.integers(4, 20), gaps=steps)
def test_room_comes_back_at_most_one_grain_late(
    length_s: float, bound: int, gaps: list[tuple[float, int]]
) -> None:
    window = bounded(length_s, bound)
    now, taken = 1000.0, list[tuple[float, int]]()
    for gap, n in gaps:
        now += gap * length_s
        due = window.due(n, now)
        if due > now:
            now = due
            assert window.due(n, now) <= now
        late = length_s * (1 + 1 / GRAINS) + 1e-6
        counted = sum(count for at, count in taken if at + late > now)
        assert window.counted <= counted or window.counted <= bound
        if (
            due > now - 1e-9 and taken
        ):  # it waited: an exact log of what was taken would not have let it wait longer
            assert sum(count for at, count in taken if at + late > due - 1e-6) + n > bound - 4 * 20
        window.take(n, now)
        taken.append((now, n))


def test_a_whole_bound_may_be_taken_at_the_start() -> None:
    window = bounded(60.0, 5)
    for _ in range(5):
        assert window.due(1, 100.0) <= 100.0
        window.take(1, 100.0)
    assert window.due(1, 100.0) == 160.0
    assert window.due(1, 159.9) == 160.0
    assert window.due(5, 160.0) == 160.0


def test_what_was_taken_apart_leaves_apart() -> None:
    window = bounded(60.0, 3)
    for at in (0.0, 10.0, 20.0):
        window.take(1, at)
    assert window.due(1, 30.0) == 60.0
    assert window.due(2, 30.0) == 70.0
    assert window.due(3, 30.0) == 80.0
    assert window.due(4, 30.0) == float("inf")


def test_a_day_of_many_requests_costs_few_buckets() -> None:
    window = bounded(86_400.0, 10_000_000)
    for at in range(0, 3 * 86_400, 7):
        window.take(1, float(at))
    assert len(window._buckets) <= GRAINS + 2
    assert window.counted <= 86_400 / 7 * (1 + 2 / GRAINS)


def test_a_correction_frees_what_was_not_used_and_counts_what_was_more() -> None:
    window = bounded(60.0, 100)
    bucket = window.take(80, 0.0)
    assert window.due(50, 1.0) == 60.0
    window.correct(bucket, -40, 1.0)
    assert window.due(50, 1.0) == 1.0
    window.correct(bucket, 30, 30.0)
    assert window.counted == 70
    assert window.due(50, 31.0) == 60.0
    assert window.due(80, 31.0) == 90.0


def test_a_correction_after_the_window_frees_nothing_twice() -> None:
    window = bounded(60.0, 100)
    bucket = window.take(80, 0.0)
    window.take(80, 70.0)
    window.correct(bucket, -80, 71.0)
    assert window.counted == 80


def test_more_than_a_bound_that_was_not_configured_waits_for_an_empty_window() -> None:
    window = bounded(60.0, 100, own=False)
    assert window.due(500, 0.0) == 0.0
    window.take(500, 0.0)
    assert window.due(500, 1.0) == 60.0
    assert window.due(1, 1.0) == 60.0


def test_a_learned_limit_binds_only_where_none_was_configured() -> None:
    own, free = bounded(60.0, 10), Window(60.0)
    for window in (own, free):
        window.learn(3, None, None, 0.0)
    assert own.bound == 10
    assert free.bound == 3


@pytest.mark.parametrize(
    ("limit", "left", "reset_s", "n", "due"),
    [
        (60, 2, 58.0, 2, 100.0),  # enough is left
        (60, 2, 58.0, 3, 101.0),  # steady refill: one a second
        (60, 0, 60.0, 1, 101.0),
        (60, 0, 7.0, 1, 107.0),  # a fixed window: all comes back at its end
        (60, -3, 63.0, 1, 104.0),  # others are under way
        (60, 0, None, 1, 101.0),  # no time told: as if steady
        (None, 0, None, 1, 160.0),
        (None, 0, 5.0, 1, 105.0),
        (60, 0, 0.0, 1, 100.0),  # all is back
        (60, 60, None, 1, 100.0),
    ],
)
def test_what_is_left_lowers_what_is_free_until_the_reset(
    limit: int | None, left: int, reset_s: float | None, n: int, due: float
) -> None:
    window = Window(60.0)
    window.learn(limit, left, reset_s, 100.0)
    assert window.due(n, 100.0) == pytest.approx(due)


def test_what_is_taken_lowers_what_is_left_and_the_reset_ends_it() -> None:
    window = bounded(60.0, 10)
    window.learn(None, 2, 5.0, 100.0)
    window.take(2, 100.0)
    assert window.due(1, 101.0) == 105.0
    assert window.due(1, 105.0) == 105.0
    assert window.ceiling is None
