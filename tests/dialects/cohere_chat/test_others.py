"""Vectors, counts and models: what goes out, what comes back, and both as the provider."""

from __future__ import annotations

from array import array
from base64 import b64encode
from typing import Any

import msgspec
import pytest

from baimo.dialects.cohere_chat import DIALECT, counting
from baimo.dialects.cohere_chat.whole import decode_body
from baimo.errors import AuthError, Error, InputError, ServerError, UnsupportedError, WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.models import ModelInfo
from baimo.types.rerank import RerankRequest, RerankResponse, ranked
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead
from tests.dialects.cohere_chat.asking import JSON, posted, site

ONE = EmbedRequest(model="e", inputs=("a",))


def vectors_of(embeddings: Any, request: EmbedRequest = ONE) -> list[list[float]]:
    body = msgspec.json.encode({"embeddings": embeddings, "meta": {"billed_units": {"input_tokens": 2}}})
    response = DIALECT.decode_embed(request, JSON, body)
    assert response.usage.input == 2
    return response.vectors


def test_vectors_are_asked_for_with_what_they_are_for() -> None:
    wire = DIALECT.encode_embed(ONE, site())
    assert isinstance(wire.body, bytes)
    assert wire.target == b"/v2/embed"
    assert msgspec.json.decode(wire.body) == {
        "model": "e",
        "input_type": "search_document",
        "embedding_types": ["float"],
        "texts": ["a"],
    }
    assert [note.code for note in wire.notes] == ["advice"]
    asked = EmbedRequest(
        model="e", inputs=("a",), dimensions=256, encoding="base64", extra={"input_type": "search_query"}
    )
    wire = DIALECT.encode_embed(asked, site())
    assert isinstance(wire.body, bytes)
    assert not wire.notes
    found = msgspec.json.decode(wire.body)
    assert (found["input_type"], found["output_dimension"]) == ("search_query", 256)
    assert found["embedding_types"] == ["base64"]
    assert DIALECT.decode_embed_request(wire) == asked


@pytest.mark.parametrize(
    ("request_", "kind", "words"),
    [
        (EmbedRequest(model="e", inputs=()), InputError, "inputs is empty"),
        (EmbedRequest(model="e", inputs=((1,),)), UnsupportedError, "no ids of tokens"),
        (EmbedRequest(model="e", inputs=("a",) * 97), UnsupportedError, "takes 96 at most"),
        (EmbedRequest(model="e", inputs=("a",), user="u"), UnsupportedError, "cannot be told user"),
    ],
)
def test_what_cannot_be_embedded_is_refused(request_: EmbedRequest, kind: type[Error], words: str) -> None:
    with pytest.raises(kind, match=words):
        DIALECT.encode_embed(request_, site())


def test_vectors_come_in_several_forms() -> None:
    packed = b64encode(array("f", [0.5, -1.0]).tobytes()).decode()
    assert vectors_of({"float": [[0.5, -1.0]]}) == [[0.5, -1.0]]
    assert vectors_of({"base64": [packed]}) == [[0.5, -1.0]]
    assert vectors_of({"float": None, "int8": [[3, -4]]}) == [[3.0, -4.0]]
    assert vectors_of([[0.5]]) == [[0.5]]


@pytest.mark.parametrize("embeddings", [None, {}, {"float": "x"}, {"base64": [1]}, {"base64": ["AAA="]}])
def test_what_is_no_list_of_vectors_is_refused(embeddings: Any) -> None:
    with pytest.raises(WireError, match="no list of embeddings"):
        vectors_of(embeddings)


def test_there_must_be_a_vector_for_each_text() -> None:
    with pytest.raises(WireError, match="2 vectors for 1 inputs"):
        vectors_of([[1.0], [2.0]])


@pytest.mark.parametrize("forms", [["float"], ["base64"], ["float", "base64"]])
def test_served_vectors_are_read_again(forms: list[str]) -> None:
    body = {"model": "e", "texts": ["a"], "input_type": "clustering", "embedding_types": forms}
    asked = DIALECT.decode_embed_request(posted(body))
    response = EmbedResponse(vectors=[[0.5, 1.0]], usage=Usage(input_uncached=1))
    again = DIALECT.decode_embed(asked, JSON, DIALECT.encode_embed_response(asked, response))
    assert again.vectors == [[0.5, 1.0]]
    assert again.usage.input == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"model": "e", "texts": [], "input_type": "x"}, "texts: holds 0"),
        ({"model": "e", "texts": ["a"]}, "input_type: is required"),
        ({"texts": ["a"]}, "model: is required"),
    ],
)
def test_a_wrong_request_for_vectors_is_refused(body: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_embed_request(posted(body))


def test_forms_that_are_not_made_here_are_refused() -> None:
    body = {"model": "e", "texts": ["a"], "input_type": "x", "embedding_types": ["ubinary"]}
    asked = DIALECT.decode_embed_request(posted(body))
    with pytest.raises(InputError, match="'ubinary' is not made here"):
        DIALECT.encode_embed_response(asked, EmbedResponse(vectors=[[0.5]]))


def test_texts_are_ranked_both_ways() -> None:
    asked = RerankRequest(model="r", query="q", documents=("a", "b"), top_n=2, extra={"priority": 1})
    wire = DIALECT.encode_rerank(asked, site())
    assert wire.target == b"/v2/rerank"
    assert DIALECT.decode_rerank_request(wire) == asked
    response = RerankResponse(results=ranked(asked.documents, [(1, 0.9), (0, 0.2)]))
    again = DIALECT.decode_rerank(asked, JSON, DIALECT.encode_rerank_response(asked, response), site())
    assert [(one.index, one.score, one.document) for one in again.results] == [(1, 0.9, "b"), (0, 0.2, "a")]
    assert again.searches == 1
    plain = DIALECT.encode_rerank(RerankRequest(model="r", query="q", documents=("a",)), site())
    assert isinstance(plain.body, bytes)
    assert msgspec.json.decode(plain.body) == {"model": "r", "query": "q", "documents": ["a"]}


def test_older_callers_may_name_no_model_and_ask_for_the_texts() -> None:
    body = {"query": "q", "documents": ["a", {"text": "b"}], "return_documents": True}
    asked = DIALECT.decode_rerank_request(posted(body))
    assert (asked.model, asked.documents) == ("rerank-english-v2.0", ("a", "b"))
    response = RerankResponse(results=ranked(asked.documents, [(1, 0.9)]), searches=2)
    told = msgspec.json.decode(DIALECT.encode_rerank_response(asked, response))
    assert told["results"] == [{"index": 1, "relevance_score": 0.9, "document": {"text": "b"}}]
    assert told["meta"]["billed_units"] == {"search_units": 2}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"query": " ", "documents": ["a"]}, "query: must not be empty"),
        ({"query": "q", "documents": []}, "documents: list of documents must not be empty"),
        ({"query": "q"}, "documents: is required"),
    ],
)
def test_a_wrong_request_for_ranks_is_refused(body: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_rerank_request(posted(body))


@pytest.mark.parametrize(
    "results", [None, [{"index": 2, "relevance_score": 1}], [{"index": 0, "relevance_score": 1}] * 2, [{}]]
)
def test_what_is_no_list_of_ranks_is_refused(results: Any) -> None:
    asked = RerankRequest(model="r", query="q", documents=("a", "b"))
    with pytest.raises(WireError, match="no list of ranks"):
        DIALECT.decode_rerank(asked, JSON, msgspec.json.encode({"results": results}), site())


def test_nothing_cannot_be_ranked() -> None:
    with pytest.raises(InputError, match="documents is empty"):
        DIALECT.encode_rerank(RerankRequest(model="r", query="q", documents=()), site())


def test_tokens_are_counted_both_ways() -> None:
    wire = DIALECT.encode_count(CountRequest(model="m", text="Hi you", headers={"X-A": "b"}), site())
    assert (wire.target, (b"X-A", b"b") in wire.headers) == (b"/v1/tokenize", True)
    assert DIALECT.decode_count_request(wire) == CountRequest(model="m", text="Hi you")
    count = TokenCount(tokens=2, pieces=("Hi", " you"))
    assert DIALECT.decode_count(JSON, DIALECT.encode_token_count(count), site()) == count
    with pytest.raises(WireError, match="no list of tokens"):
        DIALECT.decode_count(JSON, b"{}", site())


def test_a_text_that_is_too_long_to_count_is_refused() -> None:
    for text in ("", "a" * (counting.MOST + 1)):
        with pytest.raises(InputError, match="from 1 to 65536"):
            DIALECT.encode_count(CountRequest(model="m", text=text), site())
        with pytest.raises(InputError, match="from 1 to 65536"):
            DIALECT.decode_count_request(posted({"model": "m", "text": text}))


def test_models_are_listed_both_ways() -> None:
    assert DIALECT.encode_models(site()).target == b"/v1/models?page_size=1000"
    models = (
        ModelInfo(id="command-a", provider="cohere", context=1000, capabilities=("chat", "vision")),
        ModelInfo(id="embed", provider="cohere", capabilities=("embed",), remark="deprecated"),
        ModelInfo(id="bare", provider="cohere"),
    )
    found = DIALECT.decode_models(JSON, DIALECT.encode_model_list(models), site())
    assert [(one.id, one.context, one.capabilities, one.remark) for one in found] == [
        ("command-a", 1000, ("chat", "vision"), None),
        ("embed", None, ("embed",), "deprecated"),
        ("bare", None, (), None),
    ]
    assert [one.input_modalities for one in found] == [("text", "image"), ("text",), ()]
    assert [one.output_modalities for one in found] == [("text",), (), ()]


def test_a_model_is_described_both_ways() -> None:
    wire = DIALECT.encode_describe("command-a/x", site())
    assert wire.target == b"/v1/models/command-a%2Fx"
    assert DIALECT.decode_describe_request(wire) == "command-a/x"
    info = ModelInfo(id="m", provider="cohere", context=7, capabilities=("chat",))
    assert DIALECT.decode_describe("m", JSON, DIALECT.encode_description(info), site()).context == 7
    with pytest.raises(InputError, match="names no model"):
        DIALECT.decode_describe_request(HttpRequest(method="GET", origin="", target=b"/v1/models/"))


def test_odd_models_are_passed_over() -> None:
    body = b'{"models":[1,{"name":1},{"name":"m","endpoints":"x","features":[1]}]}'
    (found,) = DIALECT.decode_models(JSON, body, site())
    assert (found.id, found.capabilities) == ("m", ())
    with pytest.raises(WireError, match="'models'"):
        DIALECT.decode_models(JSON, b"{}", site())


def test_a_body_that_is_no_good_reply_is_refused() -> None:
    with pytest.raises(AuthError):
        decode_body(WireHead(401), b'{"message":"no"}')
    with pytest.raises(ServerError, match="gone"):
        decode_body(JSON, b'{"message":"gone"}')
    for body, words in ((b" ", "empty body"), (b"<p>", "a page"), (b"[1]", "no object")):
        with pytest.raises(WireError, match=words):
            decode_body(JSON, body)
