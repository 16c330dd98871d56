"""What goes out, and what is refused before anything does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from baimo.dialect.protocols import Site
from baimo.dialects.spark_ws import DIALECT
from baimo.errors import ConfigError, InputError, UnsupportedError
from baimo.types.chat import ChatRequest, Message, Reasoning
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
from baimo.types.tools import FunctionTool, ServerTool, ToolChoice
from tests.dialects.spark_ws.asking import HI, frame, request, said, site
from tests.strategies import json_objects, names, words

PNG = b"\x89PNG"
TOOL = FunctionTool(name="clock")


def own(value: object) -> Raw:
    return Raw(msgspec.json.encode(value))


@st.composite
def requests(draw: st.DrawFn) -> ChatRequest:
    """What this wire can say, in the words that it gives back."""
    turns: list[Message] = []
    if draw(st.booleans()):
        turns.append(said("system", draw(words)))
    for role in ["user", "assistant"] * draw(st.integers(0, 2)) + ["user"]:
        replay = None
        if draw(st.booleans()):
            replay = Replay(dialect="spark_ws", json=own({"index": draw(st.integers(0, 9))}))
        turns.append(said(role, draw(words), replay=replay))
    model = draw(
        st.sampled_from(
            ["lite", "generalv3", "4.0Ultra", "spark-x", "x2", "x1-preview", "maas/xs1", "assistant/q"]
        )
    )
    tool = st.builds(FunctionTool, name=names, description=words, parameters=json_objects.filter(bool))
    search = ServerTool(replay=Replay(dialect="spark_ws", json=own({"type": "web_search"})))
    tools = draw(st.lists(tool, max_size=2))
    maybe = st.none
    return ChatRequest(
        model=model,
        messages=tuple(turns),
        tools=(*tools, search) if draw(st.booleans()) else tuple(tools),
        temperature=draw(maybe() | st.floats(0.01, 1)),
        top_p=draw(maybe() | st.floats(0.01, 1)),
        top_k=draw(maybe() | st.integers(1, 6)),
        max_tokens=draw(maybe() | st.integers(1, 4096)),
        presence_penalty=draw(maybe() | st.floats(0.1, 2)),
        frequency_penalty=draw(maybe() | st.floats(-2, -0.1)),
        reasoning=Reasoning(enabled=draw(st.booleans())) if model in ("spark-x", "x2") else None,
        user=draw(maybe() | names),
        stream=True,
        foreign=draw(
            maybe() | st.just(Replay(dialect="spark_ws", json=own({"parameter": {"chat": {"chat_id": "c"}}})))
        ),
    )


@given(asked=requests())
def test_a_request_survives_both_ways(asked: ChatRequest) -> None:
    assert DIALECT.decode_request(DIALECT.encode_request(asked, site())) == asked


def test_the_frame_is_one_compact_text() -> None:
    wire = DIALECT.encode_request(request(said("user", "你 好")), site())
    assert wire.frames == (
        '{"header":{"app_id":"a1b2c3d4"},"parameter":{"chat":{"domain":"generalv3.5"}},'
        '"payload":{"message":{"text":[{"role":"user","content":"你 好"}]}}}',
    )
    assert wire.url == "wss://spark-api.xf-yun.com/v3.5/chat"
    assert wire.headers == ()


def test_headers_go_into_the_handshake() -> None:
    wire = DIALECT.encode_request(request(headers={"X-Team": "a"}), site())
    assert wire.headers == ((b"X-Team", b"a"),)


def test_an_app_id_is_needed() -> None:
    with pytest.raises(ConfigError, match="spark needs an app_id beside api_key and api_secret") as caught:
        DIALECT.encode_request(request(), Site(base_url="wss://spark-api.xf-yun.com", provider="spark"))
    assert "console.xfyun.cn" in str(caught.value)


def test_streamed_or_not_the_wire_is_the_same() -> None:
    assert frame(request(stream=True)) == frame(request())


def test_a_foreign_request_of_another_dialect_is_not_sent_on() -> None:
    other = Replay(dialect="openai_chat", json=own({"x": 1}))
    assert "x" not in frame(request(foreign=other))


def test_extra_is_merged_deeply_into_its_section() -> None:
    extra = {
        "header": {"uid": "u"},
        "parameter": {"chat": {"top_k": 2}},
        "patch_id": ["a", "b"],
        "auditing": "default",
    }
    sent = frame(request(temperature=0.5, extra=extra))
    assert sent["header"] == {"app_id": "a1b2c3d4", "uid": "u", "patch_id": ["a", "b"]}
    assert sent["parameter"]["chat"] == {
        "domain": "generalv3.5",
        "temperature": 0.5,
        "top_k": 2,
        "auditing": "default",
    }


def test_fields_of_a_turn_that_this_wire_gave_go_back() -> None:
    message = said("user", "a", replay=Replay(dialect="spark_ws", json=own({"index": 3})))
    assert frame(request(message))["payload"]["message"]["text"] == [
        {"role": "user", "content": "a", "index": 3}
    ]
    other = said("user", "a", replay=Replay(dialect="ollama", json=own({"index": 3})))
    assert frame(request(other))["payload"]["message"]["text"] == [{"role": "user", "content": "a"}]


@pytest.mark.parametrize("messages", [(), (said("system", "a"),), (said("user"),)])
def test_a_question_is_needed(messages: tuple[Message, ...]) -> None:
    if messages == (said("user"),):
        assert frame(request(*messages))["payload"]["message"]["text"] == [{"role": "user", "content": ""}]
        return
    with pytest.raises(InputError, match=r"messages is empty|last message must be the user's"):
        DIALECT.encode_request(ChatRequest(model="max", messages=messages), site())


def test_nothing_is_asked_where_dropping_leaves_no_question() -> None:
    with pytest.raises(InputError, match="last message must be the user's"):
        frame(request(said("assistant", "a"), unsupported="drop"))


@pytest.mark.parametrize(
    "message",
    [
        said("user", Thinking(text="x")),
        said("user", ToolCall(id="1", name="f", arguments="")),
        said("assistant", ToolResult(call_id="1")),
    ],
)
def test_a_part_in_the_wrong_message_is_named(message: Message) -> None:
    with pytest.raises(InputError, match=r"messages\[0\]\.content\[0\] is a"):
        frame(request(message, HI))


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Text(text="a", cache=Cache()), "what to cache"),
        (Audio(data=b"a"), "audio content"),
        (Video(url="http://a"), "video content"),
        (File(data=b"a"), "file content"),
        (Opaque(dialect="other", json=own({})), "of the dialect 'other'"),
    ],
)
def test_a_part_that_cannot_be_said_is_refused_or_noted(part: Part, words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        frame(request(said("user", "a", part)))
    wire = DIALECT.encode_request(request(said("user", "a", part), unsupported="drop"), site())
    assert words in wire.notes[0].message


def test_what_a_plugin_found_earlier_is_not_sent_back() -> None:
    found = said("assistant", "b", Opaque(dialect="spark_ws", json=own({"name": "x"})))
    turns = frame(request(HI, found, HI))["payload"]["message"]["text"]
    assert [turn["content"] for turn in turns] == ["Hi", "b", "Hi"]


def test_a_message_of_nothing_but_thoughts_is_left_out() -> None:
    turns = frame(request(HI, said("assistant", Thinking(text="hm")), HI))["payload"]["message"]["text"]
    assert turns == [{"role": "user", "content": "Hi\n\nHi"}]


def test_a_tools_failure_and_its_pictures_are_told() -> None:
    result = ToolResult(call_id="c9", content=(Text(text="no"), Image(data=PNG)), is_error=True)
    wire = DIALECT.encode_request(
        request(HI, said("assistant", "ok"), said("tool", result), unsupported="drop"), site()
    )
    assert '"Error of c9: no"' in str(wire.frames[0])
    assert [note.code for note in wire.notes] == ["emulated", "dropped"]


def test_a_note_is_told_once() -> None:
    turns = [said("user" if number % 2 else "assistant", "x", name="bob") for number in range(1, 6)]
    wire = DIALECT.encode_request(request(*turns, unsupported="drop"), site())
    assert [note.code for note in wire.notes] == ["dropped"]


def pictured(*parts: Part | str, before: tuple[Message, ...] = (), **fields: Any) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = frame(request(*before, said("user", *parts), model="image", **fields))[
        "payload"
    ]["message"]["text"]
    return turns


def test_a_picture_stands_before_the_question() -> None:
    by_url = Image(url="data:image/png;base64,iVBORw==")
    wanted = [
        {"role": "user", "content": "iVBORw==", "content_type": "image"},
        {"role": "user", "content": "what?"},
    ]
    assert pictured(Image(data=PNG), "what?") == wanted
    assert pictured("what?", by_url) == wanted
    again = DIALECT.decode_request(
        DIALECT.encode_request(request(said("user", Image(data=PNG), "what?"), model="image"), site())
    )
    assert again.messages == (said("user", Image(data=PNG), "what?"),)


@pytest.mark.parametrize(
    ("parts", "before", "words"),
    [
        ((Image(url="https://a.example/x.png"), "a"), (), "other than by its bytes"),
        ((Image(file_id="f"), "a"), (), "other than by its bytes"),
        ((Image(data=PNG), Image(data=PNG), "a"), (), "more than one image"),
        ((Image(data=PNG), "a"), (said("system", "s"),), "a system message beside an image"),
        ((Image(data=PNG), "a"), (HI, said("assistant", "b")), "an image in a later turn"),
    ],
)
def test_a_picture_that_has_no_place_is_refused_or_noted(
    parts: tuple[Part | str, ...], before: tuple[Message, ...], words: str
) -> None:
    with pytest.raises(UnsupportedError, match=words):
        pictured(*parts, before=before)
    turns = pictured(*parts, before=before, unsupported="drop")
    assert turns[-1] == {"role": "user", "content": "a"}
    assert turns[0]["role"] == "user"


def test_a_half_surrogate_is_named() -> None:
    with pytest.raises(InputError, match=r"messages\[1\] holds half a surrogate"):
        frame(request(said("system", "a"), said("user", "\ud83d")))
    with pytest.raises(InputError, match="the request holds half a surrogate"):
        frame(request(extra={"chat_id": "\ud83d"}))
    with pytest.raises(InputError, match="no JSON"):
        frame(request(extra={"chat_id": object()}))


def test_a_choice_names_a_tool_that_is_offered() -> None:
    with pytest.raises(InputError, match="names 'f'"):
        frame(request(tools=(TOOL,), tool_choice=ToolChoice(mode="auto", allowed=("f",))))


def test_a_choice_that_is_the_wires_own_says_nothing() -> None:
    wire = DIALECT.encode_request(
        request(tools=(TOOL,), tool_choice=ToolChoice(mode="auto"), parallel_tool_calls=False), site()
    )
    assert wire.notes == ()
    none = DIALECT.encode_request(request(tool_choice=ToolChoice(mode="none")), site())
    assert none.notes == ()


def test_a_tool_with_a_mark_for_the_cache_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="what to cache"):
        frame(request(tools=(FunctionTool(name="f", cache=Cache()),)))


def test_an_answer_needs_room() -> None:
    with pytest.raises(InputError, match="max_tokens is 0"):
        frame(request(max_tokens=0))
    assert frame(request(model="kjwx", max_tokens=10**6))["parameter"]["chat"]["max_tokens"] == 10**6


def test_no_switch_is_sent_where_nothing_is_asked_of_thinking() -> None:
    assert "thinking" not in frame(request(model="x2", reasoning=Reasoning()))["parameter"]["chat"]
    off = frame(request(model="x2", reasoning=Reasoning(effort="none")))
    assert off["parameter"]["chat"]["thinking"] == {"type": "disabled"}


def test_a_message_of_a_tool_is_the_users_words() -> None:
    wire = DIALECT.encode_request(
        request(
            said("tool", ToolResult(call_id="c", name="clock", content=(Text(text="9"),))), unsupported="drop"
        ),
        site(),
    )
    assert '"role":"user","content":"Result of clock: 9"' in str(wire.frames[0])


def test_a_picture_and_a_switch_are_left_out_where_the_model_has_neither() -> None:
    wire = DIALECT.encode_request(
        request(said("user", Image(data=PNG), "a"), reasoning=Reasoning(enabled=True), unsupported="drop"),
        site(),
    )
    assert [note.code for note in wire.notes] == ["dropped", "dropped"]
    assert "thinking" not in str(wire.frames[0])
