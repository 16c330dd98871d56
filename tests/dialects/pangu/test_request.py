"""Requests: what is sent, what is refused or dropped, and that a served one is understood."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from baimo.dialects.pangu import DIALECT
from baimo.errors import InputError, UnsupportedError
from baimo.types.chat import AudioOutput, ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import Cache, Image, Opaque, Refusal, Replay, Text, Thinking, ToolCall, ToolResult
from baimo.types.tools import FunctionTool, Search, ToolChoice
from baimo.wire.http import HttpRequest
from tests.dialects.pangu.asking import TARGET, USER, asked, body, encoded, request
from tests.strategies import words

CALL = ToolCall(id="c", name="f", arguments="{}")


def said(role: str, *parts: Any, **fields: Any) -> Message:
    return Message(role=role, content=parts, **fields)  # type: ignore[arg-type]


UNSAYABLE: list[tuple[dict[str, Any], str]] = [
    ({"top_k": 3}, "top_k"),
    ({"min_p": 0.5}, "min_p"),
    ({"repetition_penalty": 1.5}, "repetition_penalty"),
    ({"seed": 0}, "seed"),
    ({"stop": ("x",)}, "stop"),
    ({"logprobs": True}, "logprobs"),
    ({"top_logprobs": 1}, "top_logprobs"),
    ({"logit_bias": {"1": 2.0}}, "logit_bias"),
    ({"reasoning": Reasoning(enabled=False)}, "reasoning"),
    ({"verbosity": "low"}, "verbosity"),
    ({"audio": AudioOutput(voice="v", format="mp3")}, "audio"),
    ({"modalities": ("audio",)}, "modalities"),
    ({"prediction": "x"}, "prediction"),
    ({"service_tier": "x"}, "service_tier"),
    ({"store": True}, "store"),
    ({"metadata": {"a": "b"}}, "metadata"),
    ({"prompt_cache_key": "x"}, "prompt_cache_key"),
    ({"search": Search()}, "search"),
    ({"response_format": ResponseFormat(type="json_schema", schema={})}, "json_schema"),
    ({"tools": (FunctionTool(name="f"),)}, "tools"),
    ({"tool_choice": ToolChoice(mode="required")}, "tool_choice 'required'"),
    ({"user": "u" * 65}, "1 to 64 characters"),
]


@pytest.mark.parametrize(
    ("fields", "named"), UNSAYABLE, ids=lambda value: value if type(value) is str else ""
)
def test_what_cannot_be_said_is_refused_or_left_out_with_a_note(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(UnsupportedError, match=named):
        encoded(request(**fields))
    wire = encoded(request(**fields, unsupported="drop"))
    assert isinstance(wire.body, bytes)
    assert msgspec.json.decode(wire.body) == {"messages": [USER]}
    assert [note.code for note in wire.notes] == ["dropped"]
    assert named in wire.notes[0].message


NEUTRAL: list[dict[str, Any]] = [
    {"min_p": 0.0},
    {"repetition_penalty": 1.0},
    {"logprobs": False},
    {"logit_bias": {}},
    {"reasoning": Reasoning()},
    {"modalities": ("text",)},
    {"store": False},
    {"metadata": {}},
    {"response_format": ResponseFormat(type="text")},
    {"tool_choice": ToolChoice(mode="auto")},
    {"n": 1},
    {"presence_penalty": 0.0, "frequency_penalty": 0.0},
    {"parallel_tool_calls": True},
]


@pytest.mark.parametrize("fields", NEUTRAL)
def test_a_value_that_asks_for_nothing_is_left_out_in_silence(fields: dict[str, Any]) -> None:
    assert body(request(**fields)) == {"messages": [USER]}


@pytest.mark.parametrize(
    ("fields", "limits"),
    [
        ({"temperature": 0.0}, r"temperature is 0.*\(0, 1\]"),
        ({"temperature": 1.5}, r"\(0, 1\]"),
        ({"top_p": 0.0}, r"\(0, 1\]"),
        ({"presence_penalty": 2.5}, r"\[-2, 2\]"),
        ({"frequency_penalty": -3.0}, r"\[-2, 2\]"),
        ({"n": 3}, r"n is 3.*\[1, 2\]"),
        ({"n": 2, "stream": True}, r"n in a stream is 2.*\[1, 1\]"),
        ({"n": 0}, r"\[1, 2\]"),
        ({"max_tokens": 0}, "1 and more"),
    ],
)
def test_a_value_outside_its_range_is_refused_naming_the_range(fields: dict[str, Any], limits: str) -> None:
    with pytest.raises(UnsupportedError, match=limits):
        encoded(request(**fields))
    wire = encoded(request(**fields, unsupported="drop"))
    assert [note.code for note in wire.notes] == ["clamped"]


def test_a_guides_parameters_go_out_as_they_are() -> None:
    sent = body(
        request(temperature=0.7, max_tokens=1000, top_p=0.9, frequency_penalty=0.0, presence_penalty=0.0)
    )
    assert sent == {"messages": [USER], "temperature": 0.7, "max_tokens": 1000, "top_p": 0.9}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (said("user", Image(url="https://a.example/b")), "image content"),
        (said("assistant", Text(text="a"), CALL), "a call of a tool"),
        (said("user", ToolResult(call_id="c"), Text(text="a")), "a tool's result"),
        (said("user", Text(text="a"), name="Li"), "author"),
        (said("user", Text(text="a", cache=Cache())), "what to cache"),
        (said("user", Opaque(dialect="other", json=Raw(b"{}"))), "opaque content"),
    ],
)
def test_parts_that_are_no_text_are_refused_or_left_out(message: Message, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        encoded(request(message))
    wire = encoded(request(message, unsupported="drop"))
    assert words in wire.notes[0].message


def test_a_tools_message_is_left_out_whole() -> None:
    tool = said("tool", ToolResult(call_id="c", content=(Text(text="r"),)))
    with pytest.raises(UnsupportedError, match="a tool's message"):
        encoded(request(tool))
    assert body(request(tool, said("user", Text(text="Hi")), unsupported="drop"))["messages"] == [USER]
    with pytest.raises(InputError, match="nothing that Pangu can be told"):
        encoded(request(tool, unsupported="drop"))


def test_roles_and_words() -> None:
    messages = body(
        request(
            said("developer", Text(text="Be brief")),
            said("assistant", Thinking(text="hm"), Text(text="a"), Text(text="b")),
            said("assistant", Refusal(text="no")),
            said("user"),
        )
    )["messages"]
    assert messages == [
        {"role": "system", "content": "Be brief"},
        {"role": "assistant", "content": "a\n\nb"},
        {"role": "assistant", "content": "no"},
        {"role": "user", "content": ""},
    ]


@pytest.mark.parametrize("part", [Thinking(text="x"), Refusal(text="x"), CALL])
def test_only_an_assistant_thinks_refuses_and_calls(part: Any) -> None:
    with pytest.raises(InputError, match=r"messages\[0\]\.content\[0\].*only an assistant"):
        encoded(request(said("user", part)))


def test_no_messages_are_no_request() -> None:
    with pytest.raises(InputError, match="messages is empty"):
        encoded(ChatRequest(model="d", messages=()))


def test_what_is_no_json_is_refused_with_its_place() -> None:
    with pytest.raises(InputError, match=r"messages\[1\] holds half a surrogate"):
        encoded(request(said("user", Text(text="a")), said("user", Text(text="\ud83d"))))
    with pytest.raises(InputError, match="the request holds half a surrogate"):
        encoded(request(user="\ud83d"))
    with pytest.raises(InputError, match="no JSON"):
        encoded(request(extra={"x": object()}))


def test_what_a_caller_adds_has_the_last_word() -> None:
    foreign = Replay(dialect="pangu", json=Raw(b'{"with_prompt":false,"opts":{"a":1,"b":2}}'))
    sent = body(request(foreign=foreign, extra={"temperature": 0, "opts": {"b": 3}}))
    assert sent == {"messages": [USER], "with_prompt": False, "opts": {"a": 1, "b": 3}, "temperature": 0}
    other = Replay(dialect="openai_chat", json=Raw(b'{"x":1}'))
    assert body(request(said("user", Text(text="Hi"), replay=other), foreign=other)) == {"messages": [USER]}
    wire = encoded(request(headers={"accept": "x/y", "X-Own": "1"}))
    assert dict(wire.headers)[b"X-Own"] == b"1"
    assert [value for name, value in wire.headers if name.lower() == b"accept"] == [b"x/y"]


def test_a_stream_is_asked_for_as_the_official_client_does() -> None:
    wire = encoded(request(stream=True))
    assert dict(wire.headers)[b"Accept"] == b"text/event-stream"
    assert dict(wire.headers)[b"Cache-Control"] == b"no-store"
    assert body(request(stream=True))["stream"] is True


@st.composite
def sayable(draw: st.DrawFn) -> ChatRequest:
    """Requests of what this wire can say."""
    maybe = st.none()
    role = st.sampled_from([Role.SYSTEM, Role.USER, Role.ASSISTANT])
    message = st.builds(Message, role=role, content=st.tuples(st.builds(Text, text=words)))
    stream = draw(st.booleans())
    return ChatRequest(
        model=draw(words.filter(str.strip)),
        messages=tuple(draw(st.lists(message, min_size=1, max_size=3))),
        temperature=draw(maybe | st.floats(0, 1, exclude_min=True)),
        top_p=draw(maybe | st.floats(0, 1, exclude_min=True)),
        max_tokens=draw(maybe | st.integers(1, 9999)),
        n=None if stream else draw(maybe | st.just(2)),
        presence_penalty=draw(maybe | st.floats(-2, 2).filter(bool)),
        frequency_penalty=draw(maybe | st.floats(-2, 2).filter(bool)),
        user=draw(maybe | words),
        stream=stream,
        foreign=draw(maybe | st.just(Replay(dialect="pangu", json=Raw(b'{"with_prompt":true}')))),
    )


@given(asks=sayable())
def test_a_request_survives_both_ways(asks: ChatRequest) -> None:
    assert DIALECT.decode_request(encoded(asks)) == asks


def test_a_role_may_be_missing_and_own_fields_are_kept() -> None:
    found = asked({"messages": [{"content": "Hi", "own": [1]}], "with_prompt": True})
    assert (found.model, found.messages[0].role, found.messages[0].text) == ("d-1", Role.USER, "Hi")
    assert body(found) == {"messages": [{**USER, "own": [1]}], "with_prompt": True}


def test_a_body_in_pieces_is_read() -> None:
    class Pieces:
        length = None

        def chunks(self) -> Iterator[bytes]:
            yield b'{"messages":[{"role":"user",'
            yield b'"content":"Hi"}]}'

    wire = HttpRequest(method="POST", origin="http://h", target=TARGET.encode(), body=Pieces())
    assert DIALECT.decode_request(wire).messages[0].text == "Hi"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "messages: is required"),
        ({"messages": []}, "messages is empty"),
        ({"messages": [{"role": "user"}]}, r"messages\[0\]\.content: is required"),
        ({"messages": [USER, {"role": "tool", "content": "x"}]}, r"messages\[1\]\.role"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, r"messages\[0\]\.content"),
        ({"messages": [USER], "temperature": 1.5}, "temperature"),
        ({"messages": [USER], "n": 3}, "n: "),
        ({"messages": [USER], "n": 2, "stream": True}, "n: must be 1 in a stream"),
        ({"messages": [USER], "max_tokens": 0}, "max_tokens"),
        ({"messages": [USER], "user": ""}, "user"),
        (b"[]", "the body"),
        (b"{", "no valid JSON"),
        (b"\xff", "no valid JSON"),
    ],
)
def test_a_request_that_cannot_be_understood_is_refused_by_field(wrong: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        asked(wrong)


def test_an_address_without_a_deployment_is_refused() -> None:
    with pytest.raises(InputError, match="names no deployment"):
        asked({"messages": [USER]}, "/api/v2/chat/completions")
