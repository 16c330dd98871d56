"""Ranks of the simulator."""

from __future__ import annotations

from baimo.simulator.ranking import rank, score
from baimo.types.rerank import RerankRequest


def test_a_text_with_the_words_of_the_question_is_first() -> None:
    asked = RerankRequest(
        model="r", query="法国 capital", documents=("Ruby", "Paris is the capital", "法国 capital")
    )
    found = rank(asked)
    assert [one.index for one in found.results] == [2, 1, 0]
    assert (found.searches, found.usage.input is not None) == (1, True)
    few = rank(RerankRequest(model="r", query="Ruby", documents=asked.documents, top_n=1))
    assert [one.document for one in few.results] == ["Ruby"]


def test_a_question_without_words_ranks_nothing_higher() -> None:
    assert score("?", "Paris") == 0.0
