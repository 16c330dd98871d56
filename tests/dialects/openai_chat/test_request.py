"""What goes out, and what is refused before anything does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from msgspec import Raw

from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import InputError, UnsupportedError
from baimo.types.chat import ChatRequest, Message, Reasoning, ResponseFormat, Role
from baimo.types.content import (
    Audio,
    Cache,
    File,
    Image,
    Opaque,
    Part,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, ToolChoice
from tests.dialects.openai_chat.asking import body, request, site
from tests.strategies import chat_requests

FULL = site(
    max_tokens_field="max_completion_tokens",
    developer_role=True,
    reasoning_replay="always",
    extras=["allowed_tools"],
)


@given(asked=chat_requests())
def test_a_request_survives_both_ways(asked: ChatRequest) -> None:
    assert DIALECT.decode_request(DIALECT.encode_request(asked, FULL)) == asked


def test_the_body_is_compact_utf_8() -> None:
    wire = DIALECT.encode_request(request(Message(role=Role.USER, content=(Text(text="你 好"),))), site())
    assert wire.body == '{"model":"m","messages":[{"role":"user","content":"你 好"}]}'.encode()
    assert wire.headers[0] == (b"content-type", b"application/json")
    assert wire.url == "https://api.example/v1/chat/completions"


def test_searching_the_web_is_refused_where_nobody_says_how() -> None:
    with pytest.raises(UnsupportedError, match="cannot be told search"):
        DIALECT.encode_request(request(search=Search()), site())


def test_headers_are_laid_over_the_head() -> None:
    wire = DIALECT.encode_request(request(headers={"X-Team": "a", "Accept": "b"}, stream=True), site())
    assert dict(wire.headers) == {b"content-type": b"application/json", b"X-Team": b"a", b"Accept": b"b"}


def test_an_address_beyond_ascii_is_percent_encoded() -> None:
    wire = DIALECT.encode_request(request(), Site(base_url="https://h.example/模型"))
    assert wire.target == b"/%E6%A8%A1%E5%9E%8B/chat/completions"


def test_half_a_surrogate_pair_is_refused_with_the_message_that_holds_it() -> None:
    good, bad = (
        Message(role=Role.USER, content=(Text(text="a"),)),
        Message(role=Role.USER, content=(Text(text="\ud83d"),)),
    )
    with pytest.raises(InputError, match=r"messages\[1\] holds half a surrogate pair"):
        DIALECT.encode_request(request(good, bad), site())
    with pytest.raises(InputError, match="the request holds half a surrogate pair"):
        DIALECT.encode_request(request(user="\ud83d"), site())


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InputError, match="no JSON"):
        DIALECT.encode_request(request(extra={"x": object()}), site())


def test_no_messages_are_refused() -> None:
    with pytest.raises(InputError, match="messages is empty"):
        DIALECT.encode_request(ChatRequest(model="m", messages=()), site())


def test_extra_is_merged_into_what_a_caller_sent_along() -> None:
    foreign = Replay(dialect="openai_chat", json=Raw(b'{"own":{"a":1},"other":2}'))
    assert body(request(foreign=foreign, extra={"own": {"b": 2}}))["own"] == {"a": 1, "b": 2}
    strange = Replay(dialect="elsewhere", json=Raw(b'{"own":1}'))
    assert "own" not in body(request(foreign=strange))


def test_the_same_extra_can_be_used_again() -> None:
    extra = {"own": {"b": 2}}
    body(request(extra=extra))
    assert extra == {"own": {"b": 2}}


FUNCTION = FunctionTool(name="f")
PICTURE = Image(data=b"\x89PNG")

REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"n": 0}, {}, "n is 0"),
    ({"n": 3}, {"n_max": 1}, r"takes \[1, 1\]"),
    ({"top_logprobs": 21}, {}, r"top_logprobs is 21, but example takes \[0, 20\]"),
    ({"frequency_penalty": 3.0}, {}, "frequency_penalty"),
    ({"logprobs": True}, {"refused": ["logprobs"]}, "logprobs"),
    ({"tools": (FUNCTION,)}, {"refused": ["tools"]}, "tools"),
    ({"tools": (CustomTool(name="c"),)}, {"refused": ["custom_tools"]}, "the custom tool 'c'"),
    ({"tools": (FunctionTool(name="f", cache=Cache()),)}, {}, "a cache mark on the tool 'f'"),
    ({"tools": (ServerTool(replay=Replay(dialect="x", json=Raw(b"{}"))),)}, {}, "a server tool"),
    ({"tool_choice": ToolChoice(mode="required")}, {}, "no tools are offered"),
    (
        {"tools": (FUNCTION,), "tool_choice": ToolChoice(mode="required")},
        {"refused": ["tool_choice.required"]},
        "tool_choice 'required'",
    ),
    (
        {"tools": (FUNCTION,), "parallel_tool_calls": False},
        {"refused": ["parallel_tool_calls"]},
        "parallel_tool_calls",
    ),
    ({"response_format": ResponseFormat(type="json_object")}, {"refused": ["json_object"]}, "json_object"),
    ({"reasoning": Reasoning(effort="low")}, {"efforts": []}, "only on and off"),
    ({"reasoning": Reasoning(effort="max")}, {"efforts": ["low", "high"]}, "'high' is nearest"),
    ({"reasoning": Reasoning(enabled=False)}, {"efforts": ["low"]}, "to stop thinking"),
    ({"reasoning": Reasoning(effort="low")}, {"thinking_switch": "none"}, "how much to think"),
    ({"reasoning": Reasoning(budget=5)}, {}, "a budget for thinking"),
    ({"stream": True, "include_usage": True}, {"stream_usage": "none"}, "usage in a stream"),
    ({"user": "u"}, {"refused": ["user"]}, "user"),
]


@pytest.mark.parametrize(("fields", "quirks", "words"), REFUSED)
def test_what_a_provider_cannot_be_told_is_refused_or_dropped_with_a_note(
    fields: dict[str, Any], quirks: dict[str, Any], words: str
) -> None:
    with pytest.raises(UnsupportedError, match=words):
        DIALECT.encode_request(request(**fields), site(**quirks))
    wire = DIALECT.encode_request(request(**fields, unsupported="drop"), site(**quirks))
    assert [note.code for note in wire.notes] in (["dropped"], ["clamped"])


def saying(*parts: Part, role: Role = Role.USER, **fields: Any) -> ChatRequest:
    return request(Message(role=role, content=parts, **fields))


def telling(part: Any) -> ChatRequest:
    """What a tool gave."""
    return saying(ToolResult(call_id="c", content=(part,)), role=Role.TOOL)


REFUSED_PARTS: list[tuple[ChatRequest, dict[str, Any], str]] = [
    (saying(Image(file_id="f")), {}, "by the id of a file"),
    (saying(PICTURE), {"refused": ["image"]}, "image content"),
    (saying(PICTURE), {"string_content": True}, "image content: it takes nothing but text"),
    (saying(Audio(url="https://a.example")), {}, "audio other than by its bytes"),
    (saying(Audio(data=b"x")), {"refused": ["audio"]}, "audio content"),
    (saying(File(url="https://a.example")), {}, "a file by a web address"),
    (saying(File(data=b"x")), {"refused": ["file"]}, "file content"),
    (saying(Video(url="https://a.example")), {}, "video content"),
    (saying(Opaque(dialect="x", json=Raw(b"{}"))), {}, "one of the dialect 'x'"),
    (saying(Text(text="a", cache=Cache(ttl="5m"))), {"cache_marks": "breakpoint"}, "it takes 30m, 12h"),
    (saying(Text(text="a", cache=Cache(ttl="1h"))), {"cache_marks": "ephemeral"}, "it takes 5m"),
    (saying(Text(text="a", cache=Cache())), {}, "what to cache"),
    (saying(Text(text="a"), name="Ann"), {"refused": ["name"]}, "the name of a message's author"),
    (telling(PICTURE), {"refused": ["image"]}, "a tool's result with image"),
    (telling(PICTURE), {"string_content": True}, "a tool's result with image"),
    (telling(Video(data=b"x")), {}, "a tool's result with video"),
    (saying(Audio(transcript="x"), role=Role.ASSISTANT), {}, "audio other than by its bytes"),
]


FILM, SOUND = (
    Video(url="https://a.example/v.mp4", fps=2.0),
    Audio(url="https://a.example/a.wav", format="wav"),
)
SPOKEN: list[tuple[Part, list[str], dict[str, Any]]] = [
    (FILM, ["video"], {"type": "video_url", "video_url": {"url": FILM.url}, "fps": 2.0}),
    (
        FILM,
        ["video", "video_fps_inside"],
        {"type": "video_url", "video_url": {"url": FILM.url, "fps": 2.0}},
    ),
    (SOUND, ["audio_url"], {"type": "input_audio", "input_audio": {"data": SOUND.url, "format": "wav"}}),
    (
        Audio(data=b"Hi", format="mp3"),
        ["audio_url"],
        {"type": "input_audio", "input_audio": {"data": "data:;base64,SGk=", "format": "mp3"}},
    ),
]


@pytest.mark.parametrize(("part", "extras", "said"), SPOKEN)
def test_films_and_sounds_go_as_a_row_says_and_are_read_back(
    part: Part, extras: list[str], said: dict[str, Any]
) -> None:
    wire = DIALECT.encode_request(saying(part), site(extras=extras))
    assert isinstance(wire.body, bytes)
    assert msgspec.json.decode(wire.body)["messages"][0]["content"] == [said]
    assert DIALECT.decode_request(wire).messages[0].content == (part,)


@pytest.mark.parametrize(("asked", "quirks", "words"), REFUSED_PARTS)
def test_a_part_that_a_provider_cannot_be_told_is_refused(
    asked: ChatRequest, quirks: dict[str, Any], words: str
) -> None:
    with pytest.raises(UnsupportedError, match=words):
        DIALECT.encode_request(asked, site(**quirks))


@pytest.mark.parametrize(("asked", "quirks", "words"), REFUSED_PARTS)
def test_such_a_part_is_dropped_with_a_note_where_that_was_asked(
    asked: ChatRequest, quirks: dict[str, Any], words: str
) -> None:
    message = asked.messages[0]
    asked = request(message, unsupported="drop")
    assert [note.code for note in DIALECT.encode_request(asked, site(**quirks)).notes] == ["dropped"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            Message(role=Role.USER, content=(ToolCall(id="c", name="f", arguments=""),)),
            r"content\[0\] is a ToolCall",
        ),
        (Message(role=Role.SYSTEM, content=(Thinking(text="x"),)), r"content\[0\] is a Thinking"),
        (Message(role=Role.ASSISTANT, content=(ToolResult(call_id="c"),)), r"content\[0\] is a ToolResult"),
        (Message(role=Role.TOOL, content=(Text(text="x"), Text(text="y"))), "must hold tool results"),
        (Message(role=Role.TOOL), "must hold tool results"),
    ],
)
def test_a_part_in_the_wrong_place_is_refused_with_its_place(message: Message, words: str) -> None:
    with pytest.raises(InputError, match=rf"messages\[0\].*{words}|messages\[0\]\.{words}"):
        DIALECT.encode_request(request(message), site())


def test_that_no_tool_be_called_is_said_by_offering_none_where_it_cannot_be_said() -> None:
    asked = request(tools=(FUNCTION,), tool_choice=ToolChoice(mode="none"))
    assert body(asked)["tool_choice"] == "none"
    at = site(refused=["tool_choice.none"])
    assert [note.code for note in DIALECT.encode_request(asked, at).notes] == ["emulated"]
    assert not {"tools", "tool_choice"} & body(asked, at).keys()


def test_a_tool_choice_must_name_a_tool_that_is_offered() -> None:
    with pytest.raises(InputError, match="tool_choice names 'g'"):
        body(request(tools=(FUNCTION,), tool_choice=ToolChoice(mode="required", allowed=("g",))))


def test_results_among_a_users_words_become_messages_of_their_own() -> None:
    result = ToolResult(call_id="c", content=(Text(text="1"), Text(text="2")))
    assert body(saying(result, Text(text="and?")))["messages"] == [
        {
            "role": "tool",
            "tool_call_id": "c",
            "content": [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}],
        },
        {"role": "user", "content": "and?"},
    ]
    assert body(saying(result))["messages"][0]["role"] == "tool"
    assert len(body(saying(result))["messages"]) == 1


def test_an_empty_message_is_an_empty_text() -> None:
    assert body(saying())["messages"] == [{"role": "user", "content": ""}]


def test_the_type_of_a_picture_is_seen_in_its_bytes() -> None:
    def sent(data: bytes) -> str:
        url: str = body(saying(Image(data=data)))["messages"][0]["content"][0]["image_url"]["url"]
        return url.partition(";")[0]

    assert sent(b"\xff\xd8\xff\xe0") == "data:image/jpeg"
    assert sent(b"GIF89a") == "data:image/gif"
    assert sent(b"RIFF....WEBP") == "data:image/webp"
    assert sent(b"????") == "data:image/png"


@pytest.mark.parametrize(
    ("reasoning", "sent"),
    [
        (None, {"reasoning_format": "parsed"}),
        (Reasoning(enabled=True), {"reasoning_effort": "default", "reasoning_format": "parsed"}),
        (Reasoning(enabled=False), {"reasoning_effort": "none"}),
    ],
)
def test_thinking_is_asked_into_a_field_of_its_own_while_the_model_thinks(
    reasoning: Reasoning | None, sent: dict[str, Any]
) -> None:
    at = site(thinking_switch="effort_default", efforts=[], extras=["reasoning_parsed"])
    said = body(request(reasoning=reasoning), at)
    assert {name: value for name, value in said.items() if name.startswith("reasoning")} == sent


def test_an_effort_is_left_out_where_only_on_and_off_can_be_said() -> None:
    at = site(thinking_switch="effort_default", efforts=[])
    asked = request(reasoning=Reasoning(effort="low"), unsupported="drop")
    wire = DIALECT.encode_request(asked, at)
    assert "reasoning_effort" not in body(asked, at)
    assert [note.code for note in wire.notes] == ["dropped"]


def test_a_cached_tool_and_a_cached_result_carry_their_marks() -> None:
    at = site(cache_marks="cache_control", extras=["video"])
    mark = {"type": "ephemeral"}
    sent = body(request(tools=(FunctionTool(name="f", cache=Cache()),)), at)
    assert sent["tools"][0]["cache_control"] == mark
    result = ToolResult(call_id="c", content=(Text(text="1", cache=Cache()),))
    sent = body(saying(result, Image(url="https://a.example", cache=Cache()), Video(data=b"x")), at)
    assert sent["messages"][0]["content"][0]["cache_control"] == mark
    picture, film = sent["messages"][1]["content"]
    assert picture["cache_control"] == mark
    assert film["video_url"]["url"] == "data:video/mp4;base64,eA=="


def test_fields_of_this_wire_go_back_where_they_came_from() -> None:
    replay = Replay(dialect="openai_chat", json=Raw(b'{"extra_content":{"s":1}}'))
    call = ToolCall(id="c", name="f", arguments="", replay=replay)
    opaque = Opaque(dialect="openai_chat", json=Raw(b'{"type":"reference"}'))
    sent = body(saying(Text(text="a"), opaque, call, role=Role.ASSISTANT))["messages"][0]
    assert sent["tool_calls"] == [
        {
            "id": "c",
            "type": "function",
            "function": {"name": "f", "arguments": "{}"},
            "extra_content": {"s": 1},
        }
    ]
    assert sent["content"] == [{"type": "text", "text": "a"}, {"type": "reference"}]
    strange = Replay(dialect="elsewhere", json=Raw(b'{"secret":1}'))
    foreign = ToolCall(id="c", name="f", arguments="{}", replay=strange)
    assert b"secret" not in msgspec.json.encode(body(saying(foreign, role=Role.ASSISTANT)))
    result = Message(role=Role.TOOL, content=(ToolResult(call_id="c"),), replay=replay)
    assert body(request(result))["messages"][0] == {
        "role": "tool",
        "tool_call_id": "c",
        "content": "",
        "extra_content": {"s": 1},
    }


def test_reasoning_stands_before_a_list_too() -> None:
    parts = (Thinking(text="Hm."), Text(text="a"), Text(text="b"))
    at = site(reasoning_replay="always", reasoning_field="think_tags")
    content = body(saying(*parts, role=Role.ASSISTANT), at)["messages"][0]["content"]
    assert [part["text"] for part in content] == ["<think>\nHm.\n</think>\n\n", "a", "b"]
    at = site(reasoning_replay="always", reasoning_field="thinking_part")
    content = body(saying(*parts, role=Role.ASSISTANT), at)["messages"][0]["content"]
    assert [part["type"] for part in content] == ["thinking", "text", "text"]
    assert (
        body(saying(Thinking(text="Hm."), role=Role.ASSISTANT), at)["messages"][0]["content"][0]["type"]
        == "thinking"
    )
    assert (
        "reasoning_content"
        not in body(saying(Thinking(), role=Role.ASSISTANT), site(reasoning_replay="always"))["messages"][0]
    )


REASONING: list[tuple[Reasoning, dict[str, Any], dict[str, Any]]] = [
    (Reasoning(), {}, {}),
    (Reasoning(enabled=True), {}, {"reasoning_effort": "medium"}),
    (Reasoning(enabled=True), {"efforts": []}, {}),
    (Reasoning(enabled=False), {"thinking_switch": "thinking_type"}, {"thinking": {"type": "disabled"}}),
    (Reasoning(effort="none"), {"thinking_switch": "thinking_type"}, {"thinking": {"type": "disabled"}}),
    (Reasoning(effort="low"), {"thinking_switch": "thinking_type"}, {"reasoning_effort": "low"}),
    (Reasoning(enabled=False), {"thinking_switch": "enable_thinking"}, {"enable_thinking": False}),
    (Reasoning(effort="low"), {"thinking_switch": "enable_thinking"}, {"reasoning_effort": "low"}),
    (Reasoning(enabled=True), {"thinking_switch": "reasoning_object"}, {"reasoning": {"enabled": True}}),
    (Reasoning(enabled=False), {"thinking_switch": "reasoning_object"}, {"reasoning": {"enabled": False}}),
    (Reasoning(), {"thinking_switch": "reasoning_object"}, {}),
    (Reasoning(), {"thinking_switch": "reasoning_enabled"}, {}),
    (
        Reasoning(enabled=True, effort="low"),
        {"thinking_switch": "reasoning_enabled"},
        {"reasoning": {"enabled": True}, "reasoning_effort": "low"},
    ),
    (
        Reasoning(effort="none"),
        {"thinking_switch": "reasoning_enabled"},
        {"reasoning": {"enabled": False}},
    ),
]


@pytest.mark.parametrize(("reasoning", "quirks", "said"), REASONING)
def test_how_much_to_think_is_said_in_the_providers_words(
    reasoning: Reasoning, quirks: dict[str, Any], said: dict[str, Any]
) -> None:
    sent = body(request(reasoning=reasoning), site(**quirks))
    assert {name: value for name, value in sent.items() if name not in ("model", "messages")} == said


def test_a_custom_tool_may_be_described() -> None:
    assert body(request(tools=(CustomTool(name="c", description="d", grammar="g"),)))["tools"][0][
        "custom"
    ] == {
        "name": "c",
        "description": "d",
        "format": {"type": "grammar", "grammar": {"definition": "g", "syntax": "lark"}},
    }


def test_logprobs_as_a_number_are_at_least_one() -> None:
    assert body(request(logprobs=True), site(extras=["logprobs_number"]))["logprobs"] == 1


def test_ids_that_have_the_right_form_already_are_kept() -> None:
    call = ToolCall(id="abcDEF123", name="f", arguments="{}")
    sent = body(saying(call, role=Role.ASSISTANT), site(tool_ids="nine"))
    assert sent["messages"][0]["tool_calls"][0]["id"] == "abcDEF123"


def test_a_schema_needs_no_name() -> None:
    form = ResponseFormat(type="json_schema")
    assert body(request(response_format=form))["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer"},
    }


def moot_notes(**fields: Any) -> list[str]:
    """What the notes say that has no effect."""
    moot = {"thinking": ["temperature", "presence_penalty"], "plain": ["top_p"], "top_p": "[0.95, 1]"}
    at = site(moot=moot, thinking_switch="thinking_type")
    notes = DIALECT.encode_request(request(**fields), at).notes
    assert all(note.code == "no_effect" for note in notes)
    return [note.message.split(" gives ")[1].split(" no effect")[0] for note in notes]


@pytest.mark.parametrize(
    ("fields", "moot"),
    [
        ({}, []),
        ({"max_tokens": 9}, []),
        ({"temperature": 0.5}, ["temperature"]),
        ({"top_p": 0.96}, []),
        ({"top_p": 0.5}, ["top_p outside [0.95, 1]"]),
        ({"top_p": 0.5, "reasoning": Reasoning(enabled=False)}, ["top_p"]),
        ({"temperature": 0.5, "reasoning": Reasoning(effort="none")}, []),
        ({"temperature": 0.5, "reasoning": Reasoning(effort="high")}, ["temperature"]),
    ],
)
def test_what_is_sent_without_effect_is_told(fields: dict[str, Any], moot: list[str]) -> None:
    assert moot_notes(**fields) == moot


def test_a_template_is_told_nothing_that_was_not_asked() -> None:
    at = site(thinking_switch="template_enable_thinking", efforts=["low"])
    assert body(request(reasoning=Reasoning(effort="low")), at)["reasoning_effort"] == "low"
    assert "chat_template_kwargs" not in body(request(reasoning=Reasoning(effort="low")), at)


@pytest.mark.parametrize(
    ("part", "quirks", "kind"),
    [
        (PICTURE, {}, "image_url"),
        (Audio(data=b"wav"), {}, "input_audio"),
        (File(data=b"pdf", name="a.pdf"), {}, "file"),
        (
            File(url="https://a.example/a.pdf"),
            {"extras": ["document_url"], "refused": ["file"]},
            "document_url",
        ),
        (Video(data=b"x"), {"extras": ["video"]}, "video_url"),
    ],
)
def test_media_of_a_result_stand_in_a_message_of_the_user_behind_it(
    part: Any, quirks: dict[str, Any], kind: str
) -> None:
    wire = DIALECT.encode_request(telling(part), site(**quirks))
    assert isinstance(wire.body, bytes)
    result, behind = msgspec.json.decode(wire.body)["messages"]
    assert (result["role"], behind["role"]) == ("tool", "user")
    assert "see the next message of the user" in result["content"]
    assert [entry["type"] for entry in behind["content"]] == ["text", kind]
    assert [note.code for note in wire.notes] == ["emulated"]
