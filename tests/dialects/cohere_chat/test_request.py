"""What goes out that the cases do not show."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from msgspec import Raw
from msgspec.structs import replace

from baimo.dialects.cohere_chat import DIALECT
from baimo.dialects.cohere_chat.quirks import Quirks
from baimo.errors import ConfigError, InputError, UnsupportedError
from baimo.types.chat import ChatRequest, Message, Reasoning, ResponseFormat, Role
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
    Video,
)
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, ToolChoice
from tests.dialects.cohere_chat.asking import body, request, site
from tests.strategies import chat_requests

OURS = Replay(dialect="cohere_chat", json=Raw(b'{"x":1}'))


def said(role: Role, *parts: Part, **fields: Any) -> Message:
    return Message(role=role, content=parts, **fields)


def test_a_request_without_messages_is_refused() -> None:
    with pytest.raises(InputError, match="messages is empty"):
        DIALECT.encode_request(ChatRequest(model="m", messages=()), site())


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (said(Role.USER, Thinking(text="x")), r"content\[0\] is a Thinking"),
        (said(Role.ASSISTANT, ToolResult(call_id="c")), "is a ToolResult"),
        (said(Role.TOOL, Text(text="x")), "is of a tool"),
        (said(Role.TOOL), "is of a tool"),
        (said(Role.USER, Text(text="\ud800")), r"messages\[0\] holds half a surrogate"),
    ],
)
def test_a_message_that_cannot_be_is_refused_by_its_place(message: Message, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.encode_request(request(message), site())


def test_half_a_character_outside_the_messages_is_refused() -> None:
    with pytest.raises(InputError, match="the request holds half"):
        DIALECT.encode_request(request(stop=("\ud800",)), site())
    with pytest.raises(InputError, match="no JSON"):
        DIALECT.encode_request(request(extra={"x": object()}), site())


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Video(url="https://a.example/v"), "video content"),
        (Image(file_id="f"), "by the id of a file"),
        (Opaque(dialect="other", json=Raw(b"{}")), "of the dialect 'other'"),
        (Text(text="x", cache=Cache()), "what to cache"),
    ],
)
def test_a_part_that_cannot_be_said_is_refused_or_left_out(part: Part, words: str) -> None:
    message = said(Role.USER, Text(text="Hi"), part)
    with pytest.raises(UnsupportedError, match=words):
        DIALECT.encode_request(request(message), site())
    dropped = DIALECT.encode_request(request(message, unsupported="drop"), site())
    assert [note.code for note in dropped.notes] == ["dropped"]


def test_a_picture_for_a_model_that_does_not_see_is_left_out() -> None:
    message = said(Role.USER, Text(text="Hi"), Image(url="https://a.example/x.png"))
    said_of = said(Role.ASSISTANT, Video(url="https://a.example/v"))
    asked = request(message, said_of, unsupported="drop")
    wire = DIALECT.encode_request(asked, site(refused=["image"]))
    assert [note.code for note in wire.notes] == ["dropped", "dropped"]


def test_an_empty_message_is_an_empty_text() -> None:
    found = body(request(said(Role.USER), said(Role.ASSISTANT)))
    assert found["messages"] == [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}]


def test_results_may_come_with_words_of_the_user() -> None:
    message = said(Role.USER, ToolResult(call_id="c", content=(Text(text="1"),)), Text(text="And?"))
    assert body(request(message))["messages"] == [
        {"role": "tool", "tool_call_id": "c", "content": "1"},
        {"role": "user", "content": "And?"},
    ]
    alone = said(Role.USER, ToolResult(call_id="c"))
    assert body(request(alone))["messages"] == [{"role": "tool", "tool_call_id": "c", "content": ""}]


def test_a_failed_result_of_several_pieces_says_so_before_them() -> None:
    pieces = (Text(text="a"), Text(text="b"))
    failed = said(Role.TOOL, ToolResult(call_id="c", content=pieces, is_error=True))
    (message,) = body(request(failed))["messages"]
    assert [block["text"] for block in message["content"]] == ["Error:", "a", "b"]


def test_a_result_of_sounds_cannot_be_said() -> None:
    message = said(Role.TOOL, ToolResult(call_id="c", content=(Audio(data=b"wav"),)))
    with pytest.raises(UnsupportedError, match="result with audio content"):
        DIALECT.encode_request(request(message), site())


def test_what_came_from_this_wire_goes_back_to_it() -> None:
    block = Opaque(dialect="cohere_chat", json=Raw(b'{"type":"new","n":1}'))
    call = ToolCall(id="c", name="f", arguments="{}", replay=OURS)
    found = body(request(said(Role.ASSISTANT, block, call, replay=OURS), foreign=OURS))
    assert found["x"] == 1
    (message,) = found["messages"]
    assert (message["content"], message["x"]) == ([{"type": "new", "n": 1}], 1)
    assert message["tool_calls"][0]["x"] == 1
    other = Replay(dialect="other", json=Raw(b'{"x":1}'))
    assert "x" not in body(request(foreign=other))


def test_an_earlier_refusal_is_said_as_text() -> None:
    wire = DIALECT.encode_request(request(said(Role.ASSISTANT, Refusal(text="No."))), site())
    assert [note.code for note in wire.notes] == ["emulated"]
    thought = said(Role.ASSISTANT, Thinking(), Text(text="Yes."))
    assert body(request(thought))["messages"][0]["content"] == "Yes."


def test_names_of_authors_and_calls_of_custom_tools_cannot_be_said() -> None:
    message = said(Role.ASSISTANT, ToolCall(id="c", name="f", arguments="x", kind="custom"), name="Bo")
    wire = DIALECT.encode_request(request(message, unsupported="drop"), site())
    assert len(wire.notes) == 2


def test_an_image_is_known_by_its_first_bytes() -> None:
    message = said(Role.USER, Image(data=b"\xff\xd8\xff0"), Image(data=b"?"))
    urls = [block["image_url"]["url"] for block in body(request(message))["messages"][0]["content"]]
    assert [url.partition(";")[0] for url in urls] == ["data:image/jpeg", "data:image/png"]


def test_tools_of_the_provider_are_sent_to_it_alone() -> None:
    own = ServerTool(replay=Replay(dialect="cohere_chat", json=Raw(b'{"type":"new"}')))
    assert body(request(tools=(own,)))["tools"] == [{"type": "new"}]
    other = ServerTool(replay=Replay(dialect="other", json=Raw(b"{}")))
    for tool in (other, CustomTool(name="c")):
        with pytest.raises(UnsupportedError, match="no function"):
            DIALECT.encode_request(request(tools=(tool,)), site())
    with pytest.raises(UnsupportedError, match="what to cache"):
        DIALECT.encode_request(request(tools=(FunctionTool(name="f", cache=Cache()),)), site())


def test_a_choice_needs_tools() -> None:
    with pytest.raises(InputError, match="not among the tools"):
        DIALECT.encode_request(request(tool_choice=ToolChoice(mode="auto", allowed=("f",))), site())
    with pytest.raises(UnsupportedError, match="no tools are offered"):
        DIALECT.encode_request(request(tool_choice=ToolChoice(mode="required")), site())
    assert "tool_choice" not in body(request(tool_choice=ToolChoice(mode="none")))


def test_a_budget_below_one_token_is_clamped() -> None:
    asked = request(reasoning=Reasoning(budget=0), unsupported="drop")
    assert body(asked)["thinking"] == {"type": "enabled", "token_budget": 1}
    with pytest.raises(UnsupportedError, match="budget for thinking is 0"):
        DIALECT.encode_request(replace(asked, unsupported="raise"), site())


def test_models_that_never_think_can_be_told_not_to() -> None:
    at = site(refused=["thinking"])
    assert "thinking" not in body(request(reasoning=Reasoning(effort="none")), at)


def test_what_an_answer_is_for_must_be_said_in_a_message() -> None:
    form = ResponseFormat(type="json_object", description="a list")
    with pytest.raises(UnsupportedError, match="form is for"):
        DIALECT.encode_request(request(response_format=form), site())
    assert "response_format" not in body(request(response_format=ResponseFormat(type="text")))


def test_a_request_may_bring_header_fields() -> None:
    wire = DIALECT.encode_request(request(headers={"X-Client-Name": "a"}, stream=True), site())
    assert (b"X-Client-Name", b"a") in wire.headers
    assert (b"accept", b"text/event-stream") in wire.headers


@pytest.mark.parametrize("base", ["https://a.example", "https://a.example/v1", "https://a.example/v2"])
def test_the_version_stands_in_the_path(base: str) -> None:
    wire = DIALECT.encode_request(request(), site(base))
    assert (wire.origin, wire.target) == ("https://a.example", b"/v2/chat")


def test_quirks_are_read_and_wrong_ones_refused() -> None:
    assert DIALECT.quirks({"refused": ["image"]}) == Quirks(refused=("image",))
    with pytest.raises(ConfigError, match="has no quirk 'colour'"):
        DIALECT.quirks({"colour": 1})
    with pytest.raises(ConfigError, match="is wrong"):
        DIALECT.quirks({"refused": ["colour"]})


@given(asked=chat_requests())
def test_what_goes_out_is_understood_again(asked: ChatRequest) -> None:
    """Whatever a request asks for, what could be said of it is read back the same when it is said again."""
    at = site()
    sent = DIALECT.encode_request(replace(asked, unsupported="drop"), at)
    read = DIALECT.decode_request(sent)
    again = DIALECT.encode_request(read, at)
    assert again.body == sent.body or DIALECT.decode_request(again) == read
    assert not again.notes
    for name in ("model", "temperature", "seed", "stop", "max_tokens", "stream"):
        assert getattr(read, name) == getattr(asked, name)
