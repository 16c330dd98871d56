"""Being MiniMax: requests that are read, replies that are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from baimo.dialects.minimax import DIALECT
from baimo.errors import (
    AuthError,
    ConfigError,
    ContentFilteredError,
    Error,
    InputError,
    NotFoundError,
    OverloadedError,
    QuotaError,
    RateLimitedError,
    TimedOutError,
    WireError,
)
from baimo.types.chat import ChatRequest, FinishReason, Message, ResponseFormat, Role
from baimo.types.content import Citation, Image, Opaque, Refusal, Text, Thinking, ToolCall, ToolResult
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted, Started, UsageReported
from baimo.types.fold import fold
from baimo.types.tools import FunctionTool, Search, ServerTool, ToolChoice
from baimo.types.usage import Usage
from baimo.wire.http import HttpRequest, SocketRequest, WireHead
from tests.conformance.playing import play
from tests.dialects.minimax.asking import JSON, SITE, encoded, post, request, user

ASK = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def understood(**fields: Any) -> ChatRequest:
    return DIALECT.decode_request(post({**ASK, **fields}))


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("POST", b"/v1/text/chatcompletion_v2", "chat"),
        ("POST", b"/v1/text/chatcompletion_v2?GroupId=1", "chat"),
        ("POST", b"/v1/embeddings", "embed"),
        ("GET", b"/v1/embeddings", None),
        ("POST", b"/v1/chat/completions", None),
    ],
)
def test_the_address_tells_the_operation(method: str, target: bytes, operation: str | None) -> None:
    assert DIALECT.operation(method, target, ()) == operation


@pytest.mark.parametrize(
    "asked",
    [
        request(
            user("Hi", Image(url="https://a.example/b"), Image(data=b"\x89PNG", media_type="image/png")),
            temperature=0.5,
            top_p=0.9,
            max_tokens=3,
            service_tier="priority",
        ),
        request(
            tools=(FunctionTool(name="f", description="d", parameters={"type": "object"}),),
            stream=True,
            include_usage=True,
        ),
        request(
            tools=(FunctionTool(name="f", description="d", parameters={"type": "object"}),),
            tool_choice=ToolChoice(mode="none"),
        ),
        request(
            response_format=ResponseFormat(
                type="json_schema", name="n", schema={"type": "object"}, description="d"
            )
        ),
        request(
            user("a"),
            Message(
                role=Role.ASSISTANT,
                content=(Thinking(text="t"), Text(text="b"), ToolCall(id="c", name="f", arguments="{}")),
            ),
            Message(role=Role.TOOL, content=(ToolResult(call_id="c", content=(Text(text="r"),)),)),
        ),
    ],
)
def test_what_we_ask_we_can_read(asked: ChatRequest) -> None:
    assert DIALECT.decode_request(post(encoded(asked))) == asked


def test_the_older_limit_the_search_and_thinking_are_understood() -> None:
    got = understood(
        max_tokens=7, tools=[{"type": "web_search"}], thinking={"type": "disabled"}, mask_sensitive_info=True
    )
    assert got.max_tokens == 7
    assert (got.search, got.tools) == (Search(), ())
    assert got.reasoning is not None
    assert got.reasoning.enabled is False
    assert got.foreign is not None
    assert json.loads(bytes(got.foreign.json)) == {"mask_sensitive_info": True}
    assert understood(max_tokens=7, max_completion_tokens=9).max_tokens == 9


def test_roles_of_plays_go_back_to_this_wire_as_they_came() -> None:
    messages = [
        {"role": "user_system", "name": "n", "content": "a", "mood": 1},
        {"role": "sample_message_ai", "content": "b"},
        {"role": "group", "content": "c"},
        {"role": "user", "content": [{"type": "text", "text": "d"}, {"type": "hologram"}]},
    ]
    got = DIALECT.decode_request(post({"model": "M2-her", "messages": messages}))
    assert [message.role for message in got.messages] == [Role.SYSTEM, Role.ASSISTANT, Role.SYSTEM, Role.USER]
    assert encoded(got)["messages"] == messages


def test_reasoning_between_tags_is_told_apart_and_goes_back_so() -> None:
    answer = {"role": "assistant", "content": "<think>\nhm\n</think>\n\nyes"}
    got = DIALECT.decode_request(post({"model": "m", "messages": [*ASK["messages"], answer]}))
    assert (got.messages[1].thinking, got.messages[1].text) == ("hm", "yes")
    assert encoded(got)["messages"][1] == answer


def test_tools_of_older_and_other_forms_are_read() -> None:
    got = understood(
        tools=[
            {"type": "function", "function": {"name": "f", "parameters": '{"type":"object"}'}},
            {"type": "function", "function": {"name": "g", "parameters": ""}},
            {"type": "retrieval"},
            {"type": "web_search", "web_search": {"x": 1}},
        ]
    )
    assert got.tools[:2] == (FunctionTool(name="f", parameters={"type": "object"}), FunctionTool(name="g"))
    assert all(isinstance(tool, ServerTool) for tool in got.tools[2:])
    assert len(got.tools) == 4


def test_messages_without_content_are_read() -> None:
    got = DIALECT.decode_request(
        post(
            {
                "model": "m",
                "messages": [{"role": "system", "name": "n"}, {"role": "assistant", "content": None}],
            }
        )
    )
    assert [message.content for message in got.messages] == [(Text(text=""),), (Text(text=""),)]


def test_a_body_in_pieces_is_read_like_a_whole_one() -> None:
    class Pieces:
        length = None

        def __init__(self, data: bytes) -> None:
            self.data = data

        def chunks(self) -> Iterator[bytes]:
            yield from (self.data[:5], self.data[5:])

    raw = msgspec.json.encode(ASK)
    wire = HttpRequest(method="POST", origin="http://h", target=b"/", body=Pieces(raw))
    assert DIALECT.decode_request(wire) == understood()
    texts = Pieces(b'{"model":"m","texts":["a"]}')
    wire = HttpRequest(method="POST", origin="http://h", target=b"/", body=texts)
    assert DIALECT.decode_embed_request(wire).inputs == ("a",)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "no valid JSON"),
        ({"messages": []}, "model: is required"),
        ({"model": "m", "messages": []}, "messages: is empty"),
        ({**ASK, "temperature": 0}, "temperature: must be above 0"),
        ({**ASK, "top_p": 1.5}, "top_p: must be above 0"),
        ({**ASK, "tool_choice": "required"}, "tool_choice: "),
        ({**ASK, "tools": [{}]}, r"tools\[0\].type: is required"),
        ({**ASK, "tools": [{"type": "function"}]}, r"tools\[0\].function: "),
        (
            {**ASK, "tools": [{"type": "function", "function": {"name": "f", "parameters": "[1]"}}]},
            r"tools\[0\].function.parameters: must be",
        ),
        (
            {"model": "m", "messages": [{"role": "wizard", "content": ""}]},
            r"messages\[0\].role: must be one of",
        ),
        ({"model": "m", "messages": [{"content": ""}]}, r"messages\[0\].role: is required"),
        (
            {"model": "m", "messages": [{"role": "tool", "content": ""}]},
            r"messages\[0\].tool_call_id: is required",
        ),
        ({"model": "m", "messages": [{"role": "user", "content": [{}]}]}, r"content\[0\].type: is required"),
        (
            {
                "model": "m",
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "data:x;base64,?"}}],
                    }
                ],
            },
            "no valid base64",
        ),
        (
            {"model": "m", "messages": [{"role": "user", "content": [{"type": "text"}]}]},
            r"content\[0\].text: ",
        ),
    ],
)
def test_a_request_that_cannot_be_read_is_told_with_its_field(body: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        DIALECT.decode_request(post(body))


def test_an_image_by_its_address_alone_is_read() -> None:
    part = {"type": "image_url", "image_url": "data:;base64,aGk="}
    got = DIALECT.decode_request(post({"model": "m", "messages": [{"role": "user", "content": [part]}]}))
    assert got.messages[0].content == (Image(data=b"hi"),)


def test_a_socket_is_not_of_this_wire() -> None:
    with pytest.raises(InputError, match="plain HTTP"):
        DIALECT.decode_request(SocketRequest(origin="ws://h", target=b"/"))


EVENTS: list[ChatEvent] = [
    Started(id="r-1", model="MiniMax-M2.7", created=9),
    PartStarted(index=0, part=Thinking(text="hm")),
    PartEnded(index=0),
    PartStarted(index=1, part=Text(text="")),
    PartDelta(index=1, text="yes"),
    PartEnded(index=1, citations=(Citation(url="https://a.example", title="t", quote="q"), Citation())),
    PartStarted(index=2, part=Opaque(dialect="minimax", json=Raw(b'{"input_sensitive":true,"x":1}'))),
    PartStarted(index=3, part=Opaque(dialect="gemini", json=Raw(b"{}"))),
    PartStarted(index=4, part=Refusal(text="no")),
    PartStarted(index=5, part=ToolCall(id="c", name="f", arguments="")),
    PartDelta(index=5, text="{}"),
    PartStarted(index=6, part=Image(url="https://a.example/b")),
    PartDelta(index=6, text="?"),
    UsageReported(usage=Usage(input_uncached=3, cache_read=1, output_visible=2, reasoning=1)),
    Finished(reason=FinishReason.TOOL_CALLS),
]


def served(events: list[ChatEvent], *, stream: bool) -> tuple[WireHead, list[bytes]]:
    encoder = DIALECT.encoder(request(stream=stream))
    items = [item for event in events for item in encoder.feed(event)]
    return encoder.head(), [*items, *encoder.end()]


@pytest.mark.parametrize("stream", [True, False])
def test_a_reply_tells_all_that_this_wire_has_a_place_for(stream: bool) -> None:
    head, items = served(EVENTS, stream=stream)
    last = json.loads(items[-1].removeprefix(b"data: "))
    assert last["object"] == "chat.completion"
    assert last["base_resp"] == {"status_code": 0, "status_msg": ""}
    assert (last["input_sensitive"], last["output_sensitive"]) == (True, False)
    assert "x" not in last
    assert last["usage"]["total_tokens"] == 7
    message = last["choices"][0]["message"]
    assert message["content"] == "yesno"
    assert message["annotations"] == [
        {"url": "https://a.example", "title": "t", "quote": "q"},
        {"url": "", "title": ""},
    ]
    found, error = play(DIALECT.decoder(head, SITE), items)
    assert error is None
    response = fold(found)
    assert (response.text, response.thinking, response.id) == ("yesno", "hm", "r-1")
    assert [(call.id, call.arguments) for call in response.tool_calls] == [("c", "{}")]
    assert response.usage.reasoning == 1
    if stream:
        chunk = json.loads(items[0].removeprefix(b"data: "))
        assert chunk["usage"] == {"total_tokens": 0, "total_characters": 0}
        assert chunk["object"] == "chat.completion.chunk"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AuthError("x"), 1004),
        (AuthError("x", provider_code="2049"), 2049),
        (AuthError("x", provider_code="401"), 1004),
        (QuotaError("x"), 1008),
        (RateLimitedError("x"), 1002),
        (ContentFilteredError("x", provider_code="1027"), 1027),
        (NotFoundError("x"), 2013),
        (OverloadedError("x"), 1024),
        (InputError("x"), 2013),
        (ConfigError("x"), 1013),
        (TimedOutError("x"), 1001),
        (WireError("x"), 1000),
    ],
)
def test_a_refusal_has_status_200_and_reads_back_as_its_kind(error: Error, code: int) -> None:
    head, body = DIALECT.encode_error(error)
    assert head.status == 200
    assert json.loads(body)["base_resp"] == {"status_code": code, "status_msg": error.message}
    _, back = play(DIALECT.decoder(head, SITE), [body])
    assert back is not None
    assert getattr(back, "provider_code", None) == str(code)


@pytest.mark.parametrize("stream", [True, False])
def test_a_failure_in_mid_stream_is_told_beside_no_choices(stream: bool) -> None:
    encoder = DIALECT.encoder(request(stream=stream))
    begun = [item for event in EVENTS[:5] for item in encoder.feed(event)]
    found, error = play(
        DIALECT.decoder(encoder.head(), SITE), [*begun, *encoder.error(RateLimitedError("slow"))]
    )
    assert isinstance(error, RateLimitedError)
    assert fold(found).text == ("yes" if stream else "")


def test_half_a_character_in_a_message_is_served_as_text() -> None:
    assert json.loads(DIALECT.encode_error(RateLimitedError("\ud83d"))[1])["base_resp"]["status_msg"] == "?"


def test_embeddings_are_read_and_served() -> None:
    asked = DIALECT.decode_embed_request(post({"model": "embo-01", "texts": ["a", "b"], "type": "query"}))
    assert (asked.inputs, asked.extra) == (("a", "b"), {"type": "query"})
    given = EmbedResponse(vectors=[[0.5], [1.0]], usage=Usage(input_uncached=4))
    body = DIALECT.encode_embed_response(asked, given)
    back = DIALECT.decode_embed(asked, JSON, body)
    assert (back.vectors, back.usage.input, back.model) == ([[0.5], [1.0]], 4, "embo-01")
    for wrong in (b'{"vectors":null}', b'{"vectors":[[1]]}'):
        with pytest.raises(WireError):
            DIALECT.decode_embed(asked, JSON, wrong)
    with pytest.raises(QuotaError):
        DIALECT.decode_embed(
            asked, JSON, b'{"vectors":null,"base_resp":{"status_code":1008,"status_msg":"x"}}'
        )
    for bad in (b"{", {"model": "m", "texts": []}):
        with pytest.raises(InputError):
            DIALECT.decode_embed_request(post(bad))
    one = EmbedRequest(model="m", inputs=("a",))
    assert DIALECT.decode_embed(one, JSON, b'{"vectors":[[1]]}').usage.input is None


def test_an_answer_of_nothing_but_calls_or_reasoning_holds_no_text() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    answers = [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "assistant", "reasoning_content": "hm"},
    ]
    got = DIALECT.decode_request(post({"model": "m", "messages": answers}))
    assert [[type(part) for part in message.content] for message in got.messages] == [[ToolCall], [Thinking]]


def test_vectors_under_an_error_status_are_none() -> None:
    with pytest.raises(OverloadedError):
        DIALECT.decode_embed(EmbedRequest(model="m", inputs=("a",)), WireHead(503), b"busy")


def test_an_end_that_nobody_knows_is_served_as_such() -> None:
    _, items = served([Started(id="r"), Finished(reason=FinishReason.UNKNOWN)], stream=False)
    assert b"unknown" in items[0]
