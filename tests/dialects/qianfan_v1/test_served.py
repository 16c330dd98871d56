"""Being the provider: requests are understood, and replies are written."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.qianfan_v1 import DIALECT
from baimo.dialects.qianfan_v1.embeddings import MOST
from baimo.dialects.qianfan_v1.errors import error_object
from baimo.dialects.qianfan_v1.served_reply import StreamEncoder, WholeEncoder, call_id
from baimo.dialects.qianfan_v1.served_request import decode_request, named
from baimo.dialects.qianfan_v1.words import decode_finish, encode_finish
from baimo.errors import (
    AuthError,
    Error,
    InputError,
    OverloadedError,
    QuotaError,
    RateLimitedError,
    ServerError,
    WireError,
)
from baimo.types.chat import FinishReason, ResponseFormat
from baimo.types.content import Citation, Image, Text, Thinking, ToolCall, ToolResult
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted, Started, Withdrawn
from baimo.types.fold import fold
from baimo.types.tools import FunctionTool, Search, ServerTool, ToolChoice
from baimo.types.usage import Usage
from baimo.wire.http import SocketRequest, WireHead, WireRequest
from tests.conformance.playing import play
from tests.dialects.qianfan_v1.asking import JSON, SITE, asked_for, body_of, post, request

ASK = {"messages": [{"role": "user", "content": "Hi"}]}


def again(told: dict[str, Any]) -> dict[str, Any]:
    """The body that our own client makes of a caller's."""
    return body_of(DIALECT.encode_request(asked_for(told), SITE))


def test_all_that_is_documented_is_understood_and_comes_back() -> None:
    told = {
        "messages": [
            {"role": "user", "content": "Hi"},
            {
                "role": "assistant",
                "content": "",
                "function_call": {"name": "f", "arguments": "{}", "thoughts": "t"},
            },
            {"role": "function", "name": "f", "content": "1", "flag": 1},
        ],
        "system": "Be brief",
        "stream": True,
        "temperature": 0.5,
        "top_p": 0.5,
        "penalty_score": 1.5,
        "max_output_tokens": 9,
        "stop": ["a"],
        "user_id": "u",
        "functions": [{"name": "f", "description": "d", "parameters": {"type": "object"}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "response_format": "json_object",
        "disable_search": False,
        "enable_citation": True,
        "extra_parameters": {"a": 1},
    }
    asked = asked_for(told)
    assert asked.model == "completions_pro"
    assert asked.search == Search()
    assert asked.tool_choice == ToolChoice(mode="required", allowed=("f",))
    assert asked.response_format == ResponseFormat(type="json_object")
    assert isinstance(asked.tools[0], FunctionTool)
    result = asked.messages[3].content[0]
    assert isinstance(result, ToolResult)
    assert (result.call_id, asked.messages[2].tool_calls[0].id) == ("call_1", "call_1")
    wanted = {**told, "messages": [*told["messages"][:2], {"role": "function", "name": "f", "content": "1"}]}  # type: ignore[index]
    assert again(told) == wanted


def test_what_has_no_neutral_word_goes_on_to_this_wire() -> None:
    told = {**ASK, "disable_search": True, "functions": [{"name": "f", "responses": {}}]}
    assert isinstance(asked_for(told).tools[0], ServerTool)
    assert asked_for(told).search is None
    assert again(told) == told
    assert asked_for(ASK).foreign is None


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (b"{oops", "no valid JSON"),
        ({}, "messages: is required"),
        ({"messages": [{"role": "system", "content": "a"}]}, r"messages\[0\].role"),
        ({"messages": [{"role": "function", "content": "a"}]}, r"messages\[0\].name: is required"),
        ({"messages": [{"role": "function", "name": "f", "content": "a"}]}, "not called before"),
        ({**ASK, "temperature": 2}, "temperature: must be from 0 to 1"),
        ({**ASK, "penalty_score": 0.5}, "penalty_score"),
        ({**ASK, "functions": [{}]}, r"functions\[0\].name: is required"),
        ({**ASK, "response_format": "xml"}, "response_format"),
    ],
)
def test_what_cannot_be_understood_names_its_field(told: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        decode_request(post(told))
    assert named("Expected `int`") == "the body: Expected `int`"


def test_a_socket_is_no_request_of_this_wire() -> None:
    wire: WireRequest = SocketRequest(origin="ws://h", target=b"/")
    with pytest.raises(InputError, match="plain HTTP"):
        DIALECT.decode_request(wire)


def events() -> list[ChatEvent]:
    found: list[ChatEvent] = [Started(id="as-7", created=5)]
    call = ToolCall(id="c", name="f", arguments="{")
    parts: list[tuple[Any, str]] = [
        (Thinking(text="th"), "ink"),
        (Text(text="a"), "b"),
        (call, "}"),
        (ToolCall(id="d", name="g", arguments=""), "{}"),
        (Image(url="https://a.example"), ""),
    ]
    for index, (part, text) in enumerate(parts):
        found += [PartStarted(index=index, part=part), PartDelta(index=index, text=text)]
        cited = (Citation(url="https://a.example", source="4"), Citation(title="b")) if index == 1 else ()
        found.append(PartEnded(index=index, citations=cited))
    found.append(PartStarted(index=0, part=Text(text="other"), choice=1))
    return [*found, Finished(reason=FinishReason.TOOL_CALLS)]


@pytest.mark.parametrize("stream", [True, False])
def test_a_reply_tells_one_call_with_what_was_thought_of_it(stream: bool) -> None:
    encoder = DIALECT.encoder(request(stream=stream))
    items = [item for event in events() for item in encoder.feed(event)] + encoder.end()
    found, error = play(DIALECT.decoder(encoder.head(), SITE), items)
    got = fold(found)
    assert error is None
    assert (got.text, got.thinking, got.id) == ("ab", "think", "as-7")
    assert [(call.name, call.arguments) for call in got.tool_calls] == [("f", "{}")]
    assert [c.source for part in got.message.content for c in part.citations] == ["4", "2"]
    assert got.finish_reason is FinishReason.TOOL_CALLS


def test_ids_are_made_of_the_request() -> None:
    assert call_id(request()) == call_id(request())
    assert call_id(request()).startswith("as-")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AuthError("a"), 14),
        (AuthError("a", provider_code="110"), 110),
        (QuotaError("a"), 17),
        (RateLimitedError("a", provider_code="336502"), 336502),
        (OverloadedError("a", provider_code="brand_new"), 336100),
        (ServerError("a"), 336000),
        (InputError("a"), 336003),
    ],
)
def test_an_error_is_told_in_this_wires_numbers(error: Error, code: int) -> None:
    head, raw = DIALECT.encode_error(error)
    assert (head.status, msgspec.json.decode(raw)["error_code"]) == (200, code)
    assert error_object(error)["error_code"] == code
    (item,) = StreamEncoder(request(stream=True)).error(error)
    assert item == b"data: " + raw + b"\n\n"
    assert WholeEncoder(request()).error(error) == [raw]


def test_reasons_go_both_ways() -> None:
    assert encode_finish(FinishReason.STOP, "stop") == "stop"
    assert encode_finish(FinishReason.UNKNOWN, "brand_new") == "brand_new"
    assert encode_finish(FinishReason.UNKNOWN, None) == "normal"
    assert decode_finish("normal", is_cut=True, calls=False) is FinishReason.LENGTH


def vectors(*texts: str, **fields: Any) -> EmbedRequest:
    return EmbedRequest(model="embedding-v1", inputs=texts or ("a", "b"), **fields)


def test_vectors_go_both_ways_in_the_order_of_the_texts() -> None:
    wire = DIALECT.encode_embed(vectors(user="u", extra={"x": 1}), SITE)
    assert wire.target.endswith(b"/embeddings/embedding-v1")
    assert body_of(wire) == {"input": ["a", "b"], "user_id": "u", "x": 1}
    asked = DIALECT.decode_embed_request(post(body_of(wire), "/embeddings/embedding-v1"))
    assert asked == vectors(user="u")
    response = EmbedResponse(vectors=[[1.0], [2.0]], usage=Usage(input_uncached=3), request_id="as-9")
    told = msgspec.json.decode(DIALECT.encode_embed_response(asked, response))
    told["data"].reverse()
    got = DIALECT.decode_embed(asked, JSON, msgspec.json.encode(told))
    assert (got.vectors, got.usage.input, got.request_id) == ([[1.0], [2.0]], 3, "as-9")
    bare = {"data": [{"embedding": [1]}, {"embedding": [2]}]}
    assert DIALECT.decode_embed(asked, JSON, msgspec.json.encode(bare)).usage.input is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (3, "no list"),
        ([{"embedding": [1]}], "1 embeddings for 2"),
        ([{"embedding": [1], "index": 7}, {"embedding": [1]}], "out of range"),
        ([{"embedding": [1], "index": 0}, {"embedding": [1], "index": 0}], "twice"),
    ],
)
def test_vectors_that_fit_no_texts_are_an_error(data: Any, words: str) -> None:
    with pytest.raises(WireError, match=words):
        DIALECT.decode_embed(vectors(), JSON, msgspec.json.encode({"data": data}))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (EmbedRequest(model="m", inputs=()), "at least one"),
        (EmbedRequest(model="m", inputs=((1,),)), "not ids"),
        (vectors(*["a"] * (MOST + 1)), "16 at most"),
        (vectors(dimensions=3), "3 dimensions"),
        (vectors(encoding="base64"), "base64"),
    ],
)
def test_what_cannot_be_embedded_is_refused(asked: EmbedRequest, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.encode_embed(asked, SITE)


@pytest.mark.parametrize("told", [b"{", {"input": []}])
def test_texts_that_are_none_are_refused(told: Any) -> None:
    with pytest.raises(InputError):
        DIALECT.decode_embed_request(post(told, "/embeddings/m"))
    assert body_of(DIALECT.encode_embed(vectors(), SITE)) == {"input": ["a", "b"]}
    with pytest.raises(ServerError):
        DIALECT.decode_embed(vectors(), WireHead(500), b"")


def test_a_call_without_thoughts_has_none_and_rare_events_are_passed_over() -> None:
    call = {"name": "f", "arguments": "{}"}
    told = {"messages": [*ASK["messages"], {"role": "assistant", "content": "a", "function_call": call}]}
    assert [type(part) for part in asked_for(told).messages[1].content] == [Text, ToolCall]
    assert StreamEncoder(request(stream=True)).feed(Withdrawn(reason="x")) == []
