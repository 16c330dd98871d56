"""Vectors by InvokeModel, in the words of both makers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialects.bedrock_converse import DIALECT
from baimo.dialects.bedrock_converse.embeddings import decode_embed
from baimo.errors import InputError, InvalidRequestError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.dialects.bedrock_converse.asking import JSON, posted, site

ONE = EmbedRequest(model="amazon.titan-embed-text-v2:0", inputs=("a",))
TWO = EmbedRequest(model="cohere.embed-v4:0", inputs=("a", "你"))
COHERE = site(embeddings="cohere")
HERE = "/model/amazon.titan-embed-text-v2%3A0/invoke"


def sent(asked: EmbedRequest, **quirks: Any) -> dict[str, Any]:
    wire = DIALECT.encode_embed(asked, site(**quirks))
    assert wire.target.endswith(b"%3A0/invoke")
    assert isinstance(wire.body, bytes)
    body: dict[str, Any] = msgspec.json.decode(wire.body)
    return body


def test_amazons_models_take_one_text_a_call() -> None:
    assert sent(ONE) == {"inputText": "a"}
    full = replace(ONE, dimensions=256, extra={"normalize": False}, headers={"x-a": "b"})
    assert sent(full) == {"inputText": "a", "dimensions": 256, "normalize": False}
    assert (b"x-a", b"b") in DIALECT.encode_embed(full, site()).headers
    assert DIALECT.most_inputs(ONE.model, site()) == 1
    with pytest.raises(UnsupportedError, match="holds 2 texts; one request takes 1"):
        DIALECT.encode_embed(TWO, site())
    assert (
        DIALECT.encode_embed(ONE, msgspec.structs.replace(site(), quirks=None)).body == b'{"inputText":"a"}'
    )


def test_coheres_models_are_told_what_the_texts_are_for() -> None:
    assert sent(TWO, embeddings="cohere") == {"texts": ["a", "你"], "input_type": "search_document"}
    assert [note.code for note in DIALECT.encode_embed(TWO, COHERE).notes] == ["advice"]
    asked = replace(TWO, dimensions=256, extra={"input_type": "search_query"})
    assert sent(asked, embeddings="cohere")["output_dimension"] == 256
    assert DIALECT.encode_embed(asked, COHERE).notes == ()
    assert DIALECT.most_inputs(TWO.model, COHERE) == 96


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": ()}, "at least one text"),
        ({"inputs": ("a", (1, 2))}, "not ids of tokens"),
        ({"user": "u"}, "user"),
        ({"encoding": "base64"}, "base64"),
    ],
)
def test_what_cannot_be_asked_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.encode_embed(replace(ONE, **changes), site())


def test_what_may_be_dropped_is_noted() -> None:
    wire = DIALECT.encode_embed(replace(ONE, user="u", encoding="base64", unsupported="drop"), site())
    assert [note.code for note in wire.notes] == ["dropped", "dropped"]


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        (ONE, {"embedding": [1, 0.5], "inputTextTokenCount": 7, "embeddingsByType": {"float": [1, 0.5]}}),
        (replace(TWO, inputs=("a",)), {"embeddings": [[1, 0.5]], "id": "x"}),
        (replace(TWO, inputs=("a",)), {"embeddings": {"float": [[1, 0.5]]}, "id": "x"}),
    ],
)
def test_vectors_are_read_in_each_form(asked: EmbedRequest, body: dict[str, Any]) -> None:
    raw = msgspec.json.encode(body)
    told = decode_embed(asked, JSON, raw)
    assert (told.vectors, told.usage.input) == ([[1.0, 0.5]], body.get("inputTextTokenCount"))
    counted = WireHead(200, (*JSON.headers, (b"x-amzn-bedrock-input-token-count", b"9")))
    assert decode_embed(asked, counted, raw).usage.input == 9


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"embedding":"x"}', b'{"embeddings":[[1],[2]]}'])
def test_what_is_no_list_of_vectors_is_told(body: bytes) -> None:
    with pytest.raises(WireError, match=r"no list of embeddings|2 vectors for 1 inputs"):
        decode_embed(ONE, JSON, body)


def test_a_refusal_is_told() -> None:
    head = WireHead(400, ((b"x-amzn-errortype", b"ValidationException"),))
    with pytest.raises(InvalidRequestError, match="no such"):
        decode_embed(ONE, head, b'{"message":"no such"}')


@pytest.mark.parametrize("types", [{}, {"embedding_types": ["float"]}])
def test_what_is_served_is_read_in_both_forms(types: dict[str, Any]) -> None:
    one = DIALECT.decode_embed_request(DIALECT.encode_embed(replace(ONE, dimensions=2), site()))
    assert one == replace(ONE, dimensions=2)
    made = EmbedResponse(vectors=[[1.0, 0.0]], usage=Usage(input_uncached=3))
    told = decode_embed(one, JSON, DIALECT.encode_embed_response(one, made))
    assert (told.vectors, told.usage.input) == ([[1.0, 0.0]], 3)
    two = replace(TWO, dimensions=2, extra={"input_type": "search_query", **types})
    assert DIALECT.decode_embed_request(DIALECT.encode_embed(two, COHERE)) == two
    both = EmbedResponse(vectors=[[1.0, 0.0], [0.0, 1.0]])
    assert decode_embed(two, JSON, DIALECT.encode_embed_response(two, both)).vectors == both.vectors


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"texts": ["a"]}, r"required key \[input_type\]"),
        ({"texts": [], "input_type": "search_query"}, r"required key \[inputText\]"),
        ({}, r"required key \[inputText\]"),
        ({"inputText": 1}, "no request for embeddings"),
        (b"{", "no request for embeddings"),
    ],
)
def test_a_wrong_request_is_refused(body: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_embed_request(posted(body, HERE))
