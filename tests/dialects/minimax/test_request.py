"""Requests of this wire that the cases do not show."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Raw

from baimo.dialects.minimax import DIALECT, Quirks
from baimo.errors import ConfigError, InputError, UnsupportedError
from baimo.types.chat import Message, Reasoning, ResponseFormat, Role
from baimo.types.content import (
    Audio,
    Cache,
    Image,
    Opaque,
    Part,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from baimo.types.embeddings import EmbedRequest
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, ToolChoice
from tests.dialects.minimax.asking import SITE, encoded, request, user

TOOL = FunctionTool(name="f")


def own(dialect: str, text: str) -> Replay:
    return Replay(dialect=dialect, json=Raw(text.encode()))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"tools": (CustomTool(name="c"),)}, "the custom tool 'c'"),
        ({"tools": (FunctionTool(name="f", strict=True),)}, "keep strictly to the schema of 'f'"),
        ({"tools": (FunctionTool(name="f", cache=Cache()),)}, "a cache mark on the tool 'f'"),
        ({"tools": (ServerTool(replay=own("gemini", "{}")),)}, "a server tool"),
        ({"tools": (TOOL,), "parallel_tool_calls": False}, "parallel_tool_calls"),
        ({"tool_choice": ToolChoice(mode="required")}, "tool_choice 'required'"),
        ({"response_format": ResponseFormat(type="json_object")}, "response_format 'json_object'"),
        ({"response_format": ResponseFormat(type="json_schema", strict=True)}, "strictly to a schema"),
        ({"n": 2}, "n"),
        ({"seed": 1}, "seed"),
        ({"logprobs": True}, "logprobs"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"user": "u"}, "user"),
    ],
)
def test_what_cannot_be_said_is_refused_or_dropped_with_a_note(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        encoded(request(**fields))
    assert says in str(caught.value)
    wire = DIALECT.encode_request(request(unsupported="drop", **fields), SITE)
    assert [note.code for note in wire.notes] == ["dropped"]


def test_values_that_ask_for_nothing_are_left_out_in_silence() -> None:
    silent = {"n": 1, "presence_penalty": 0.0, "logprobs": False, "min_p": 0.0, "modalities": ("text",)}
    text = ResponseFormat(type="text")
    assert encoded(request(**silent, response_format=text, parallel_tool_calls=True)).keys() == {
        "model",
        "messages",
    }


def test_a_tool_that_is_of_this_wire_goes_out_as_it_came() -> None:
    tool = ServerTool(replay=own("minimax", '{"type":"retrieval","x":1}'))
    assert encoded(request(tools=(tool,)))["tools"] == [{"type": "retrieval", "x": 1}]


def test_a_choice_must_name_a_tool_that_is_offered() -> None:
    with pytest.raises(InputError, match="names 'g'"):
        encoded(request(tools=(TOOL,), tool_choice=ToolChoice(mode="auto", allowed=("g",))))
    assert "tool_choice" not in encoded(request(tool_choice=ToolChoice(mode="auto")))


@pytest.mark.parametrize(
    ("reasoning", "sent"),
    [(Reasoning(), None), (Reasoning(effort="none"), "disabled"), (Reasoning(enabled=True), "adaptive")],
)
def test_thinking_is_on_or_off(reasoning: Reasoning, sent: str | None) -> None:
    quirky = SITE.__class__(base_url=SITE.base_url, quirks=Quirks(thinking="adaptive"))
    body = encoded(request(reasoning=reasoning), quirky)
    assert body.get("thinking") == (None if sent is None else {"type": sent})


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ((Text(text="a", cache=Cache()),), "what to cache"),
        ((Audio(data=b"1"),), "audio content"),
        ((Image(file_id="f"),), "an image by the id"),
        ((Image(url="https://a.example/b", detail="high"),), "the detail of an image"),
        ((Opaque(dialect="gemini", json=Raw(b"{}")),), "a part"),
    ],
)
def test_parts_that_cannot_be_said(parts: tuple[Part, ...], says: str) -> None:
    with pytest.raises(UnsupportedError, match=says):
        encoded(request(user(*parts)))


@pytest.mark.parametrize(
    ("data", "kind"), [(b"\xff\xd8\xff", "image/jpeg"), (b"GIF89", "image/gif"), (b"?", "image/png")]
)
def test_a_picture_without_a_type_is_given_the_one_it_looks_like(data: bytes, kind: str) -> None:
    part = encoded(request(user(Image(data=data))))["messages"][0]["content"][0]
    assert part["image_url"]["url"].startswith(f"data:{kind};base64,")


def test_what_stood_beside_an_answer_is_not_sent_back_and_a_strange_part_is() -> None:
    flags = Opaque(dialect="minimax", json=Raw(b'{"output_sensitive":true}'))
    strange = Opaque(dialect="minimax", json=Raw(b'{"type":"hologram"}'))
    answer = Message(role=Role.ASSISTANT, content=(Text(text="a"), flags, strange))
    assert encoded(request(answer))["messages"][0]["content"] == [
        {"type": "text", "text": "a"},
        {"type": "hologram"},
    ]


def test_reasoning_between_tags_goes_beside_content_that_is_no_text() -> None:
    tagged = Thinking(text="hm", replay=own("minimax", '{"in_content":true}'))
    strange = Opaque(dialect="minimax", json=Raw(b'{"type":"hologram"}'))
    (wire,) = encoded(request(Message(role=Role.ASSISTANT, content=(tagged, strange))))["messages"]
    assert wire["reasoning_content"] == "hm"
    foreign = Thinking(text="hm", replay=own("anthropic_messages", '{"signature":"x"}'))
    (wire,) = encoded(request(Message(role=Role.ASSISTANT, content=(foreign, Refusal(text="no")))))[
        "messages"
    ]
    assert (wire["reasoning_content"], wire["content"]) == ("hm", "no")


def test_the_call_of_a_custom_tool_cannot_be_told() -> None:
    call = ToolCall(id="c", name="f", arguments="x", kind="custom")
    with pytest.raises(UnsupportedError, match="custom tool 'f'"):
        encoded(request(Message(role=Role.ASSISTANT, content=(call,))))


def test_results_of_tools_become_a_message_each() -> None:
    replay = own("minimax", '{"x":1}')
    results = (
        ToolResult(call_id="a", content=(Text(text="1"), Text(text="2"))),
        ToolResult(call_id="b", content=(Text(text="no"),), is_error=True),
    )
    asked = request(Message(role=Role.TOOL, content=results, replay=replay))
    assert encoded(asked)["messages"] == [
        {"role": "tool", "tool_call_id": "a", "content": "12", "x": 1},
        {"role": "tool", "tool_call_id": "b", "content": "Error: no", "x": 1},
    ]
    assert [note.code for note in DIALECT.encode_request(asked, SITE).notes] == ["emulated"]


@pytest.mark.parametrize(
    ("piece", "says"),
    [(Audio(url="https://a.example"), "result with audio"), (Text(text="a", cache=Cache()), "what to cache")],
)
def test_results_that_cannot_be_said(piece: Any, says: str) -> None:
    with pytest.raises(UnsupportedError, match=says):
        encoded(request(Message(role=Role.TOOL, content=(ToolResult(call_id="a", content=(piece,)),))))


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        (
            (Message(role=Role.USER, content=(Thinking(text="x"),)),),
            r"messages\[0\].content\[0\] is a Thinking",
        ),
        ((Message(role=Role.TOOL, content=(Text(text="x"),)),), "must hold tool results"),
        ((Message(role=Role.ASSISTANT, content=(ToolResult(call_id="a"),)),), "is a ToolResult"),
    ],
)
def test_messages_that_make_no_sense_are_told_with_their_place(messages: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        encoded(request(*messages))


def test_no_message_at_all_is_told() -> None:
    with pytest.raises(InputError, match="messages is empty"):
        DIALECT.encode_request(request().__class__(model="m", messages=()), SITE)


def test_a_developers_message_is_the_systems_and_an_empty_one_stays_one() -> None:
    wire = encoded(request(Message(role=Role.DEVELOPER, content=()), user()))["messages"]
    assert wire == [{"role": "system", "content": ""}, {"role": "user", "content": ""}]


def test_what_is_no_json_is_told_before_anything_is_sent() -> None:
    with pytest.raises(InputError, match="no JSON"):
        encoded(request(extra={"x": object()}))
    with pytest.raises(InputError, match="half a surrogate"):
        encoded(request(user("\ud83d")))


def test_the_callers_own_fields_are_the_last_word() -> None:
    asked = request(
        stream=True,
        extra={"stream_options": {"more": 1}, "thinking": {"x": 2}},
        foreign=own("minimax", '{"thinking":{"type":"adaptive"}}'),
        headers={"X-A": "b"},
    )
    body = encoded(asked)
    assert body["stream_options"] == {"include_usage": True, "more": 1}
    assert body["thinking"] == {"type": "adaptive", "x": 2}
    assert (b"X-A", b"b") in DIALECT.encode_request(asked, SITE).headers


def test_a_quirk_nobody_knows_is_told() -> None:
    with pytest.raises(ConfigError, match="a quirk of minimax is wrong"):
        DIALECT.quirks({"colour": 1})
    with pytest.raises(ConfigError, match="a quirk of minimax is wrong"):
        DIALECT.quirks({"temperature": 1})
    with pytest.raises(ConfigError, match="thinking"):
        DIALECT.quirks({"thinking": "often"})


def test_embeddings_are_asked_for_and_what_cannot_be_said_is_told() -> None:
    wire = DIALECT.encode_embed(EmbedRequest(model="embo-01", inputs=("a",), extra={"type": "query"}), SITE)
    assert wire.body == b'{"model":"embo-01","texts":["a"],"type":"query"}'
    assert wire.target == b"/v1/embeddings"
    with pytest.raises(InputError, match="inputs is empty"):
        DIALECT.encode_embed(EmbedRequest(model="m", inputs=()), SITE)
    with pytest.raises(UnsupportedError, match="ids of tokens"):
        DIALECT.encode_embed(EmbedRequest(model="m", inputs=((1, 2),)), SITE)
    given: dict[str, Any] = {"dimensions": 3, "user": "u", "encoding": "base64"}
    dropped = EmbedRequest(model="m", inputs=("a",), unsupported="drop", **given)
    assert len(DIALECT.encode_embed(dropped, SITE).notes) == 3


def test_what_the_user_says_beside_results_is_a_message_of_its_own() -> None:
    result = ToolResult(call_id="a", content=(Text(text="1"),))
    both = Message(role=Role.USER, content=(result, Text(text="And?")))
    assert [m["role"] for m in encoded(request(both))["messages"]] == ["tool", "user"]
    only = Message(role=Role.USER, content=(result,))
    assert [m["role"] for m in encoded(request(only))["messages"]] == ["tool"]


@pytest.mark.parametrize(
    "part",
    [Audio(data=b"1"), Image(file_id="f"), Opaque(dialect="gemini", json=Raw(b"{}"))],
    ids=lambda part: type(part).__name__,
)
def test_a_part_that_cannot_be_said_is_dropped_with_a_note(part: Part) -> None:
    wire = DIALECT.encode_request(request(user("a", part), unsupported="drop"), SITE)
    assert [note.code for note in wire.notes] == ["dropped"]
    assert encoded(request(user("a", part), unsupported="drop"))["messages"][0]["content"] == "a"


def test_a_model_that_always_thinks_goes_on_thinking_with_a_note() -> None:
    site = SITE.__class__(base_url=SITE.base_url, quirks=Quirks(thinking="always"))
    asked = request(reasoning=Reasoning(enabled=False), unsupported="drop")
    assert "thinking" not in encoded(asked, site)
    assert [note.code for note in DIALECT.encode_request(asked, site).notes] == ["dropped"]
