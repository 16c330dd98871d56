"""Recorded ranks decode to what an official client made of them, or to what stands in the body."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from baimo.dialect.protocols import RerankDialect, Site
from baimo.dialects.cohere_chat import DIALECT as COHERE
from baimo.dialects.openai_chat import DIALECT as OPENAI
from baimo.wire.http import HttpRequest
from tests.recorded.cases import Recorded, load, name, select

RANKS = select(lambda method, path: method == "POST" and path.endswith("/rerank"))


def wire_of(case: Recorded) -> tuple[RerankDialect, Site]:
    """How the provider is spoken to."""
    if case.provider == "cohere":
        return COHERE, Site(base_url="https://recorded.example", provider="cohere")
    quirks = OPENAI.quirks({"paths": {"rerank": "/rerank"}, "renamed": {"top_n": "top_k"}})
    return OPENAI, Site(base_url="https://recorded.example/v1", provider=case.provider, quirks=quirks)


def test_the_recordings_are_there() -> None:
    found = [load(folder).provider for folder in RANKS]
    assert (found.count("cohere"), found.count("voyage")) >= (5, 1)


@pytest.mark.parametrize("folder", RANKS, ids=name)
def test_recorded_ranks_decode_to_what_their_client_saw(folder: Path) -> None:
    case = load(folder)
    dialect, site = wire_of(case)
    wire = HttpRequest(method="POST", origin="", target=case.path.encode(), body=case.request)
    asked = dialect.decode_rerank_request(wire)
    response = dialect.decode_rerank(asked, case.head, case.body, site)
    body = json.loads(case.body)
    told = [(one["index"], one["relevance_score"]) for one in body.get("results", body.get("data"))]
    assert [(one.index, one.score) for one in response.results] == told
    assert [list(pair) for pair in told] == case.expected.get("results", [list(pair) for pair in told])
    assert all(one.document == asked.documents[one.index] for one in response.results)
    if case.provider == "cohere":
        assert response.searches == 1
    else:
        assert response.usage.input == body["usage"]["total_tokens"]


@pytest.mark.parametrize("folder", RANKS, ids=name)
def test_a_recorded_request_for_ranks_survives_both_ways(folder: Path) -> None:
    case = load(folder)
    dialect, site = wire_of(case)
    wire = HttpRequest(method="POST", origin="", target=case.path.encode(), body=case.request)
    again = dialect.encode_rerank(dialect.decode_rerank_request(wire), site)
    assert isinstance(again.body, bytes)
    assert json.loads(again.body) == json.loads(case.request)
