"""Embeddings: one text a request, base64 in JSON in base64."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.dialect.protocols import EmbedDialect, Site
from baimo.dialects.spark_ws import DIALECT
from baimo.errors import (
    AuthError,
    ConfigError,
    InputError,
    RateLimitedError,
    UnsupportedError,
    WireError,
)
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.wire.http import HttpRequest, WireHead
from tests.dialects.spark_ws.asking import site

OK = WireHead(200)


def request(*inputs: Any, **fields: Any) -> EmbedRequest:
    return EmbedRequest(**{"model": "embedding", "inputs": inputs or ("火",), **fields})


def body(asked: EmbedRequest, at: Site | None = None) -> dict[str, Any]:
    wire = DIALECT.encode_embed(asked, at or site())
    assert isinstance(wire.body, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(wire.body)
    return decoded


def test_it_meets_the_protocol_and_takes_one_text() -> None:
    assert isinstance(DIALECT, EmbedDialect)
    assert DIALECT.most_inputs == 1


def test_the_request_is_as_the_providers_package_makes_it() -> None:
    sent = body(request(user="u1"))
    text = sent["payload"]["messages"].pop("text")
    assert b64decode(text) == b'{"messages": [{"content": "\\u706b", "role": "user"}]}'
    assert sent == {
        "header": {"app_id": "a1b2c3d4", "status": 3, "uid": "u1"},
        "parameter": {"emb": {"domain": "para", "feature": {"encoding": "utf8"}}},
        "payload": {"messages": {}},
    }


@pytest.mark.parametrize(
    ("model", "domain"),
    [
        ("embedding", "para"),
        ("embedding-para", "para"),
        ("Embedding-Query", "query"),
        ("query", "query"),
        ("para", "para"),
    ],
)
def test_a_models_name_tells_texts_from_questions(model: str, domain: str) -> None:
    assert body(request(model=model))["parameter"]["emb"]["domain"] == domain


def test_a_domain_may_be_given() -> None:
    at = site(embed_domains={"mine": "d9"})
    assert body(request(model="mine"), at)["parameter"]["emb"]["domain"] == "d9"
    with pytest.raises(InputError, match="there is mine, para, query"):
        body(request(model="ada"), at)


@pytest.mark.parametrize(
    ("at", "url"),
    [
        (site(), "https://emb-cn-huabei-1.xf-yun.com/"),
        (site("https://spark-api.xf-yun.com/v3.5/chat"), "https://emb-cn-huabei-1.xf-yun.com/"),
        (site("ws://127.0.0.1:9"), "http://127.0.0.1:9/"),
        (site("wss://h.example/base"), "https://h.example/base/"),
        (site("wss://h.example/v3.5/chat"), "https://h.example/"),
        (site(embed_url="https://spark-api.xf-yun.com/emb"), "https://spark-api.xf-yun.com/emb/"),
    ],
)
def test_vectors_are_made_at_an_address_of_their_own(at: Site, url: str) -> None:
    wire = DIALECT.encode_embed(request(), at)
    assert (wire.method, wire.url) == ("POST", url)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (request("a", "b"), "one text a request, not 2"),
        (EmbedRequest(model="embedding", inputs=()), "not 0"),
        (request((1, 2)), "no token ids"),
        (request(dimensions=5), "number of dimensions"),
        (request(encoding="float"), "numbers as text"),
        (request(user="u" * 33), "more than 32"),
    ],
)
def test_what_cannot_be_said_is_refused(asked: EmbedRequest, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        body(asked)


def test_dropped_wishes_are_noted() -> None:
    asked = request(dimensions=5, encoding="float", user="u" * 33, unsupported="drop")
    wire = DIALECT.encode_embed(asked, site())
    assert [note.code for note in wire.notes] == ["dropped"] * 3


def test_extra_and_headers_are_the_last_word() -> None:
    asked = request(extra={"header": {"uid": "z"}}, headers={"X-A": "b"})
    assert body(asked)["header"] == {"app_id": "a1b2c3d4", "status": 3, "uid": "z"}
    assert (b"X-A", b"b") in DIALECT.encode_embed(asked, site()).headers


def test_an_app_id_is_needed() -> None:
    with pytest.raises(ConfigError, match="needs an app_id"):
        body(request(), Site(base_url="wss://spark-api.xf-yun.com"))


@given(numbers=st.lists(st.floats(width=32, allow_nan=False), max_size=4))
def test_a_vector_served_is_read_again(numbers: list[float]) -> None:
    reply = DIALECT.encode_embed_response(request(), EmbedResponse(vectors=[numbers], request_id="emb1"))
    read = DIALECT.decode_embed(request(), OK, reply)
    assert (read.vectors, read.model, read.request_id) == ([numbers], "embedding", "emb1")


def test_numbers_are_little_endian_floats() -> None:
    text = b64encode(bytes.fromhex("0000003f0000a0bf")).decode()
    reply = msgspec.json.encode({"header": {"code": 0}, "payload": {"feature": {"text": text}}})
    assert DIALECT.decode_embed(request(), OK, reply).vectors == [[0.5, -1.25]]


@pytest.mark.parametrize(
    "reply",
    [
        b"[]",
        b"{}",
        b'{"header":{"code":0},"payload":{"feature":{}}}',
        b'{"header":{"code":0},"payload":{"feature":{"text":"AAA="}}}',
        b'{"header":{"code":0},"payload":{"feature":{"text":"!"}}}',
        b"no",
    ],
)
def test_a_reply_without_a_vector_is_no_reply(reply: bytes) -> None:
    with pytest.raises(WireError):
        DIALECT.decode_embed(request(), OK, reply)


@pytest.mark.parametrize("status", [200, 500])
def test_a_refusal_is_told_by_its_number(status: int) -> None:
    reply = b'{"header":{"code":11202,"message":"licence: too fast","sid":"emb2"}}'
    with pytest.raises(RateLimitedError) as caught:
        DIALECT.decode_embed(request(), WireHead(status), reply)
    assert (caught.value.status, caught.value.provider_code, caught.value.request_id) == (
        status,
        "11202",
        "emb2",
    )
    assert caught.value.retryable


def test_the_gateways_words_are_understood() -> None:
    with pytest.raises(AuthError) as caught:
        DIALECT.decode_embed(request(), WireHead(401), b'{"message":"HMAC signature does not match, really"}')
    assert "APISecret" in (caught.value.hint or "")


def served(raw: Any) -> HttpRequest:
    whole = raw if isinstance(raw, bytes) else msgspec.json.encode(raw)
    return HttpRequest(method="POST", origin="http://h", target=b"/", body=whole)


def test_what_we_send_we_can_read() -> None:
    asked = request("火 and fire", user="u", model="query")
    assert DIALECT.decode_embed_request(DIALECT.encode_embed(asked, site())) == asked


def test_a_body_in_pieces_is_read_whole() -> None:
    raw = msgspec.json.encode(body(request()))

    class Pieces:
        length = len(raw)

        def chunks(self) -> Any:
            return iter((raw[:9], raw[9:]))

    wire = HttpRequest(method="POST", origin="http://h", target=b"/", body=Pieces())
    assert DIALECT.decode_embed_request(wire).inputs == ("火",)


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        {"header": {"app_id": "a"}},
        {**body(request()), "payload": {"messages": {"text": "!"}}},
        {**body(request()), "payload": {"messages": {"text": "e30="}}},
    ],
)
def test_a_body_that_is_wrong_is_refused(raw: Any) -> None:
    with pytest.raises(InputError):
        DIALECT.decode_embed_request(served(raw))
