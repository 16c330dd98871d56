"""Summaries of what was left out: the prompt for them, and where they are put."""

from __future__ import annotations

from baimo.context.fitting import Fitted, trim
from baimo.context.summing import summarised, to_ask, with_summary
from baimo.types.chat import Message, Role
from baimo.types.content import Image, Refusal, Text, Thinking, ToolCall, ToolResult

from .test_fitting import TALK, one
from .test_turns import say


def test_the_prompt_tells_who_said_what_without_thinking_and_media() -> None:
    parts = (Thinking(text="secret"), Text(text="Look"), ToolCall(id="1", name="f", arguments='{"a":1}'))
    talk = [
        Message(role=Role.USER, content=(Text(text="See"), Image(url="u"))),
        Message(role=Role.ASSISTANT, content=parts),
        Message(role=Role.TOOL, content=(ToolResult(call_id="1", content=(Text(text="42"),)),)),
        Message(role=Role.ASSISTANT, content=(Refusal(text="No."),)),
    ]
    asked = to_ask(talk, 100)
    assert "fewer than 50 words" in asked
    assert "user: See\n[image]" in asked
    assert 'assistant: Look\n[calls f with {"a":1}]' in asked
    assert "tool: [result: 42]" in asked
    assert "assistant: No." in asked
    assert "secret" not in asked
    assert "fewer than 20 words" in to_ask(talk, 4)


def test_a_summary_stands_before_the_users_next_words_in_the_same_message() -> None:
    trimmed = trim(TALK, 5, count=one, policy="drop_oldest")
    messages = with_summary(trimmed, "They met.")
    assert [message.role for message in messages] == [message.role for message in trimmed.messages]
    assert messages[1].text == "[Summary of 4 earlier messages that were left out]\nThey met.\nuser2"
    made = summarised(trimmed, messages, 9, "a/b")
    assert (made.tokens, made.dropped) == (9, trimmed.dropped)
    assert made.notes[-1].message == "4 messages were summed up by a/b"


def test_a_summary_is_a_message_of_its_own_where_the_user_says_nothing_after_it() -> None:
    for left in ((say("system"), say("assistant")), (say("system"),)):
        trimmed = Fitted(messages=left, dropped=(say("user"),), tokens=1, budget=9)
        messages = with_summary(trimmed, "x")
        assert messages[1].role is Role.USER
        assert len(messages) == len(left) + 1
