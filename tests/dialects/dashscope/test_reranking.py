"""Ranks on DashScope's own wire."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialect.protocols import RerankDialect
from baimo.dialects.dashscope import DIALECT
from baimo.dialects.dashscope.address import RERANK
from baimo.dialects.dashscope.reranking import decode_rerank
from baimo.errors import AuthError, InputError, WireError
from baimo.types.rerank import RerankRequest, RerankResponse, ranked
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.dialects.dashscope.asking import JSON, post, site

ASKED = RerankRequest(model="gte-rerank-v2", query="q", documents=("a", "b"))


def test_texts_are_ranked_both_ways() -> None:
    assert isinstance(DIALECT, RerankDialect)
    asked = replace(ASKED, top_n=2, extra={"parameters": {"instruct": "i"}}, headers={"x-a": "b"})
    wire = DIALECT.encode_rerank(asked, site())
    assert wire.target == f"/api/v1{RERANK}".encode()
    assert DIALECT.operation("POST", wire.target, ()) == "rerank"
    assert (b"x-a", b"b") in wire.headers
    assert isinstance(wire.body, bytes)
    assert msgspec.json.decode(wire.body) == {
        "model": "gte-rerank-v2",
        "input": {"query": "q", "documents": ["a", "b"]},
        "parameters": {"top_n": 2, "instruct": "i"},
    }
    assert DIALECT.decode_rerank_request(wire) == replace(asked, headers={})
    response = RerankResponse(
        results=ranked(asked.documents, [(1, 0.9), (0, 0.2)]),
        usage=Usage(input_uncached=7),
        request_id="fake-1",
    )
    again = DIALECT.decode_rerank(asked, JSON, DIALECT.encode_rerank_response(asked, response), site())
    assert [(one.index, one.score, one.document) for one in again.results] == [(1, 0.9, "b"), (0, 0.2, "a")]
    assert (again.usage.input, again.request_id, again.model) == (7, "fake-1", "gte-rerank-v2")


def test_the_texts_themselves_are_sent_where_they_are_asked_for() -> None:
    body = {
        "model": "m",
        "input": {"query": "q", "documents": ["a", {"text": "b"}]},
        "parameters": {"return_documents": True},
    }
    asked = DIALECT.decode_rerank_request(post(body, path=RERANK))
    assert (asked.documents, asked.top_n) == (("a", "b"), None)
    told = msgspec.json.decode(
        DIALECT.encode_rerank_response(asked, RerankResponse(results=ranked(asked.documents, [(1, 0.5)])))
    )
    assert told["output"]["results"] == [{"index": 1, "relevance_score": 0.5, "document": {"text": "b"}}]
    assert told["usage"] == {"total_tokens": 0}


@pytest.mark.parametrize(
    "results", [None, [{"index": 2, "relevance_score": 1}], [{"index": 0, "relevance_score": 1}] * 2, [{}]]
)
def test_what_is_no_list_of_ranks_is_refused(results: Any) -> None:
    body = msgspec.json.encode({"output": {"results": results}})
    with pytest.raises(WireError, match="no list of ranks"):
        decode_rerank(ASKED, JSON, body, site())


def test_a_count_that_is_none_is_not_told() -> None:
    results = [{"index": 0, "relevance_score": 1.0}]
    for usage in ({}, {"usage": {"total_tokens": "7"}}):
        body = msgspec.json.encode({"output": {"results": results}, **usage})
        assert decode_rerank(ASKED, JSON, body, site()).usage == Usage()


def test_a_refusal_is_told() -> None:
    body = b'{"code":"InvalidApiKey","message":"no","request_id":"r"}'
    with pytest.raises(AuthError):
        decode_rerank(ASKED, WireHead(401, JSON.headers), body, site())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"model": "m", "input": {"query": "q", "documents": []}}, "input.documents: a text is required"),
        ({"model": "m", "input": {"query": "q"}}, "no request for ranks"),
        (b"{", "no request for ranks"),
    ],
)
def test_a_wrong_request_is_refused(body: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_rerank_request(post(body, path=RERANK))


def test_nothing_cannot_be_ranked() -> None:
    with pytest.raises(InputError, match="documents is empty"):
        DIALECT.encode_rerank(replace(ASKED, documents=()), site())
