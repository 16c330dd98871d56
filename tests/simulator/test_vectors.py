"""Vectors of the simulator."""

from __future__ import annotations

import math

from baimo.simulator.vectors import DIMENSIONS, embed
from baimo.types.embeddings import EmbedRequest


def test_vectors_have_length_one_and_are_the_same_for_the_same_text() -> None:
    found = embed(EmbedRequest(model="m", inputs=("a b", "c", "a b")))
    assert [len(one) for one in found.vectors] == [DIMENSIONS] * 3
    assert all(math.isclose(sum(x * x for x in one), 1.0) for one in found.vectors)
    assert found.vectors[0] == found.vectors[2] != found.vectors[1]
    assert found.usage.input_uncached == 5


def test_dimensions_and_token_ids_are_held() -> None:
    found = embed(EmbedRequest(model="m", inputs=((1, 2, 3), (4,)), dimensions=3))
    assert [len(one) for one in found.vectors] == [3, 3]
    assert found.vectors[0] != found.vectors[1]
    assert found.usage.input_uncached == 4
