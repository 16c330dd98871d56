"""Requests of this wire: what is sent, what is refused, what is only noted."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from baimo.dialects.ollama import DIALECT
from baimo.errors import InputError, UnsupportedError
from baimo.types.chat import (
    AudioOutput,
    ChatRequest,
    Message,
    Reasoning,
    ResponseFormat,
    Role,
)
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
from baimo.types.tools import CustomTool, FunctionTool, Search, ServerTool, ToolChoice
from tests.dialects.ollama.asking import asked, body, request, site
from tests.strategies import json_objects, json_texts, names, texts, words


def user(*parts: Part | str) -> Message:
    return Message(role=Role.USER, content=tuple(Text(text=p) if isinstance(p, str) else p for p in parts))


def answer(*parts: Part) -> Message:
    return Message(role=Role.ASSISTANT, content=parts)


def test_streaming_is_always_said() -> None:
    assert body(request())["stream"] is False
    assert body(request(stream=True))["stream"] is True
    accept = [value for name, value in DIALECT.encode_request(request(stream=True), site()).headers]
    assert b"application/x-ndjson" in accept


def test_a_value_that_is_the_servers_default_is_sent_for_the_models_file_may_say_otherwise() -> None:
    sent = body(request(presence_penalty=0.0, temperature=0.8, repetition_penalty=1.0))
    assert sent["options"] == {"presence_penalty": 0.0, "temperature": 0.8, "repeat_penalty": 1.0}


def test_what_is_no_wish_is_left_out_without_a_word() -> None:
    wire = DIALECT.encode_request(
        request(n=1, parallel_tool_calls=True, modalities=("text",), store=False, include_usage=True), site()
    )
    assert wire.notes == ()
    assert isinstance(wire.body, bytes)
    assert msgspec.json.decode(wire.body).keys() == {"model", "stream", "messages"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"n": 2}, "several answers"),
        ({"logit_bias": {"1": 1.0}}, "logit_bias"),
        ({"search": Search()}, "search"),
        ({"user": "u"}, "user"),
        ({"metadata": {"a": "b"}}, "metadata"),
        ({"audio": AudioOutput(voice="v", format="wav")}, "audio"),
        ({"modalities": ("text", "audio")}, "modalities"),
        ({"parallel_tool_calls": False}, "one tool at a time"),
        ({"reasoning": Reasoning(budget=100)}, "budget"),
        ({"reasoning": Reasoning(effort="minimal")}, "'low' is nearest"),
        ({"top_logprobs": 21}, r"takes \[0, 20\]"),
        ({"response_format": ResponseFormat(type="json_object", description="d")}, "form is for"),
        ({"tools": (CustomTool(name="c"),)}, "no function"),
        ({"tools": (ServerTool(replay=Replay(dialect="x", json=Raw(b"{}"))),)}, "no function"),
        ({"tools": (FunctionTool(name="f", strict=True),)}, "strictly"),
        ({"tools": (FunctionTool(name="f", cache=Cache()),)}, "what to cache"),
        (
            {"tools": (FunctionTool(name="f"),), "tool_choice": ToolChoice(mode="required")},
            "must be called",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_or_noted(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        DIALECT.encode_request(request(**fields), site())
    wire = DIALECT.encode_request(request(**fields, unsupported="drop"), site())
    assert [note.code for note in wire.notes] in (["dropped"], ["clamped"])


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ((user(Image(url="https://a.example/x.png")),), "by a web address"),
        ((user(Image(file_id="f")),), "by the id of a file"),
        ((user("a", Image(data=b"x", detail="high")),), "how closely"),
        ((user(Audio(url="https://a.example/x.wav")),), "audio other than"),
        ((user(Video(data=b"x")),), "video content"),
        ((user("a", File(data=b"x")),), "file content"),
        ((user("a", Opaque(dialect="ollama", json=Raw(b"{}"))),), "opaque content"),
        ((user(Text(text="a", cache=Cache())),), "what to cache"),
        ((Message(role=Role.USER, content=(Text(text="a"),), name="Ann"),), "author"),
        ((user("a"), answer(ToolCall(id="1", name="f", arguments="[1]"))), "no JSON object"),
        ((user("a"), answer(ToolCall(id="1", name="f", arguments="{}", kind="custom"))), "custom tool"),
        (
            (Message(role=Role.TOOL, content=(ToolResult(call_id="1", content=(Audio(data=b"x"),)),)),),
            "result with audio",
        ),
    ],
)
def test_a_message_that_cannot_be_said_is_refused_or_noted(messages: tuple[Message, ...], words: str) -> None:
    with pytest.raises(UnsupportedError, match=words):
        DIALECT.encode_request(request(*messages), site())
    wire = DIALECT.encode_request(request(*messages, unsupported="drop"), site())
    assert {note.code for note in wire.notes} == {"dropped"}


def test_arguments_that_are_no_object_are_boxed_where_that_is_allowed() -> None:
    call = ToolCall(id="1", name="f", arguments="not json")
    sent = body(request(user("a"), answer(call), unsupported="drop"))
    assert sent["messages"][1]["tool_calls"][0]["function"]["arguments"] == {"input": "not json"}
    empty = body(request(user("a"), answer(ToolCall(id="1", name="f", arguments=" "))))
    assert empty["messages"][1]["tool_calls"][0]["function"]["arguments"] == {}


def test_calls_are_numbered_within_their_message() -> None:
    calls = [ToolCall(id=str(number), name="f", arguments="{}") for number in range(2)]
    sent = body(request(user("a"), answer(*calls), answer(*calls)))["messages"]
    numbers = [[call["function"]["index"] for call in message["tool_calls"]] for message in sent[1:]]
    assert numbers == [[0, 1], [0, 1]]


def test_arguments_go_out_byte_for_byte() -> None:
    call = ToolCall(id="1", name="f", arguments='{"z": 1.0, "a": 12345678901234567890123}')
    raw = DIALECT.encode_request(request(user("a"), answer(call)), site()).body
    assert isinstance(raw, bytes)
    assert b'"arguments":{"z": 1.0, "a": 12345678901234567890123}' in raw


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (Message(role=Role.USER, content=(Thinking(text="x"),)), "only an assistant's"),
        (Message(role=Role.TOOL, content=(Text(text="x"),)), "nothing else"),
        (Message(role=Role.TOOL), "nothing else"),
        (answer(ToolResult(call_id="1")), "must not hold"),
    ],
)
def test_a_part_in_the_wrong_message_is_an_error_that_names_it(message: Message, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.encode_request(request(message), site())


def test_pictures_and_sounds_stand_beside_the_text() -> None:
    (sent,) = body(request(user("a", Image(data=b"\x01"), Audio(data=b"\x02"), "b")))["messages"]
    assert sent == {"role": "user", "content": "a\n\nb", "images": ["AQ==", "Ag=="]}
    (url,) = body(request(user(Image(url="data:image/png;base64,AQ==", detail="auto"))))["messages"]
    assert url["images"] == ["AQ=="]


def test_a_refusal_is_said_again_as_text_and_a_failure_of_a_tool_in_words() -> None:
    result = ToolResult(call_id="1", content=(Text(text="no disk"),), is_error=True, name="f")
    said = request(user("a"), answer(Refusal(text="No.")), Message(role=Role.TOOL, content=(result,)))
    wire = DIALECT.encode_request(said, site())
    assert [note.code for note in wire.notes] == ["emulated", "emulated"]
    sent = body(said)["messages"]
    assert sent[1] == {"role": "assistant", "content": "No."}
    assert sent[2] == {"role": "tool", "content": "Error: no disk", "tool_name": "f", "tool_call_id": "1"}


def test_a_result_without_a_name_takes_that_of_its_call_or_goes_without() -> None:
    call = answer(ToolCall(id="1", name="f", arguments="{}"))
    both = Message(role=Role.TOOL, content=(ToolResult(call_id="1"), ToolResult(call_id="2")))
    sent = body(request(user("a"), call, both))["messages"]
    assert [message.get("tool_name") for message in sent[2:]] == ["f", None]


def test_results_in_a_users_message_become_messages_of_their_own() -> None:
    mixed = user(ToolResult(call_id="1"), "and?")
    assert [m["role"] for m in body(request(user("a"), mixed))["messages"]] == ["user", "tool", "user"]
    alone = user(ToolResult(call_id="1"))
    assert [m["role"] for m in body(request(alone))["messages"]] == ["tool"]
    assert body(request(Message(role=Role.USER)))["messages"] == [{"role": "user", "content": ""}]


def test_fields_of_a_message_that_came_by_this_wire_go_back_to_it_only() -> None:
    def kept(dialect: str, role: Role, content: tuple[Part, ...]) -> Message:
        return Message(role=role, content=content, replay=Replay(dialect=dialect, json=Raw(b'{"x":1}')))

    for dialect, told in (("ollama", 1), ("other", None)):
        said = body(
            request(
                kept(dialect, Role.USER, (Text(text="a"),)),
                kept(dialect, Role.TOOL, (ToolResult(call_id="1"),)),
            )
        )
        assert [message.get("x") for message in said["messages"]] == [told, told]


def test_a_choice_of_tools_is_emulated_where_it_can_be() -> None:
    tools = (FunctionTool(name="f"), FunctionTool(name="g"))
    only = request(tools=tools, tool_choice=ToolChoice(mode="auto", allowed=("g",)))
    assert [tool["function"]["name"] for tool in body(only)["tools"]] == ["g"]
    assert [note.code for note in DIALECT.encode_request(only, site()).notes] == ["emulated"]
    forced = request(tools=tools, tool_choice=ToolChoice(mode="required", allowed=("g",)), unsupported="drop")
    assert [tool["function"]["name"] for tool in body(forced)["tools"]] == ["g"]
    assert "tools" not in body(request(tool_choice=ToolChoice(mode="none")))
    with pytest.raises(InputError, match="not among the tools"):
        body(request(tools=tools, tool_choice=ToolChoice(mode="auto", allowed=("h",))))


def test_a_schema_goes_out_as_the_format_and_text_is_no_wish() -> None:
    assert "format" not in body(request(response_format=ResponseFormat(type="text")))
    assert body(request(response_format=ResponseFormat(type="json_schema")))["format"] == "json"


@pytest.mark.parametrize(
    ("reasoning", "think"),
    [
        (Reasoning(enabled=False), False),
        (Reasoning(enabled=True), True),
        (Reasoning(enabled=True, effort="max"), "max"),
        (Reasoning(), None),
    ],
)
def test_thinking_is_a_switch_or_a_level(reasoning: Reasoning, think: object) -> None:
    assert body(request(reasoning=reasoning)).get("think") == think


def test_extra_is_the_last_word_and_options_are_merged() -> None:
    sent = body(request(seed=1, top_k=2, extra={"options": {"seed": 9, "num_gpu": 0}, "keep_alive": -1}))
    assert sent["options"] == {"seed": 9, "top_k": 2, "num_gpu": 0}
    assert sent["keep_alive"] == -1


def test_an_option_in_the_wrong_place_is_told_of() -> None:
    wire = DIALECT.encode_request(request(extra={"num_ctx": 8192}), site())
    (note,) = wire.notes
    assert note.code == "misplaced"
    assert "'options': {'num_ctx'" in note.message.replace('"', "'")


def test_a_callers_header_wins() -> None:
    wire = DIALECT.encode_request(request(headers={"Accept": "x/y", "X-A": "1"}), site())
    assert dict(wire.headers)[b"X-A"] == b"1"
    assert (b"Accept", b"x/y") in wire.headers
    assert b"accept" not in dict(wire.headers)


def test_half_a_surrogate_is_refused_where_it_stands() -> None:
    with pytest.raises(InputError, match=r"messages\[1\] holds half a surrogate"):
        DIALECT.encode_request(request(user("a"), user("\ud83d")), site())
    with pytest.raises(InputError, match="the request holds half"):
        DIALECT.encode_request(request(stop=("\ud83d",)), site())
    with pytest.raises(InputError, match="no JSON"):
        DIALECT.encode_request(request(extra={"x": object()}), site())


def test_nothing_to_say_loads_a_model_only_where_that_was_meant() -> None:
    empty = ChatRequest(model="m", messages=())
    for form in ("chat", "generate"):
        with pytest.raises(InputError, match="messages is empty"):
            DIALECT.encode_request(empty, site(form=form))
    load = msgspec.structs.replace(empty, extra={"keep_alive": 0})
    assert body(load) == {"model": "m", "stream": False, "messages": [], "keep_alive": 0}
    assert body(load, site(form="generate"))["prompt"] == ""


@pytest.mark.parametrize(
    "messages",
    [
        (user("a"), user("b")),
        (answer(Text(text="a")),),
        (user("a"), Message(role=Role.SYSTEM, content=(Text(text="b"),))),
        (user(ToolResult(call_id="1")),),
    ],
)
def test_generate_takes_one_question(messages: tuple[Message, ...]) -> None:
    with pytest.raises(UnsupportedError, match="one question") as caught:
        DIALECT.encode_request(request(*messages), site(form="generate"))
    assert "/api/chat" in str(caught.value)


def test_generate_takes_no_tools() -> None:
    with pytest.raises(UnsupportedError, match="use /api/chat"):
        DIALECT.encode_request(request(tools=(FunctionTool(name="f"),)), site(form="generate"))


plain = st.builds(Text, text=words)
pictures = st.builds(Image, data=st.binary(min_size=1, max_size=4))


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Message, ...]:
    """Turns as this wire has them: one text, pictures behind it, calls with their results."""
    turns = [Message(role=Role.SYSTEM, content=(draw(plain),))] if draw(st.booleans()) else []
    for turn in range(draw(st.integers(1, 3))):
        turns.append(user(draw(plain), *draw(st.lists(pictures, max_size=2))))
        parts: list[Part] = draw(st.lists(st.builds(Thinking, text=words), max_size=1))
        calls = [
            ToolCall(id=f"c{turn}{number}", name=draw(names), arguments=draw(json_texts))
            for number in range(draw(st.integers(0, 2)))
        ]
        turns.append(answer(*parts, draw(plain), *calls))
        turns += [
            Message(
                role=Role.TOOL,
                content=(ToolResult(call_id=call.id, name=call.name, content=(draw(plain),)),),
            )
            for call in calls
        ]
    return tuple(turns)


@st.composite
def requests(draw: st.DrawFn) -> ChatRequest:
    """What this wire can say."""

    def maybe(values: st.SearchStrategy[Any]) -> Any:
        return draw(st.none() | values)

    schema = st.builds(ResponseFormat, type=st.just("json_schema"), schema=json_objects)
    think = st.builds(Reasoning, enabled=st.booleans()) | st.builds(
        Reasoning, effort=st.sampled_from(["low", "medium", "high", "max"])
    )
    tools = st.builds(
        FunctionTool, name=names, description=st.none() | texts, parameters=st.none() | json_objects
    )
    return ChatRequest(
        model=draw(words),
        messages=draw(conversations()),
        tools=tuple(draw(st.lists(tools, max_size=2))),
        temperature=maybe(st.floats(0, 2)),
        top_p=maybe(st.floats(0, 1)),
        top_k=maybe(st.integers(0, 100)),
        min_p=maybe(st.floats(0, 1)),
        frequency_penalty=maybe(st.floats(-2, 2)),
        presence_penalty=maybe(st.floats(-2, 2)),
        repetition_penalty=maybe(st.floats(0, 2)),
        seed=maybe(st.integers(-1, 2**40)),
        stop=tuple(draw(st.lists(words, max_size=2))),
        max_tokens=maybe(st.integers(1, 10**6)),
        logprobs=maybe(st.just(True)),
        response_format=maybe(schema | st.just(ResponseFormat(type="json_object"))),
        reasoning=maybe(think),
        stream=draw(st.booleans()),
    )


@given(requests())
def test_what_is_asked_by_this_wire_is_understood_by_it(request: ChatRequest) -> None:
    assert asked(body(request, site(server_context=0))) == request


@given(requests())
def test_what_is_asked_by_the_other_form_is_understood_and_stays_in_it(request: ChatRequest) -> None:
    one = msgspec.structs.replace(request, messages=request.messages[:1], tools=())
    if one.messages[0].role is Role.SYSTEM:
        one = msgspec.structs.replace(one, messages=request.messages[:2])
    first = DIALECT.encode_request(one, site(form="generate", server_context=0))
    again = DIALECT.decode_request(first)
    assert msgspec.structs.replace(again, foreign=None) == one
    assert DIALECT.encode_request(again, site(server_context=0)) == first
