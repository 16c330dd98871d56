"""Messages as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.client.messages import parse_messages
from baimo.errors import InputError
from baimo.types.chat import Message, Role
from baimo.types.content import Image, Text, ToolCall, ToolResult


def test_a_string_is_one_question() -> None:
    (message,) = parse_messages("Hi")
    assert (message.role, message.text) == (Role.USER, "Hi")


def test_the_system_s_words_come_first() -> None:
    assert [m.role for m in parse_messages("Hi", system="Be brief")] == [Role.SYSTEM, Role.USER]


def test_pairs_are_turns_of_user_and_assistant() -> None:
    messages = parse_messages([("Hi", "Hello"), {"role": "user", "content": "How are you?"}])
    assert [(m.role, m.text) for m in messages] == [
        (Role.USER, "Hi"),
        (Role.ASSISTANT, "Hello"),
        (Role.USER, "How are you?"),
    ]


def test_one_message_by_itself_is_told_to_stand_in_a_list() -> None:
    with pytest.raises(InputError, match="got dict") as caught:
        parse_messages({"role": "user", "content": "Hi"})
    assert "in a list" in str(caught.value.hint)


def test_our_own_messages_pass_as_they_are() -> None:
    mine = Message(role=Role.USER, content=(Text(text="Hi"),))
    assert parse_messages(mine) == (mine,)
    assert parse_messages([mine]) == (mine,)


def test_a_message_takes_plain_words() -> None:
    assert Message(role="user", content="Hi") == Message(  # type: ignore[arg-type]
        role=Role.USER, content=(Text(text="Hi"),)
    )


def test_rich_dicts_are_read_as_openai_writes_them() -> None:
    messages = parse_messages(
        [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
        ]
    )
    assert isinstance(messages[0].content[1], Image)
    assert messages[1].tool_calls == (ToolCall(id="c1", name="look", arguments="{}"),)
    assert messages[2].content == (ToolResult(call_id="c1", content=(Text(text="a cat"),)),)


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ([], "messages is empty"),
        (5, "messages must be a string, a list"),
        (b"Hi", "messages must be a string, a list"),
        ({"role": "user", "content": "Hi"}, "messages must be a string, a list"),
        (["Hi"], r"messages\[0\] must be a Message.*plain string"),
        ([("Hi",)], r"messages\[0\]"),
        ([("Hi", 5)], r"messages\[0\]\[1\] must be a string, got int"),
        ([{"role": "user", "content": "Hi"}, None], r"messages\[1\].*NoneType"),
        ([{"role": "user", "content": "Hi"}, {"role": "user", "content": 7}], r"messages\[1\].content"),
        ([{"role": "boss", "content": "Hi"}], r"messages\[0\].role"),
        ([{"content": "Hi"}], r"messages\[0\].*role"),
        ([{"role": "user"}], r"messages\[0\].*content"),
        ([{"role": "user", "content": [{"type": "text"}]}], r"messages\[0\].content\[0\]"),
        ([{"role": "tool", "content": "x"}], r"messages\[0\].*tool_call_id"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(messages: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_messages(messages)


def test_the_system_must_be_words() -> None:
    with pytest.raises(InputError, match="system must be a string"):
        parse_messages("Hi", system=5)  # type: ignore[arg-type]
