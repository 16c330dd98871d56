"""Embeddings, both ways."""

from __future__ import annotations

import struct
import sys
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.dialects.openai_chat import DIALECT
from baimo.dialects.openai_chat.embeddings import from_base64, to_base64
from baimo.errors import InputError, ProviderError, RateLimitedError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead
from tests.dialects.openai_chat.asking import site

HEAD = WireHead(200, ((b"content-type", b"application/json"),))
TWO = EmbedRequest(model="e", inputs=("a", "b"))


def read(body: Any, request: EmbedRequest = TWO, status: int = 200) -> EmbedResponse:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return DIALECT.decode_embed(request, WireHead(status, HEAD.headers), raw)


def entry(vector: Any, **fields: Any) -> dict[str, Any]:
    return {"object": "embedding", "embedding": vector, **fields}


def test_vectors_come_in_the_order_of_the_inputs() -> None:
    response = read(
        {
            "data": [entry([3.0, 4.0], index=1), entry([1, 2], index=0)],
            "model": "e-1",
            "usage": {"prompt_tokens": 4, "total_tokens": 4},
        }
    )
    assert response.vectors == [[1.0, 2.0], [3.0, 4.0]]
    assert (response.model, response.usage.input) == ("e-1", 4)


def test_base64_is_little_endian_and_may_come_unasked() -> None:
    packed = b64encode(struct.pack("<3f", 0.5, -0.25, 1.0)).decode()
    response = read({"data": [entry(packed), entry([1.0])]})
    assert response.vectors == [[0.5, -0.25, 1.0], [1.0]]
    assert (response.model, response.usage.input) == ("e", None)


def test_a_machine_of_the_other_byte_order_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "byteorder", "big")
    assert from_base64(b64encode(struct.pack(">f", 0.5)).decode()) == [0.5]
    assert to_base64([0.5]) == b64encode(struct.pack(">f", 0.5)).decode()


BAD: list[tuple[Any, str]] = [
    ({"data": []}, "0 vectors for 2 inputs"),
    ({"data": None}, "no list of embeddings"),
    ({}, "no list of embeddings"),
    ({"data": [entry([1.0], index=0), entry([1.0], index=0)]}, r"data\[1\]\.index' is 0"),
    ({"data": [entry([1.0], index=5), entry([1.0])]}, r"data\[0\]\.index' is 5"),
    ({"data": [entry("?"), entry([1.0])]}, "no base64"),
    ({"data": [entry("AAA="), entry([1.0])]}, "no base64"),
    (b"", "empty body"),
    (b"<html>", "a page"),
    (b"{", "no JSON"),
    (b'{"data":[{"embedding":[\xff]}]}', "no JSON|no list"),
]


@pytest.mark.parametrize(("body", "words"), BAD)
def test_what_is_no_list_of_vectors_is_a_wire_error(body: Any, words: str) -> None:
    with pytest.raises(WireError, match=words):
        read(body)


def test_refusals_are_told_apart_under_any_status() -> None:
    with pytest.raises(RateLimitedError):
        read({"error": {"message": "slow", "code": "rate_limit_exceeded"}}, status=429)
    with pytest.raises(ProviderError, match="rate limit"):
        read({"base_resp": {"status_code": 1002, "status_msg": "rate limit"}, "data": None})


def test_a_request_goes_out_with_what_was_asked() -> None:
    request = EmbedRequest(
        model="e",
        inputs=((1, 2), (3,)),
        dimensions=8,
        user="u",
        encoding="base64",
        extra={"input_type": "query"},
        headers={"x-a": "b"},
    )
    wire = DIALECT.encode_embed(request, site())
    assert wire.url == "https://api.example/v1/embeddings"
    assert (b"x-a", b"b") in wire.headers
    assert isinstance(wire.body, bytes)
    assert msgspec.json.decode(wire.body) == {
        "model": "e",
        "input": [[1, 2], [3]],
        "dimensions": 8,
        "user": "u",
        "encoding_format": "base64",
        "input_type": "query",
    }


def test_a_field_goes_by_the_name_that_the_provider_gives_it() -> None:
    renamed = DIALECT.quirks({"renamed": {"dimensions": "output_dimension"}})
    request = EmbedRequest(model="e", inputs=("a",), dimensions=8, extra={"dimensions": 9})
    wire = DIALECT.encode_embed(request, msgspec.structs.replace(site(), quirks=renamed))
    assert isinstance(wire.body, bytes)
    wanted = {"model": "e", "input": ["a"], "output_dimension": 8, "dimensions": 9}
    assert msgspec.json.decode(wire.body) == wanted


def test_what_cannot_be_embedded_is_refused() -> None:
    with pytest.raises(InputError, match="inputs is empty"):
        DIALECT.encode_embed(EmbedRequest(model="e", inputs=()), site())
    with pytest.raises(UnsupportedError, match="dimensions is 0"):
        DIALECT.encode_embed(EmbedRequest(model="e", inputs=("a",), dimensions=0), site())
    with pytest.raises(InputError, match="surrogate"):
        DIALECT.encode_embed(EmbedRequest(model="e", inputs=("\ud83d",)), site())


def asked(body: Any) -> EmbedRequest:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return DIALECT.decode_embed_request(HttpRequest(method="POST", origin="http://h", target=b"/", body=raw))


@pytest.mark.parametrize(
    ("given_input", "inputs"),
    [("a", ("a",)), (["a", "b"], ("a", "b")), ([1, 2], ((1, 2),)), ([[1], [2, 3]], ((1,), (2, 3)))],
)
def test_every_form_of_input_is_read(given_input: Any, inputs: Any) -> None:
    assert asked({"model": "e", "input": given_input}).inputs == inputs


@pytest.mark.parametrize(
    "bad", [b"{", {"model": "e"}, {"model": "e", "input": []}, {"model": "e", "input": ["a", 1]}]
)
def test_a_bad_request_is_refused(bad: Any) -> None:
    with pytest.raises(InputError):
        asked(bad)


def test_a_body_in_pieces_is_read_and_unknown_fields_are_kept() -> None:
    class Pieces:
        length = None

        def chunks(self) -> Iterator[bytes]:
            yield b'{"model":"e","input":'
            yield b'"a","own":1}'

    wire = HttpRequest(method="POST", origin="http://h", target=b"/", body=Pieces())
    assert DIALECT.decode_embed_request(wire).extra == {"own": 1}


@given(
    vectors=st.lists(
        st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=4),
        min_size=2,
        max_size=2,
    ),
    packed=st.booleans(),
)
def test_what_we_serve_we_can_read(vectors: list[list[float]], packed: bool) -> None:
    request = EmbedRequest(model="e", inputs=("a", "b"), encoding="base64" if packed else None)
    response = EmbedResponse(vectors=vectors, usage=Usage(input_uncached=3))
    served = DIALECT.encode_embed_response(request, response)
    again = DIALECT.decode_embed(request, HEAD, served)
    assert again.vectors == vectors
    assert again.usage.input == 3


@given(inputs=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=3))
def test_a_request_survives_both_ways(inputs: list[str]) -> None:
    request = EmbedRequest(
        model="e", inputs=tuple(inputs), dimensions=4, encoding="float", extra={"own": [1]}
    )
    assert DIALECT.decode_embed_request(DIALECT.encode_embed(request, site())) == request
