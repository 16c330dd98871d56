"""Ranks."""

from __future__ import annotations

import pytest

from baimo.types.rerank import Ranked, ranked


def test_the_best_text_comes_first_and_equals_as_they_came() -> None:
    found = ranked(("a", "b", "c"), [(2, 0.5), (0, 0.5), (1, 0.9)])
    assert [one.document for one in found] == ["b", "c", "a"]
    assert found[0] == Ranked(index=1, score=0.9, document="b")


@pytest.mark.parametrize("scores", [[(2, 1.0)], [(-1, 1.0)], [(0, 1.0), (0, 0.5)]])
def test_a_place_that_no_text_has_is_refused(scores: list[tuple[int, float]]) -> None:
    with pytest.raises(ValueError, match="told twice or is out of range"):
        ranked(("a", "b"), scores)
