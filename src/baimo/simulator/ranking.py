"""Ranks that a simulated provider gives: by the words that a text shares with the question."""

from __future__ import annotations

import re

from baimo.types.rerank import RerankRequest, RerankResponse, ranked
from baimo.types.usage import Usage

from .reply import count

_WORD = r"[A-Za-z0-9]+|[\u2e80-\u9fff\uac00-\ud7af]"


def rank(request: RerankRequest) -> RerankResponse:
    """The texts in order, so many as were asked for."""
    scores = [(index, score(request.query, text)) for index, text in enumerate(request.documents)]
    results = ranked(request.documents, scores)
    tokens = sum(map(count, request.documents)) + count(request.query)
    return RerankResponse(
        results=results[: request.top_n], usage=Usage(input_uncached=tokens), searches=1, model=request.model
    )


def score(query: str, text: str) -> float:
    """Between 0 and 1: the part of the question's words that the text has.

    >>> score("capital of France", "Paris is the capital of France.")
    1.0
    """
    wanted = set(re.findall(_WORD, query.lower()))
    found = wanted & set(re.findall(_WORD, text.lower()))
    return len(found) / len(wanted) if wanted else 0.0
