"""Vectors, counts and models of this wire, both ways."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.gemini import DIALECT
from baimo.dialects.gemini.counting import decode_count
from baimo.dialects.gemini.embeddings import METHOD
from baimo.dialects.gemini.listing import decode_models
from baimo.errors import AuthError, InputError, ServerError, UnsupportedError, WireError
from baimo.types.counting import CountRequest, TokenCount
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.models import ModelInfo
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, WireHead
from tests.dialects.gemini.asking import JSON, posted, site

TWO = EmbedRequest(model="e", inputs=("a", "b"), dimensions=3, extra={"taskType": "RETRIEVAL_QUERY"})


def sent(asked: EmbedRequest, **quirks: Any) -> tuple[str, Any]:
    wire = DIALECT.encode_embed(asked, site(**quirks))
    assert isinstance(wire.body, bytes)
    return wire.target.decode().rpartition(":")[2], msgspec.json.decode(wire.body)


def test_texts_go_in_one_batch() -> None:
    each = {"model": "models/e", "outputDimensionality": 3, "taskType": "RETRIEVAL_QUERY"}
    method, body = sent(TWO)
    assert method == "batchEmbedContents"
    assert body == {"requests": [{**each, "content": {"parts": [{"text": text}]}} for text in "ab"]}


def test_vertex_predicts() -> None:
    method, body = sent(TWO, embed_form="predict")
    assert method == "predict"
    instances = [{"content": text, "task_type": "RETRIEVAL_QUERY"} for text in "ab"]
    assert body == {"instances": instances, "parameters": {"outputDimensionality": 3}}
    plain = EmbedRequest(model="e", inputs=("a",))
    assert sent(plain, embed_form="predict")[1] == {"instances": [{"content": "a"}]}


def test_one_text_a_call_where_that_is_the_form() -> None:
    one = EmbedRequest(model="models/e", inputs=("a",), extra={METHOD: "x"})
    assert sent(one, embed_form="content") == (
        "embedContent",
        {"model": "models/e", "content": {"parts": [{"text": "a"}]}},
    )
    with pytest.raises(UnsupportedError, match="one text a call"):
        sent(TWO, embed_form="content")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (EmbedRequest(model="e", inputs=()), "inputs is empty"),
        (EmbedRequest(model="e", inputs=((1, 2),)), "no token ids"),
        (EmbedRequest(model="e", inputs=("a",), dimensions=0), "must be 1 or more"),
        (EmbedRequest(model="e", inputs=("a",), user="u"), "told user"),
        (EmbedRequest(model="e", inputs=("a",), encoding="base64"), "vectors in base64"),
    ],
)
def test_what_cannot_be_said_is_refused(asked: EmbedRequest, words: str) -> None:
    with pytest.raises(InputError, match=words):
        sent(asked)


def test_without_quirks_vectors_come_in_a_batch() -> None:
    wire = DIALECT.encode_embed(TWO, msgspec.structs.replace(site(), quirks=None))
    assert wire.target.endswith(b":batchEmbedContents")


def vectors(body: Any, asked: EmbedRequest = TWO) -> EmbedResponse:
    return DIALECT.decode_embed(asked, JSON, msgspec.json.encode(body))


def test_vectors_are_read_in_each_form() -> None:
    two = [{"values": [1.0, 2.0]}, {"values": [3.0, 4.0]}]
    found = vectors({"embeddings": two, "usageMetadata": {"promptTokenCount": 4}})
    assert (found.vectors, found.usage.input) == ([[1.0, 2.0], [3.0, 4.0]], 4)
    one = EmbedRequest(model="e", inputs=("a",))
    assert vectors({"embedding": two[0]}, one).vectors == [[1.0, 2.0]]
    told = [{"embeddings": {**each, "statistics": {"token_count": 3}}} for each in two]
    found = vectors({"predictions": told})
    assert (found.vectors, found.usage.input) == ([[1.0, 2.0], [3.0, 4.0]], 6)


@pytest.mark.parametrize(
    "body",
    [
        {"embeddings": [{"values": [1.0]}]},
        {"embeddings": [5, 6]},
        {},
        {"predictions": [5, {"embeddings": {}}]},
        {"predictions": 5},
    ],
)
def test_too_few_vectors_are_an_error(body: Any) -> None:
    with pytest.raises(WireError):
        vectors(body)


def asked(body: Any, method: str) -> EmbedRequest:
    return DIALECT.decode_embed_request(posted(body, f"/v1beta/models/e:{method}"))


@pytest.mark.parametrize("form", ["batch", "predict"])
def test_a_callers_texts_survive_both_ways(form: str) -> None:
    method, body = sent(TWO, embed_form=form)
    found = asked(body, method)
    assert found == msgspec.structs.replace(TWO, extra={METHOD: method, "taskType": "RETRIEVAL_QUERY"})
    response = EmbedResponse(vectors=[[1.0], [2.0]], usage=Usage(input_uncached=4))
    again = DIALECT.decode_embed(found, JSON, DIALECT.encode_embed_response(found, response))
    assert (again.vectors, again.usage.input) == ([[1.0], [2.0]], 4)


def test_a_callers_one_text_gets_one_vector() -> None:
    found = asked({"content": {"parts": [{"text": "a"}, {"text": "b"}, {}]}, "title": "t"}, "embedContent")
    assert (found.inputs, found.extra["title"]) == (("a\nb",), "t")
    raw = DIALECT.encode_embed_response(found, EmbedResponse(vectors=[[1.0]]))
    assert msgspec.json.decode(raw) == {"embedding": {"values": [1.0]}}
    assert asked({"content": "a"}, "embedContent").inputs == ("a",)


@pytest.mark.parametrize(
    ("body", "method"),
    [
        ({}, "batchEmbedContents"),
        ({}, "embedContent"),
        ({"content": {"parts": []}}, "embedContent"),
        ({"instances": [{}]}, "predict"),
    ],
)
def test_a_caller_must_send_a_text(body: Any, method: str) -> None:
    with pytest.raises(InputError, match="content: is required"):
        asked(body, method)


def test_a_text_is_counted() -> None:
    wire = DIALECT.encode_count(CountRequest(model="m", text="a 你", headers={"X-A": "b"}), site())
    assert wire.target.endswith(b"/models/m:countTokens")
    assert DIALECT.decode_count_request(wire) == CountRequest(model="m", text="a 你")
    raw = DIALECT.encode_token_count(TokenCount(tokens=3))
    assert DIALECT.decode_count(JSON, raw, site()).tokens == 3
    told = b'{"totalTokens":3,"totalBillableCharacters":9}'
    assert DIALECT.decode_count(JSON, told, site()).characters == 9
    assert decode_count(JSON, b"{}", site()).tokens == 0
    with pytest.raises(WireError, match="no count"):
        DIALECT.decode_count(JSON, b'{"totalTokens":"3"}', site())


def test_a_whole_request_is_counted() -> None:
    inner = {
        "system_instruction": {"parts": {"text": "s"}},
        "contents": [{"parts": [{"text": "a"}, {"inlineData": {}}]}],
    }
    wire = posted({"generateContentRequest": inner}, "/v1beta/models/m:countTokens")
    assert DIALECT.decode_count_request(wire).text == "s\na"


def test_models_are_listed() -> None:
    wire = DIALECT.encode_models(site())
    assert (wire.method, wire.target) == ("GET", b"/v1beta/models?pageSize=1000")
    at = "https://global-aiplatform.googleapis.com/v1beta1/projects/p/locations/global/publishers/google"
    wire = DIALECT.encode_models(site(at))
    assert wire.target == b"/v1beta1/publishers/google/models?pageSize=1000"
    models = (
        ModelInfo(
            id="m", provider="gemini", context=9, max_output=3, capabilities=("generateContent", "thinking")
        ),
        ModelInfo(id="n", provider="gemini"),
    )
    found = DIALECT.decode_models(JSON, DIALECT.encode_model_list(models), site())
    assert found[0] == models[0]
    assert found[1].capabilities == ("generateContent", "countTokens")
    told = [{"name": "publishers/google/models/g"}, {"name": 5}, 7, {"name": "t", "inputTokenLimit": 0}]
    odd = msgspec.json.encode({"publisherModels": told})
    assert [model.id for model in decode_models(JSON, odd, site())] == ["g", "t"]
    with pytest.raises(WireError, match="no field 'models'"):
        DIALECT.decode_models(JSON, b"{}", site())


def test_one_model_is_described() -> None:
    wire = DIALECT.encode_describe("m", site())
    assert wire.target == b"/v1beta/models/m"
    assert DIALECT.decode_describe_request(wire) == "m"
    raw = DIALECT.encode_description(ModelInfo(id="m", provider="gemini", context=5))
    assert DIALECT.decode_describe("m", JSON, raw, site()).context == 5
    with pytest.raises(WireError, match="names no model"):
        DIALECT.decode_describe("m", JSON, b"{}", site())
    with pytest.raises(InputError, match="names no model"):
        DIALECT.decode_describe_request(HttpRequest(method="GET", origin="http://h", target=b"/v1beta"))


@pytest.mark.parametrize(
    ("head", "body", "kind"),
    [
        (WireHead(400), b'{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}', AuthError),
        (JSON, b'{"error":{"code":500,"status":"INTERNAL"}}', ServerError),
        (JSON, b" ", WireError),
        (JSON, b"<html>", WireError),
        (JSON, b"[]", WireError),
    ],
)
def test_what_is_no_good_reply_is_an_error(head: WireHead, body: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        DIALECT.decode_models(head, body, site())
