"""Requests: what is said, what is refused, what is dropped with a note."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw
from msgspec.structs import replace

from baimo.dialects.hunyuan import DIALECT
from baimo.errors import InputError, UnsupportedError
from baimo.types.chat import AudioOutput, ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import (
    Audio,
    Cache,
    File,
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
from tests.dialects.hunyuan.asking import SITE, encoded, heads, request, user

LOOK_UP = FunctionTool(name="look_up", description="Weather", parameters={"type": "object"})
NOW = FunctionTool(name="now")


def assistant(*parts: Part) -> Message:
    return Message(role=Role.ASSISTANT, content=parts)


def test_action_version_and_region_stand_in_the_head() -> None:
    plain = DIALECT.encode_request(request(), SITE)
    assert heads(plain) == {
        "content-type": "application/json",
        "x-tc-action": "ChatCompletions",
        "x-tc-version": "2023-09-01",
    }
    assert (plain.method, plain.origin, plain.target) == ("POST", SITE.base_url, b"/")
    site = replace(SITE, region="ap-guangzhou", api_version="2099-01-01")
    asked = request(headers={"X-TC-Language": "en-US", "X-TC-Version": "2023-09-01"})
    fields = heads(DIALECT.encode_request(asked, site))
    assert (fields["x-tc-region"], fields["x-tc-language"]) == ("ap-guangzhou", "en-US")
    assert fields["x-tc-version"] == "2023-09-01"


def test_the_callers_own_fields_are_the_last_word() -> None:
    asked = request(
        temperature=0.5,
        extra={"Temperature": 1, "WebSearchOptions": {"Processes": True}},
        foreign=Replay(
            dialect="hunyuan", json=Raw(b'{"Citation":true,"WebSearchOptions":{"EnableImage":true}}')
        ),
    )
    body = encoded(asked)
    assert body["Temperature"] == 1
    assert body["Citation"] is True
    assert body["WebSearchOptions"] == {"EnableImage": True, "Processes": True}
    other = replace(asked, foreign=Replay(dialect="openai_chat", json=Raw(b'{"x":1}')))
    assert "x" not in encoded(other)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"top_k": 5}, "top_k"),
        ({"min_p": 0.1}, "min_p"),
        ({"presence_penalty": 1.0}, "presence_penalty"),
        ({"repetition_penalty": 1.1}, "repetition_penalty"),
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logit_bias": {"5": 1.0}}, "logit_bias"),
        ({"modalities": ("text", "audio")}, "modalities"),
        ({"verbosity": "low"}, "verbosity"),
        ({"audio": AudioOutput(voice="v", format="mp3")}, "audio"),
        ({"prediction": "text"}, "prediction"),
        ({"service_tier": "flex"}, "service_tier"),
        ({"store": True}, "store"),
        ({"metadata": {"a": "b"}}, "metadata"),
        ({"user": "u-1"}, "user"),
        ({"prompt_cache_key": "k"}, "prompt_cache_key"),
        ({"parallel_tool_calls": False}, "parallel_tool_calls"),
        ({"response_format": ResponseFormat(type="json_schema", schema={})}, "json_schema"),
        ({"tool_choice": ToolChoice(mode="required")}, "no tools are offered"),
        ({"reasoning": Reasoning(effort="high")}, "the effort 'high'"),
        ({"reasoning": Reasoning(budget=100)}, "a budget for thinking"),
        ({"tools": (CustomTool(name="c"),)}, "the custom tool 'c'"),
        ({"tools": (ServerTool(replay=Replay(dialect="x", json=Raw(b"{}"))),)}, "a server tool"),
        ({"tools": (replace(LOOK_UP, strict=True),)}, "to keep strictly"),
        ({"tools": (replace(LOOK_UP, cache=Cache()),)}, "a cache mark on the tool"),
    ],
)
def test_what_cannot_be_said_is_refused_or_dropped_with_a_note(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(UnsupportedError, match=says):
        DIALECT.encode_request(request(**fields), SITE)
    wire = DIALECT.encode_request(request(**fields, unsupported="drop"), SITE)
    dropped = [note.message for note in wire.notes if note.code == "dropped"]
    assert len(dropped) == 1
    assert says in dropped[0]


def test_values_that_ask_for_nothing_are_left_out_in_silence() -> None:
    asked = request(
        frequency_penalty=0,
        presence_penalty=0.0,
        repetition_penalty=1.0,
        min_p=0.0,
        n=1,
        logprobs=False,
        logit_bias={},
        modalities=("text",),
        parallel_tool_calls=True,
        response_format=ResponseFormat(type="text"),
        reasoning=Reasoning(),
        tool_choice=ToolChoice(mode="auto"),
    )
    wire = DIALECT.encode_request(asked, SITE)
    assert encoded(asked) == encoded(request())
    assert wire.notes == ()


@pytest.mark.parametrize(
    ("fields", "limits", "sent"),
    [
        ({"temperature": 2.5}, "[0, 2]", ("Temperature", 2)),
        ({"top_p": -0.5}, "[0, 1]", ("TopP", 0)),
        ({"seed": 20000}, "[1, 10000]", ("Seed", 10000)),
    ],
)
def test_a_value_outside_is_refused_with_its_range_or_clamped(
    fields: dict[str, Any], limits: str, sent: tuple[str, float]
) -> None:
    with pytest.raises(UnsupportedError) as caught:
        DIALECT.encode_request(request(**fields), SITE)
    assert limits in str(caught.value)
    wire = DIALECT.encode_request(request(**fields, unsupported="drop"), SITE)
    assert [note.code for note in wire.notes] == ["clamped"]
    assert encoded(request(**fields, unsupported="drop"))[sent[0]] == sent[1]


def test_zero_is_a_temperature() -> None:
    assert encoded(request(temperature=0, top_p=0))["Temperature"] == 0


def test_a_limit_is_held_here_and_said_to_be() -> None:
    wire = DIALECT.encode_request(request(max_tokens=20), SITE)
    body = msgspec.json.decode(bytes(wire.body))  # type: ignore[arg-type]
    assert body["Stream"] is True
    assert not [name for name in body if "Max" in name]
    assert [note.code for note in wire.notes] == ["emulated"]
    assert "20 tokens" in wire.notes[0].message


@pytest.mark.parametrize(
    ("reasoning", "sent"),
    [
        (Reasoning(enabled=True), True),
        (Reasoning(enabled=False, budget=5), False),
        (Reasoning(effort="none"), False),
    ],
)
def test_thinking_is_on_or_off(reasoning: Reasoning, sent: bool) -> None:
    assert encoded(request(model="hunyuan-a13b", reasoning=reasoning))["EnableThinking"] is sent


def test_a_tool_that_is_of_this_wire_goes_out_as_it_came() -> None:
    tool = ServerTool(replay=Replay(dialect="hunyuan", json=Raw(b'{"Type":"plugin","Plugin":{}}')))
    body = encoded(request(tools=(tool, NOW), tool_choice=ToolChoice(mode="required", allowed=("now",))))
    assert body["Tools"][0] == {"Type": "plugin", "Plugin": {}}
    assert body["CustomTool"]["Function"]["Name"] == "now"


def test_a_choice_must_name_a_tool_that_is_offered() -> None:
    with pytest.raises(InputError, match="'other'"):
        encoded(request(tools=(NOW,), tool_choice=ToolChoice(mode="required", allowed=("other",))))


def test_several_tools_of_which_one_must_be_called_cannot_be_said() -> None:
    choice = ToolChoice(mode="required", allowed=("now", "look_up"))
    asked = request(tools=(LOOK_UP, NOW), tool_choice=choice)
    with pytest.raises(UnsupportedError, match="one certain tool"):
        encoded(asked)
    body = encoded(replace(asked, unsupported="drop"))
    assert [tool["Function"]["Name"] for tool in body["Tools"]] == ["now", "look_up"]
    assert "ToolChoice" not in body


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ((Audio(data=b"x"),), "audio content"),
        ((File(data=b"x"),), "by their id"),
        ((Image(file_id="f"),), "an image by the id of a file"),
        ((Image(url="https://i.example/x", detail="high"),), "the detail of an image"),
        ((Video(data=b"x"),), "a video by its bytes"),
        ((Opaque(dialect="x", json=Raw(b"{}")),), "one of the dialect 'x'"),
        ((Text(text="x", cache=Cache()),), "what to cache"),
    ],
)
def test_parts_that_cannot_be_said(parts: tuple[Part, ...], says: str) -> None:
    with pytest.raises(UnsupportedError, match=says):
        encoded(request(user("Look", *parts)))
    wire = DIALECT.encode_request(request(user("Look", *parts), unsupported="drop"), SITE)
    assert any(says in note.message for note in wire.notes)


def test_a_frame_rate_outside_is_told() -> None:
    asked = request(user("Look", Video(url="https://v.example/x", fps=9)))
    with pytest.raises(UnsupportedError, match=r"\[0.1, 5\]"):
        encoded(asked)
    body = encoded(replace(asked, unsupported="drop"))
    assert body["Messages"][0]["Contents"][1]["VideoUrl"]["Fps"] == 5


@pytest.mark.parametrize(
    ("data", "media_type"),
    [(b"\x89PNG\r\n", "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"?", "image/png")],
)
def test_a_picture_without_a_type_is_given_the_one_it_looks_like(data: bytes, media_type: str) -> None:
    body = encoded(request(user("Look", Image(data=data))))
    url = body["Messages"][0]["Contents"][1]["ImageUrl"]["Url"]
    assert url.startswith(f"data:{media_type};base64,")


def test_what_stands_beside_an_answer_is_not_sent_back_and_a_strange_part_is() -> None:
    note = Opaque(dialect="hunyuan", json=Raw(b'{"Note":"made by AI"}'))
    frames = Opaque(dialect="hunyuan", json=Raw(b'{"Type":"video_frames","VideoFrames":{"Frames":["a"]}}'))
    body = encoded(request(user("Hi"), assistant(Text(text="Yes"), note), user("See", frames)))
    assert body["Messages"][1] == {"Role": "assistant", "Content": "Yes"}
    assert body["Messages"][2]["Contents"][1]["VideoFrames"] == {"Frames": ["a"]}


def test_an_earlier_answer_goes_back_without_its_thoughts() -> None:
    call = ToolCall(id="c1", name="look_up", arguments="")
    earlier = assistant(Thinking(text="hm"), Text(text="A"), Refusal(text="B"), call)
    told = encoded(request(user("Hi"), earlier, user("And?")))["Messages"][1]
    function = {"Name": "look_up", "Arguments": "{}"}
    assert told == {
        "Role": "assistant",
        "Content": "A\n\nB",
        "ToolCalls": [{"Id": "c1", "Type": "function", "Function": function}],
    }


def test_the_call_of_a_custom_tool_cannot_be_told() -> None:
    call = ToolCall(id="c1", name="shell", arguments="ls", kind="custom")
    with pytest.raises(UnsupportedError, match="'shell'"):
        encoded(request(user("Hi"), assistant(call)))
    body = encoded(request(user("Hi"), assistant(call), user("And?"), unsupported="drop"))
    assert body["Messages"][1] == {"Role": "assistant", "Content": ""}


def test_results_of_tools_become_a_message_each() -> None:
    results = (
        ToolResult(call_id="a", content=(Text(text="1"), Text(text="2"))),
        ToolResult(call_id="b", content=(Text(text="broken"),), is_error=True),
    )
    wire = DIALECT.encode_request(request(Message(role=Role.TOOL, content=results)), SITE)
    assert msgspec.json.decode(bytes(wire.body))["Messages"] == [  # type: ignore[arg-type]
        {"Role": "tool", "ToolCallId": "a", "Content": "12"},
        {"Role": "tool", "ToolCallId": "b", "Content": "Error: broken"},
    ]
    assert [note.code for note in wire.notes] == ["emulated"]
    alone = request(user(ToolResult(call_id="a", content=(Text(text="1"),))))
    assert [message["Role"] for message in encoded(alone)["Messages"]] == ["tool"]
    mixed = request(user(ToolResult(call_id="a", content=(Text(text="1"),)), "And?"))
    assert [message["Role"] for message in encoded(mixed)["Messages"]] == ["tool", "user"]


@pytest.mark.parametrize(
    ("content", "says"),
    [((Audio(data=b"x"),), "audio content"), ((Text(text="x", cache=Cache()),), "what to cache")],
)
def test_results_that_cannot_be_said(content: tuple[Any, ...], says: str) -> None:
    result = Message(role=Role.TOOL, content=(ToolResult(call_id="a", content=content),))
    with pytest.raises(UnsupportedError, match=says):
        encoded(request(result))


def test_fields_of_a_message_that_this_wire_gave_go_back_to_it() -> None:
    own = Replay(dialect="hunyuan", json=Raw(b'{"Mood":"calm"}'))
    other = Replay(dialect="x", json=Raw(b'{"Mood":"wild"}'))
    result = (ToolResult(call_id="a"),)
    messages = [
        Message(role=Role.USER, content=(Text(text="Hi"),), replay=own),
        Message(role=Role.TOOL, content=result, replay=own),
        Message(role=Role.USER, content=(Text(text="Hi"),), replay=other),
        Message(role=Role.TOOL, content=result, replay=other),
    ]
    told = encoded(request(*messages))["Messages"]
    assert [message.get("Mood") for message in told] == ["calm", "calm", None, None]


def test_an_empty_message_stays_one() -> None:
    messages = [Message(role=role) for role in (Role.SYSTEM, Role.USER, Role.ASSISTANT)]
    told = encoded(request(*messages, user("Hi")))["Messages"]
    assert [message["Content"] for message in told] == ["", "", "", "Hi"]


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ((), "messages is empty"),
        ((user(ToolCall(id="a", name="b", arguments="")),), r"messages\[0\].content\[0\] is a ToolCall"),
        ((assistant(ToolResult(call_id="a")),), "is a ToolResult"),
        ((Message(role=Role.SYSTEM, content=(Thinking(text="x"),)),), "is a Thinking"),
        ((Message(role=Role.TOOL, content=(Text(text="x"),)),), "must hold tool results"),
        ((Message(role=Role.TOOL),), "must hold tool results"),
    ],
)
def test_messages_that_make_no_sense_are_told_with_their_place(
    messages: tuple[Message, ...], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        DIALECT.encode_request(ChatRequest(model="m", messages=messages), SITE)


def test_the_name_of_an_author_cannot_be_told() -> None:
    with pytest.raises(UnsupportedError, match="author"):
        encoded(request(replace(user("Hi"), name="Ann")))


def test_a_late_system_message_is_dropped_where_that_is_asked_for() -> None:
    late = Message(role=Role.SYSTEM, content=(Text(text="Late"),))
    asked = request(user("Hi"), late, unsupported="drop")
    assert encoded(asked)["Messages"] == [{"Role": "user", "Content": "Hi"}]


@pytest.mark.parametrize("extra", [{"A": "\ud83d"}, {"A": object()}])
def test_what_is_no_json_is_told_before_anything_is_sent(extra: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="holds"):
        encoded(request(extra=extra))


def test_a_result_of_a_call_that_is_left_out_is_left_out_too() -> None:
    call = ToolCall(id="c1", name="shell", arguments="ls", kind="custom")
    other = ToolCall(id="c2", name="f", arguments="{}")
    results = [ToolResult(call_id=name, content=(Text(text=name),)) for name in ("c1", "c2")]
    turn = (
        user("Hi"),
        Message(role=Role.ASSISTANT, content=(call, other)),
        *[Message(role=Role.TOOL, content=(result,)) for result in results],
    )
    asked = replace(request(), messages=turn, unsupported="drop")
    sent = encoded(asked)["Messages"]
    assert [message.get("ToolCallId") for message in sent] == [None, None, "c2"]
    assert [call["Id"] for call in sent[1]["ToolCalls"]] == ["c2"]
    (note,) = DIALECT.encode_request(asked, SITE).notes
    assert note.code == "dropped"
