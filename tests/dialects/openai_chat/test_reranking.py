"""Ranks, in the form that providers of this wire added to it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import RerankDialect, Site
from baimo.dialects.openai_chat import DIALECT
from baimo.dialects.openai_chat.reranking import decode_rerank
from baimo.errors import AuthError, InputError, UnsupportedError, WireError
from baimo.types.rerank import RerankRequest, RerankResponse, ranked
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead

ASKED = RerankRequest(model="r", query="q", documents=("a", "b"))
GOOD = WireHead(200, ((b"content-type", b"application/json"),))


def site(**quirks: Any) -> Site:
    return Site(base_url="https://a.example/v1", provider="example", quirks=DIALECT.quirks(quirks))


RANKS = site(paths={"rerank": "/rerank"})


def body(wire: HttpRequest) -> dict[str, Any]:
    assert isinstance(wire.body, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(wire.body)
    return decoded


def answer(content: Any) -> RerankResponse:
    return decode_rerank(ASKED, GOOD, msgspec.json.encode(content), RANKS)


def test_the_dialect_ranks() -> None:
    assert isinstance(DIALECT, RerankDialect)
    assert DIALECT.operation("POST", b"/v1/rerank", ()) == "rerank"
    assert DIALECT.operation("POST", b"/v1/reranks", ()) == "rerank"
    assert DIALECT.operation("GET", b"/v1/rerank", ()) is None


def test_only_a_provider_that_is_known_to_rank_is_asked() -> None:
    with pytest.raises(UnsupportedError, match="example is not known to rank"):
        DIALECT.encode_rerank(ASKED, site())
    with pytest.raises(UnsupportedError, match="this provider is not known"):
        DIALECT.encode_rerank(ASKED, Site(base_url="https://a.example"))
    with pytest.raises(InputError, match="documents is empty"):
        DIALECT.encode_rerank(RerankRequest(model="r", query="q", documents=()), RANKS)


def test_a_request_is_worded_as_the_provider_words_it() -> None:
    asked = RerankRequest(
        model="r", query="q", documents=("a", "b"), top_n=1, extra={"truncation": True}, headers={"X-A": "b"}
    )
    wire = DIALECT.encode_rerank(asked, RANKS)
    assert (wire.origin, wire.target) == ("https://a.example", b"/v1/rerank")
    assert (b"X-A", b"b") in wire.headers
    wanted = {"model": "r", "query": "q", "documents": ["a", "b"], "truncation": True}
    assert body(wire) == {**wanted, "top_n": 1}
    other = site(paths={"rerank": "//compatible-api/v1/reranks"}, renamed={"top_n": "top_k"})
    wire = DIALECT.encode_rerank(asked, other)
    assert wire.target == b"/compatible-api/v1/reranks"
    assert body(wire) == {**wanted, "top_k": 1}
    assert "top_n" not in body(DIALECT.encode_rerank(ASKED, RANKS))


@pytest.mark.parametrize(
    "content",
    [
        {"results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]},
        {"data": [{"index": 0, "relevance_score": 0.1}, {"index": 1, "relevance_score": 0.9}]},
        [{"index": 1, "score": 0.9}, {"index": 0, "score": 0.1}],
    ],
)
def test_ranks_are_read_in_each_form(content: Any) -> None:
    found = answer(content)
    assert [(one.index, one.score, one.document) for one in found.results] == [(1, 0.9, "b"), (0, 0.1, "a")]
    assert found.model == "r"


@pytest.mark.parametrize(
    ("told", "tokens"),
    [
        ({"usage": {"total_tokens": 57}}, 57),
        ({"usage": {"prompt_tokens": 9}}, 9),
        ({"tokens": {"input_tokens": 7, "output_tokens": 0}}, 7),
        ({"meta": {"tokens": {"input_tokens": 5}}}, 5),
        ({"meta": {"billed_units": {"input_tokens": 3}}}, 3),
        ({"usage": {"total_tokens": "x"}, "meta": 1}, None),
        ({}, None),
    ],
)
def test_what_it_took_is_found_wherever_it_is_told(told: dict[str, Any], tokens: int | None) -> None:
    found = answer({"results": [], "model": "other", **told})
    assert (found.usage.input, found.model) == (tokens, "other")


@pytest.mark.parametrize(
    "content", [{}, {"results": [{"index": 5, "score": 1}]}, {"results": [{"index": 0}]}]
)
def test_what_is_no_list_of_ranks_is_refused(content: Any) -> None:
    with pytest.raises(WireError, match="no list of ranks"):
        answer(content)


def test_a_refusal_is_an_error() -> None:
    with pytest.raises(AuthError):
        decode_rerank(ASKED, WireHead(401), b'{"error":{"message":"no"}}', RANKS)


def posted(body: dict[str, Any] | bytes) -> HttpRequest:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HttpRequest(method="POST", origin="http://here", target=b"/v1/rerank", body=raw)


def test_a_callers_request_is_understood() -> None:
    asked = DIALECT.decode_rerank_request(
        posted({"model": "r", "query": "q", "documents": ["a", {"text": "b"}], "top_k": 1, "x": 1})
    )
    assert asked == RerankRequest(model="r", query="q", documents=("a", "b"), top_n=1, extra={"x": 1})

    class Pieces:
        def chunks(self) -> list[bytes]:
            return [b'{"model":"r","query":"q",', b'"documents":["a"],"top_n":2}']

    wire = msgspec.structs.replace(posted(b""), body=Pieces())
    assert DIALECT.decode_rerank_request(wire).top_n == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "no valid JSON"),
        ({"model": "r", "query": "q", "documents": []}, "documents: must hold at least one"),
        ({"model": "r", "documents": ["a"]}, "query: is required"),
    ],
)
def test_a_wrong_request_is_refused(body: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_rerank_request(posted(body))


def test_served_ranks_are_read_again() -> None:
    asked = DIALECT.decode_rerank_request(
        posted({"model": "r", "query": "q", "documents": ["a", "b"], "return_documents": True})
    )
    response = RerankResponse(results=ranked(asked.documents, [(1, 0.9)]), usage=Usage(input_uncached=4))
    body = DIALECT.encode_rerank_response(asked, response)
    assert msgspec.json.decode(body)["results"][0]["document"] == {"text": "b"}
    again = DIALECT.decode_rerank(asked, GOOD, body, RANKS)
    assert again.results == response.results
    assert again.usage.input == 4
    plain = DIALECT.encode_rerank_response(ASKED, RerankResponse(results=ranked(("a", "b"), [(0, 1.0)])))
    assert "document" not in msgspec.json.decode(plain)["results"][0]
