"""Embeddings and counts of tokens, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from baimo.dialect.protocols import CountDialect, EmbedDialect, ServedDialect
from baimo.dialects.hunyuan import DIALECT
from baimo.errors import InputError, QuotaError, RateLimitedError, UnsupportedError, WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.dialects.hunyuan.asking import JSON, SITE, heads, post

ONE = EmbedRequest(model="hunyuan-embedding", inputs=("春",))
TWO = EmbedRequest(model="hunyuan-embedding", inputs=("春", "夏"))


def body_of(request: EmbedRequest) -> Any:
    return msgspec.json.decode(bytes(DIALECT.encode_embed(request, SITE).body))  # type: ignore[arg-type]


def test_the_dialect_can_do_what_its_wire_can() -> None:
    assert isinstance(DIALECT, EmbedDialect)
    assert isinstance(DIALECT, CountDialect)
    assert isinstance(DIALECT, ServedDialect)
    assert DIALECT.most_inputs == 50


def test_one_text_is_an_input_and_several_are_a_list() -> None:
    assert body_of(ONE) == {"Input": "春"}
    assert body_of(TWO) == {"InputList": ["春", "夏"]}
    wire = DIALECT.encode_embed(replace(ONE, extra={"X": 1}, headers={"X-Own": "a"}), SITE)
    assert heads(wire)["x-tc-action"] == "GetEmbedding"
    assert heads(wire)["x-own"] == "a"
    assert msgspec.json.decode(bytes(wire.body))["X"] == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "kind", "says"),
    [
        ({"inputs": ()}, InputError, "inputs is empty"),
        ({"inputs": ((1, 2),)}, UnsupportedError, "not ids of tokens"),
        ({"inputs": ("a",) * 51}, UnsupportedError, "50 at most"),
        ({"dimensions": 256}, UnsupportedError, "1024"),
        ({"user": "u"}, UnsupportedError, "user"),
        ({"encoding": "base64"}, UnsupportedError, "base64"),
    ],
)
def test_what_cannot_be_embedded_is_told(changes: dict[str, Any], kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        DIALECT.encode_embed(replace(ONE, **changes), SITE)


def test_wishes_may_be_dropped_with_notes() -> None:
    asked = replace(ONE, dimensions=3, user="u", encoding="base64", unsupported="drop")
    wire = DIALECT.encode_embed(asked, SITE)
    assert [note.code for note in wire.notes] == ["dropped"] * 3
    assert DIALECT.encode_embed(replace(ONE, dimensions=1024, encoding="float"), SITE).notes == ()


def reply(*entries: Any, **fields: Any) -> bytes:
    return msgspec.json.encode({"Response": {"Data": entries, "RequestId": "r-1", **fields}})


def test_vectors_come_in_the_order_of_the_texts() -> None:
    raw = reply(
        {"Embedding": [0.5, 1], "Index": 1, "Object": "embedding"},
        {"Embedding": [0.25, 2], "Index": 0, "Object": "embedding"},
        Usage={"PromptTokens": 3, "TotalTokens": 3},
    )
    found = DIALECT.decode_embed(TWO, JSON, raw)
    assert found.vectors == [[0.25, 2.0], [0.5, 1.0]]
    assert found.usage.input == 3
    assert found.request_id == "r-1"


def test_places_and_counts_may_be_missing() -> None:
    found = DIALECT.decode_embed(TWO, JSON, reply({"Embedding": [1]}, {"Embedding": [2]}, Usage=None))
    assert found.vectors == [[1.0], [2.0]]
    assert found.usage == Usage()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (reply({"Embedding": [1]}), "1 vectors for 2"),
        (reply({"Embedding": [1], "Index": 0}, {"Embedding": [1], "Index": 0}), "twice or out of range"),
        (reply({"Embedding": [1], "Index": 5}, {"Embedding": [1], "Index": 0}), "twice or out of range"),
        (reply({"Embedding": "x"}, {}), "no list of embeddings"),
        (b'{"Response":{}}', "no list of embeddings"),
        (b"", "an empty body"),
    ],
)
def test_a_reply_that_is_not_what_was_asked_for_is_told(raw: bytes, says: str) -> None:
    with pytest.raises(WireError, match=says):
        DIALECT.decode_embed(TWO, JSON, raw)


def test_a_refusal_is_one_whatever_its_status() -> None:
    refused = b'{"Response":{"Error":{"Code":"LimitExceeded","Message":"no"},"RequestId":"r"}}'
    with pytest.raises(QuotaError):
        DIALECT.decode_embed(ONE, JSON, refused)
    with pytest.raises(RateLimitedError):
        DIALECT.decode_embed(ONE, WireHead(429), b"")


def test_what_we_ask_and_serve_we_can_read() -> None:
    for asked in (ONE, TWO):
        assert DIALECT.decode_embed_request(DIALECT.encode_embed(asked, SITE)) == asked
    made = EmbedResponse(vectors=[[0.5], [1.0]], usage=Usage(input_uncached=4), request_id="r-2")
    again = DIALECT.decode_embed(TWO, JSON, DIALECT.encode_embed_response(TWO, made))
    assert (again.vectors, again.usage.input, again.request_id) == (made.vectors, 4, "r-2")
    bare = DIALECT.encode_embed_response(ONE, EmbedResponse(vectors=[[1.0]]))
    assert msgspec.json.decode(bare)["Response"]["Usage"] == {"PromptTokens": 0, "TotalTokens": 0}


class Pieces:
    """A body that comes in pieces."""

    length = None

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    def chunks(self) -> Iterator[bytes]:
        yield from self._pieces


def test_a_served_body_may_come_in_pieces() -> None:
    embed = replace(post(b""), body=Pieces(b'{"Input":', b'"a"}'))
    assert DIALECT.decode_embed_request(embed).inputs == ("a",)
    count = replace(post(b""), body=Pieces(b'{"Prompt":', b'"a"}'))
    assert DIALECT.decode_count_request(count).text == "a"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "is required"),
        ({"InputList": []}, "is required"),
        ({"InputList": ["a"] * 51}, "50 are the most"),
        ({"Input": 5}, "no request for embeddings"),
        (b"{", "no request for embeddings"),
    ],
)
def test_a_request_for_vectors_that_cannot_be_read_is_told(body: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        DIALECT.decode_embed_request(post(body, "GetEmbedding"))


def test_tokens_are_counted_both_ways() -> None:
    asked = CountRequest(model="hunyuan", text="你是谁", extra={"X": 1}, headers={"X-Own": "a"})
    wire = DIALECT.encode_count(asked, SITE)
    assert heads(wire)["x-tc-action"] == "GetTokenCount"
    assert msgspec.json.decode(bytes(wire.body)) == {"Prompt": "你是谁", "X": 1}  # type: ignore[arg-type]
    assert DIALECT.decode_count_request(wire) == CountRequest(model="hunyuan", text="你是谁")
    count = TokenCount(tokens=2, characters=3, pieces=("你是", "谁"), request_id="r-3")
    assert DIALECT.decode_count(JSON, DIALECT.encode_token_count(count), SITE) == count
    bare = DIALECT.decode_count(JSON, b'{"Response":{"TokenCount":2}}', SITE)
    assert bare == TokenCount(tokens=2)
    assert b'"CharacterCount":0' in DIALECT.encode_token_count(bare)


def test_a_count_that_is_none_is_told() -> None:
    with pytest.raises(WireError, match="no count"):
        DIALECT.decode_count(JSON, b'{"Response":{"TokenCount":"two"}}', SITE)
    with pytest.raises(InputError, match="no request for a count"):
        DIALECT.decode_count_request(post({}, "GetTokenCount"))
