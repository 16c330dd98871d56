"""Embeddings, in the present form and in the older one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.ollama import DIALECT
from baimo.errors import ContextTooLongError, InputError, NotFoundError, UnsupportedError, WireError
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.usage import Usage
from baimo.wire.http import WireHead
from tests.dialects.ollama.asking import JSON, posted, site

ASK = EmbedRequest(model="e", inputs=("a", "你"))


def sent(request: EmbedRequest) -> dict[str, Any]:
    wire = DIALECT.encode_embed(request, site())
    assert wire.target == b"/api/embed"
    assert isinstance(wire.body, bytes)
    decoded: dict[str, Any] = msgspec.json.decode(wire.body)
    return decoded


def test_a_text_is_not_cut_unless_the_caller_says_so() -> None:
    assert sent(ASK) == {"model": "e", "input": ["a", "你"], "truncate": False}
    assert sent(msgspec.structs.replace(ASK, extra={"truncate": True}))["truncate"] is True
    assert sent(msgspec.structs.replace(ASK, dimensions=3))["dimensions"] == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": ()}, "at least one text"),
        ({"inputs": ((1, 2),)}, "no token ids"),
        ({"dimensions": 0}, "1 or more"),
        ({"user": "u"}, "user"),
        ({"encoding": "base64"}, "base64"),
    ],
)
def test_what_cannot_be_asked_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.encode_embed(msgspec.structs.replace(ASK, **changes), site())


def test_what_may_be_dropped_is_noted() -> None:
    request = msgspec.structs.replace(
        ASK, user="u", encoding="base64", unsupported="drop", headers={"x-a": "1"}
    )
    wire = DIALECT.encode_embed(request, site())
    assert [note.code for note in wire.notes] == ["dropped", "dropped"]
    assert (b"x-a", b"1") in wire.headers


def test_vectors_come_in_the_order_of_the_inputs() -> None:
    body = b'{"model":"e:latest","embeddings":[[1,0.5],[0,-1]],"total_duration":5,"prompt_eval_count":7}'
    got = DIALECT.decode_embed(ASK, JSON, body)
    assert got == EmbedResponse(
        vectors=[[1.0, 0.5], [0.0, -1.0]], usage=Usage(input_uncached=7), model="e:latest"
    )


def test_the_older_form_gives_one_vector() -> None:
    one = EmbedRequest(model="e", inputs=("a",))
    got = DIALECT.decode_embed(one, JSON, b'{"embedding":[1,2]}')
    assert (got.vectors, got.usage.input, got.model) == ([[1.0, 2.0]], None, "e")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty body"),
        (b"<html>", "a page"),
        (b"[]", "no object"),
        (b"{}", "no list of embeddings"),
        (b'{"embeddings":[["x"],[1]]}', "no list of embeddings"),
        (b'{"embeddings":[[1]]}', "1 vectors for 2 inputs"),
    ],
)
def test_a_broken_reply_is_told_as_one(body: bytes, words: str) -> None:
    with pytest.raises(WireError, match=words):
        DIALECT.decode_embed(ASK, JSON, body)


def test_a_refusal_is_one_whatever_its_status() -> None:
    with pytest.raises(NotFoundError):
        DIALECT.decode_embed(ASK, WireHead(404), b'{"error":"model \'e\' not found"}')
    with pytest.raises(ContextTooLongError):
        DIALECT.decode_embed(ASK, JSON, b'{"error":"the input length exceeds the context length"}')


@pytest.mark.parametrize(
    ("body", "inputs", "reply"),
    [
        ({"model": "e", "input": "a"}, ("a",), {"model": "e", "embeddings": [[0.5]], "prompt_eval_count": 2}),
        (
            {"model": "e", "input": ["a"]},
            ("a",),
            {"model": "e", "embeddings": [[0.5]], "prompt_eval_count": 2},
        ),
        ({"model": "e", "prompt": "a"}, ("a",), {"embedding": [0.5]}),
    ],
)
def test_a_caller_is_answered_in_the_form_of_the_question(
    body: dict[str, Any], inputs: tuple[str, ...], reply: dict[str, Any]
) -> None:
    asked = DIALECT.decode_embed_request(posted(body, "/api/embed"))
    assert asked.inputs == inputs
    response = EmbedResponse(vectors=[[0.5]], usage=Usage(input_uncached=2))
    assert msgspec.json.decode(DIALECT.encode_embed_response(asked, response)) == reply
    bare = EmbedResponse(vectors=[[0.5]], model="m")
    assert b"prompt_eval_count" not in DIALECT.encode_embed_response(asked, bare)


def test_a_callers_wishes_are_kept() -> None:
    body = {"model": "e", "input": ["a"], "truncate": False, "dimensions": 3, "options": {"num_ctx": 9}}
    asked = DIALECT.decode_embed_request(posted(body))
    assert (asked.dimensions, dict(asked.extra)) == (3, {"truncate": False, "options": {"num_ctx": 9}})
    assert sent(asked) == body
    silent = DIALECT.decode_embed_request(posted({"model": "e", "input": ["a"]}))
    assert sent(silent)["truncate"] is True


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "missing request body"),
        (b"{", "no valid JSON"),
        (b"{}", "model: is required"),
        ({"model": "e"}, "input: is required"),
        ({"model": "e", "input": []}, "input: is required"),
        ({"model": "e", "input": [1]}, "input"),
    ],
)
def test_a_wrong_question_is_refused_by_its_field(body: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.decode_embed_request(posted(body))


def test_ids_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(UnsupportedError) as caught:
        DIALECT.encode_embed(EmbedRequest(model="e", inputs=((1,),)), site())
    assert not caught.value.sent
