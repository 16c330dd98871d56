"""Embeddings and counts of tokens, both ways."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.dashscope import DIALECT
from baimo.dialects.dashscope.address import COUNT, EMBED
from baimo.dialects.dashscope.counting import decode_count_request
from baimo.dialects.dashscope.embeddings import most_inputs
from baimo.errors import InputError, NotFoundError, UnsupportedError, WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.dialects.dashscope.asking import JSON, body_of, post, site


def wanted(*texts: str, model: str = "text-embedding-v4", **fields: Any) -> EmbedRequest:
    return EmbedRequest(model=model, inputs=texts or ("a", "b"), **fields)


def test_texts_go_out_with_their_dimensions() -> None:
    wire = DIALECT.encode_embed(wanted(dimensions=64, extra={"parameters": {"text_type": "query"}}), site())
    assert wire.target.decode().endswith(EMBED)
    assert body_of(wire) == {
        "model": "text-embedding-v4",
        "input": {"texts": ["a", "b"]},
        "parameters": {"dimension": 64, "text_type": "query"},
    }


def test_a_request_takes_as_many_texts_as_its_model() -> None:
    assert DIALECT.most_inputs("text-embedding-v4", Site(base_url="https://a.example")) == 10
    assert most_inputs("text-embedding-v2") == 25
    assert most_inputs("brand-new") == 10
    with pytest.raises(UnsupportedError, match="10 at most"):
        DIALECT.encode_embed(wanted(*"abcdefghijk"), site())
    old = wanted(*"abcdefghijk", model="text-embedding-v1", dimensions=1536)
    assert body_of(DIALECT.encode_embed(old, site()))["parameters"] == {}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (EmbedRequest(model="m", inputs=()), "at least one"),
        (EmbedRequest(model="m", inputs=((1, 2),)), "not ids of tokens"),
        (wanted(user="u"), "user"),
        (wanted(encoding="base64"), "base64"),
        (wanted(model="text-embedding-v2", dimensions=64), "64 dimensions"),
    ],
)
def test_what_cannot_be_embedded_is_refused(asked: EmbedRequest, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.encode_embed(asked, site())


def test_vectors_come_in_the_order_of_the_texts() -> None:
    asked = wanted()
    raw = DIALECT.encode_embed_response(
        asked, EmbedResponse(vectors=[[1.0], [2.0]], usage=Usage(input_uncached=3), request_id="r-1")
    )
    told = msgspec.json.decode(raw)
    told["output"]["embeddings"].reverse()
    got = DIALECT.decode_embed(asked, JSON, msgspec.json.encode(told))
    assert (got.vectors, got.usage.input, got.request_id) == ([[1.0], [2.0]], 3, "r-1")
    bare = {"output": {"embeddings": [{"embedding": [1]}, {"embedding": [2]}]}}
    got = DIALECT.decode_embed(asked, JSON, msgspec.json.encode(bare))
    assert (got.vectors, got.usage.input, got.request_id) == ([[1.0], [2.0]], None, None)


@pytest.mark.parametrize(
    ("embeddings", "words"),
    [
        (3, "no list of embeddings"),
        ([{"embedding": [1]}], "1 embeddings for 2"),
        ([{"embedding": [1], "text_index": 1}, {"embedding": [1], "text_index": 1}], "twice or out of range"),
        ([{"embedding": [1], "text_index": 7}, {"embedding": [1]}], "out of range"),
    ],
)
def test_vectors_that_fit_no_texts_are_an_error(embeddings: Any, words: str) -> None:
    raw = msgspec.json.encode({"output": {"embeddings": embeddings}})
    with pytest.raises(WireError, match=words):
        DIALECT.decode_embed(wanted(), JSON, raw)


def test_a_refusal_of_embeddings_is_one() -> None:
    raw = b'{"code":"InvalidParameter","message":"Model not exist.","request_id":"r"}'
    with pytest.raises(NotFoundError):
        DIALECT.decode_embed(wanted(), WireHead(400), raw)


def test_a_callers_texts_are_understood() -> None:
    told = {"model": "m", "input": {"texts": ["a"]}, "parameters": {"dimension": 64, "text_type": "query"}}
    asked = DIALECT.decode_embed_request(post(told, path=EMBED))
    assert (asked.inputs, asked.dimensions) == (("a",), 64)
    assert body_of(DIALECT.encode_embed(asked, site())) == told
    bare = DIALECT.decode_embed_request(post({"model": "m", "input": {"texts": ["a"]}}, path=EMBED))
    assert bare.extra == {}
    for wrong in ({"model": "m"}, {"model": "m", "input": {"texts": []}}, b"{"):
        with pytest.raises(InputError):
            DIALECT.decode_embed_request(post(wrong, path=EMBED))
    with pytest.raises(InputError, match="not be larger than 10"):
        DIALECT.decode_embed_request(post({"model": "m", "input": {"texts": ["a"] * 11}}, path=EMBED))


def test_tokens_are_counted() -> None:
    wire = DIALECT.encode_count(CountRequest(model="qwen-plus", text="Hi"), site())
    assert wire.target.decode().endswith(COUNT)
    assert DIALECT.decode_count_request(wire) == CountRequest(model="qwen-plus", text="Hi")
    count = TokenCount(tokens=2, pieces=("H", "i"), request_id="r-1")
    assert DIALECT.decode_count(JSON, DIALECT.encode_token_count(count), site()) == count
    with pytest.raises(WireError, match="no count"):
        DIALECT.decode_count(JSON, b'{"output":{}}', site())


def test_a_caller_may_count_a_prompt() -> None:
    told = {"model": "m", "input": {"prompt": "Hi"}}
    assert decode_count_request(post(told, path=COUNT)).text == "Hi"
    assert decode_count_request(post({"model": "m", "input": {}}, path=COUNT)).text == ""
    with pytest.raises(InputError, match="no request for a count"):
        decode_count_request(post(b"{", path=COUNT))
