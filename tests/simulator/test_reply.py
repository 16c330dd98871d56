"""Answers become events: pieces, limits, usage."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baimo.simulator.reply import Answer, Reply, events_of, input_tokens, split
from baimo.types.chat import ChatRequest, ChatResponse, FinishReason, Message, Role
from baimo.types.content import Image, Refusal, Text, Thinking, ToolCall, ToolResult
from baimo.types.events import ChatEvent, Finished, PartDelta, PartEnded, PartStarted, Started
from baimo.types.fold import fold
from baimo.types.usage import Usage

CALL = ToolCall(id="c1", name="look", arguments='{"where":"here and there"}')


def asked(**more: Any) -> ChatRequest:
    return ChatRequest(
        model="m", messages=(Message(role=Role.USER, content=(Text(text="Hi there"),)),), **more
    )


def events(answer: Answer, request: ChatRequest | None = None) -> list[ChatEvent]:
    return list(events_of(answer, request or asked(), id="r1", created=7))


def response(answer: Answer, request: ChatRequest | None = None) -> ChatResponse:
    return fold(events(answer, request))


@given(st.text())
def test_pieces_are_the_text_again(text: str) -> None:
    assert "".join(split(text)) == text


def test_words_are_pieces_with_their_blank_and_chinese_characters_are_one_each() -> None:
    assert split("Hello, big world") == ["Hello", ",", " big", " world"]
    assert split("你好world") == ["你", "好", "world"]


def test_a_text_comes_in_pieces_and_is_counted() -> None:
    found = response("Hello, big world")
    assert (found.id, found.model, found.created) == ("r1", "m", 7)
    assert found.text == "Hello, big world"
    assert found.usage == Usage(input_uncached=6, output_visible=4)
    assert found.finish_reason is FinishReason.STOP
    assert len([one for one in events("a b c d") if isinstance(one, PartDelta)]) == 4


def test_thinking_comes_first_and_is_counted_apart() -> None:
    found = response(Reply(thinking="well well", text="yes", usage=None))
    assert (found.thinking, found.text) == ("well well", "yes")
    assert (found.usage.reasoning, found.usage.output_visible) == (2, 1)


def test_tool_calls_stream_their_arguments_and_name_the_reason() -> None:
    found = response(Reply(tool_calls=(CALL,)))
    assert found.tool_calls == (CALL,)
    assert found.finish_reason is FinishReason.TOOL_CALLS
    assert not any(isinstance(part, Text) for part in found.message.content)


def test_a_refusal_is_one() -> None:
    found = response(Reply(refusal="I will not."))
    assert found.message.content == (Refusal(text="I will not."),)
    assert found.finish_reason is FinishReason.REFUSAL


def test_an_empty_answer_is_an_empty_text() -> None:
    assert response("").message.content == (Text(text=""),)


def test_what_a_reply_says_of_reason_and_usage_holds() -> None:
    found = response(Reply(text="x", finish=FinishReason.CONTENT_FILTER, usage=Usage(cache_read=5)))
    assert found.finish_reason is FinishReason.CONTENT_FILTER
    assert found.usage == Usage(cache_read=5)


@pytest.mark.parametrize(("limit", "text"), [(0, ""), (2, "one two"), (3, "one two three")])
def test_the_limit_is_held(limit: int, text: str) -> None:
    found = response("one two three", asked(max_tokens=limit))
    assert found.text == text
    assert found.finish_reason is (FinishReason.STOP if limit == 3 else FinishReason.LENGTH)


def test_the_limit_counts_thinking() -> None:
    found = response(Reply(thinking="a b c", text="d e"), asked(max_tokens=4))
    assert (found.thinking, found.text) == ("a b c", "d")
    assert found.finish_reason is FinishReason.LENGTH


def test_a_stop_word_ends_the_answer_before_itself() -> None:
    found = response(Reply(text="one END two STOP", tool_calls=(CALL,)), asked(stop=("STOP", "END", "")))
    assert found.text == "one "
    assert found.tool_calls == ()
    assert found.finish_reason is FinishReason.STOP


def test_each_choice_is_answered() -> None:
    found = response("yes", asked(n=3))
    assert [choice.message.text for choice in found.choices] == ["yes"] * 3
    assert found.usage.output_visible == 3


def test_pieces_come_as_they_are_made() -> None:
    made: list[str] = []

    def pieces() -> Any:
        for word in ("one ", "two ", "three"):
            made.append(word)
            yield word

    running = events_of(pieces(), asked(), id="r", created=0)
    first = next(one for one in running if isinstance(one, PartDelta))
    assert (first.text, made) == ("one ", ["one "])
    assert fold([PartStarted(index=0, part=Text(text="")), first, *running]).text == "one two three"


def test_pieces_are_held_to_limit_and_stop_word_too() -> None:
    short = response(iter(["a", "b", "c"]), asked(max_tokens=2))
    assert (short.text, short.finish_reason) == ("ab", FinishReason.LENGTH)
    stopped = response(iter(["a", "bXc", "d"]), asked(stop=("X",)))
    assert (stopped.text, stopped.finish_reason) == ("ab", FinishReason.STOP)
    assert response(iter(["a", "X"]), asked(stop=("X",))).text == "a"
    assert response(iter([])).text == ""


def test_events_of_a_script_pass_as_they_are() -> None:
    made = [
        Started(id="mine"),
        PartStarted(index=0, part=Text(text="")),
        PartDelta(index=0, text="x"),
        PartEnded(index=0),
        Finished(reason=FinishReason.PAUSE),
    ]
    assert events(iter(made)) == made


def test_all_words_of_a_request_are_counted() -> None:
    result = ToolResult(call_id="c1", content=(Text(text="a b"), Image(url="x")))
    messages = (
        Message(role=Role.ASSISTANT, content=(Thinking(text="a"), CALL)),
        Message(role=Role.TOOL, content=(result,)),
    )
    request = ChatRequest(model="m", messages=messages)
    assert input_tokens(request) == 4 + 1 + len(split(CALL.name + CALL.arguments)) + 4 + 2
