"""What goes out: what cases cannot show."""

from __future__ import annotations

import pytest
from msgspec import Raw

from baimo.dialects.openai_responses import DIALECT
from baimo.errors import InputError, UnsupportedError
from baimo.types.chat import Message, Reasoning, Role
from baimo.types.content import (
    Audio,
    Cache,
    Image,
    Opaque,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from baimo.types.tools import FunctionTool, Search, ServerTool, ToolChoice
from tests.dialects.openai_responses.asking import body, replay, request, said, site


def answer(*parts: object) -> Message:
    return Message(role=Role.ASSISTANT, content=parts)  # type: ignore[arg-type]


def test_a_stream_is_asked_for_in_head_and_body() -> None:
    wire = DIALECT.encode_request(request(stream=True, headers={"x-a": "b"}), site())
    assert (b"accept", b"text/event-stream") in wire.headers
    assert (b"x-a", b"b") in wire.headers
    assert wire.target == b"/v1/responses"


def test_a_request_needs_something_to_answer() -> None:
    with pytest.raises(InputError, match="messages is empty"):
        DIALECT.encode_request(request(Message(role=Role.USER), extra={"input": []}), site())


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (Message(role=Role.USER, content=(ToolCall(id="c", name="f", arguments=""),)), "is a ToolCall"),
        (Message(role=Role.TOOL, content=(Text(text="x"),)), "must hold tool results"),
        (Message(role=Role.TOOL), "must hold tool results"),
        (answer(ToolResult(call_id="c")), "is a ToolResult"),
    ],
)
def test_a_part_in_the_wrong_place_is_named(message: Message, words: str) -> None:
    with pytest.raises(InputError, match=words):
        DIALECT.encode_request(request(said("Hi"), message), site())


def test_a_users_message_may_hold_results_and_words() -> None:
    mixed = Message(
        role=Role.USER, content=(ToolResult(call_id="c", content=(Text(text="1"),)), Text(text="?"))
    )
    assert body(request(mixed))["input"] == [
        {"type": "function_call_output", "call_id": "c", "output": "1"},
        {"role": "user", "content": "?"},
    ]


def test_an_empty_message_says_nothing() -> None:
    assert body(request(Message(role=Role.USER)))["input"] == [{"role": "user", "content": ""}]


def test_a_failed_result_with_a_picture_says_so_first() -> None:
    result = ToolResult(call_id="c", content=(Image(url="https://a.example/i"),), is_error=True)
    (item,) = body(request(Message(role=Role.TOOL, content=(result,))))["input"]
    assert item["output"][0] == {"type": "input_text", "text": "Error:"}


def test_half_a_character_is_refused_by_its_message() -> None:
    with pytest.raises(InputError, match=r"messages\[1\] holds half"):
        DIALECT.encode_request(request(said("a"), said("b\ud83d")), site())
    with pytest.raises(InputError, match="the request holds half"):
        DIALECT.encode_request(request(user="\ud83d"), site())


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InputError, match="no JSON"):
        DIALECT.encode_request(request(extra={"x": object()}), site())


def test_a_tool_that_is_not_offered_cannot_be_chosen() -> None:
    with pytest.raises(InputError, match="names 'g'"):
        body(request(tools=(FunctionTool(name="f"),), tool_choice=ToolChoice(mode="auto", allowed=("g",))))


def test_a_choice_without_tools_is_left_out_on_request() -> None:
    asked = request(tool_choice=ToolChoice(mode="required"), unsupported="drop")
    wire = DIALECT.encode_request(asked, site())
    assert [note.code for note in wire.notes] == ["dropped"]
    assert "tool_choice" not in body(asked)


def test_what_cannot_be_said_is_left_out_on_request() -> None:
    foreign = ServerTool(replay=Replay(dialect="gemini", json=Raw(b"{}")))
    marked = Message(role=Role.USER, content=(Text(text="x", cache=Cache()),))
    asked = request(marked, tools=(foreign,), search=Search(), unsupported="drop")
    wire = DIALECT.encode_request(asked, site(search_tool=""))
    assert [note.code for note in wire.notes] == ["dropped"] * 3
    assert body(asked, search_tool="") == {"model": "m", "input": [{"role": "user", "content": "x"}]}


def test_a_users_message_of_results_alone_has_no_words() -> None:
    result = Message(role=Role.USER, content=(ToolResult(call_id="c", content=(Text(text="1"),)),))
    assert len(body(request(result))["input"]) == 1


def test_a_search_that_must_be_does_not_replace_a_choice() -> None:
    asked = request(
        tools=(FunctionTool(name="f"),), tool_choice=ToolChoice(mode="auto"), search=Search(required=True)
    )
    assert body(asked)["tool_choice"] == "auto"


def test_a_cache_mark_on_a_tool_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="the tool 'f'"):
        body(request(tools=(FunctionTool(name="f", cache=Cache()),)), cache_marks=True)


def test_parts_of_other_wires_are_not_sent() -> None:
    foreign = Opaque(dialect="gemini", json=Raw(b"{}"))
    with pytest.raises(UnsupportedError, match="'gemini'"):
        body(request(said("Hi"), answer(foreign)))
    wire = DIALECT.encode_request(request(said("Hi"), answer(foreign), unsupported="drop"), site())
    assert [note.code for note in wire.notes] == ["dropped"]


def test_a_part_of_this_wire_stands_where_it_stood() -> None:
    odd = Opaque(dialect=DIALECT.name, json=Raw(b'{"type":"input_odd","x":1}'))
    asked = request(Message(role=Role.USER, content=(Text(text="a"), odd)))
    assert body(asked)["input"][0]["content"][1] == {"type": "input_odd", "x": 1}


def test_an_answers_sound_cannot_go_back() -> None:
    with pytest.raises(UnsupportedError, match="audio content in an earlier answer"):
        body(request(said("Hi"), answer(Audio(data=b"1"))))


def test_a_mark_in_an_answer_cannot_go_back() -> None:
    with pytest.raises(UnsupportedError, match="in an earlier answer"):
        body(request(said("Hi"), answer(Text(text="x", cache=Cache()))), cache_marks=True)


def test_a_picture_that_the_provider_made_goes_back_as_it_came() -> None:
    made = Image(data=b"RIFF", media_type="image/webp", replay=replay(id="ig_1", status="completed"))
    assert body(request(said("Draw"), answer(made), said("Again")))["input"][1] == {
        "type": "image_generation_call",
        "id": "ig_1",
        "status": "completed",
        "result": "UklGRg==",
    }


def test_reasoning_with_nothing_behind_it_stays_here() -> None:
    thought = Thinking(text="Hm", replay=replay(type="reasoning", id="rs", summary=[]))
    wire = DIALECT.encode_request(request(said("Hi"), answer(thought)), site())
    assert [note.code for note in wire.notes] == ["dropped"]
    begun = Thinking(text="Hm", replay=replay(id="rs"))
    assert len(body(request(said("Hi"), answer(begun, Text(text="x"))))["input"]) == 2


def test_reasoning_behind_reasoning_leads_to_what_comes_last() -> None:
    first = Thinking(replay=replay(type="reasoning", id="rs_1", summary=[]))
    second = Thinking(replay=replay(type="reasoning", id="rs_2", summary=[]))
    call = ToolCall(id="c", name="f", arguments="{}")
    sent = body(request(said("Hi"), answer(first, second, call)))["input"]
    assert [item.get("id") for item in sent] == [None, "rs_1", "rs_2", None]
    hosted = Opaque(dialect=DIALECT.name, json=Raw(b'{"type":"web_search_call"}'))
    assert len(body(request(said("Hi"), answer(first, hosted)))["input"]) == 3


def test_the_parts_of_one_message_are_one_item() -> None:
    mine = replay(id="msg_1", status="completed")
    sent = body(request(said("Hi"), answer(Text(text="a", replay=mine), Refusal(text="b", replay=mine))))
    assert [part["type"] for part in sent["input"][1]["content"]] == ["output_text", "refusal"]


def test_reasoning_is_asked_for_in_a_form_that_can_be_sent_back() -> None:
    assert body(request(store=False))["include"] == ["reasoning.encrypted_content"]
    assert "include" not in body(request())
    assert "include" not in body(request(reasoning=Reasoning(effort="none"), store=False))
