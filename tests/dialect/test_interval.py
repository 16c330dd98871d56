"""Ranges that a wire allows."""

from __future__ import annotations

import pytest

from baimo.dialect.interval import Interval


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("[0, 2]", [0, 1.5, 2], [-0.1, 2.1]),
        ("(0, 2]", [0.1, 2], [0, 2.1]),
        ("[0.01,1)", [0.01, 0.99], [0, 1]),
        ("[-2, 2]", [-2, 2], [-3, 3]),
        ("[1, 1]", [1], [0.99, 1.01]),
    ],
)
def test_a_round_bracket_leaves_its_bound_out(text: str, inside: list[float], outside: list[float]) -> None:
    interval = Interval(text)
    assert all(value in interval for value in inside)
    assert not any(value in interval for value in outside)


@pytest.mark.parametrize(
    ("text", "value", "nearest"),
    [("[0, 2]", 3, 2), ("[0, 2]", -1, 0), ("(0, 2]", 0, 0.01), ("[0, 1)", 1, 0.99), ("[0, 1]", 0.4, 0.4)],
)
def test_a_value_outside_is_moved_to_the_nearest_inside(text: str, value: float, nearest: float) -> None:
    assert Interval(text).clamp(value) == pytest.approx(nearest)


@pytest.mark.parametrize("text", ["0..2", "[2, 0]", "[1, 1)", "(1, 1]", "[a, b]", "[0, 2", ""])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no range"):
        Interval(text)


def test_ranges_are_values() -> None:
    assert Interval("[0, 1]") == Interval(" [0, 1]")
    assert Interval("[0, 1]") != Interval("[0, 1)")
    assert len({Interval("[0, 1]"), Interval("[0, 1]")}) == 1
    assert repr(Interval("[0, 1]")) == "Interval('[0, 1]')"
