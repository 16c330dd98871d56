"""Messages and tools written by hand as dicts of this wire."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.dialects.openai_chat.plain import parse_message, parse_tool, parse_tool_choice
from baimo.errors import InputError
from baimo.types.chat import Role
from baimo.types.content import Text, Thinking
from baimo.types.tools import FunctionTool, ToolChoice


def test_a_message_is_read_with_what_the_wire_does_not_name() -> None:
    message = parse_message({"role": "assistant", "content": "4", "reasoning_content": "2+2", "mood": 1}, 3)
    assert message.role is Role.ASSISTANT
    assert message.content == (Thinking(text="2+2"), Text(text="4"))
    assert message.replay is not None
    assert bytes(message.replay.json) == b'{"mood":1}'


def test_a_tool_and_a_choice_are_read() -> None:
    tool = {"type": "function", "function": {"name": "look", "description": "Looks.", "strict": True}}
    assert parse_tool(tool, 0) == FunctionTool(name="look", description="Looks.", strict=True)
    assert parse_tool_choice({"type": "function", "function": {"name": "look"}}) == ToolChoice(
        mode="required", allowed=("look",)
    )


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"role": "user", "content": "\ud83d"}, r"messages\[2\].*lone surrogate"),
        ({"role": "user", "content": object()}, r"messages\[2\] cannot be written as JSON"),
        ({"role": "user", "content": 5}, r"messages\[2\].content"),
    ],
)
def test_what_is_wrong_with_a_message_is_told_with_its_place(message: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_message(message, 2)


def test_what_is_wrong_with_a_tool_is_told_with_its_place() -> None:
    with pytest.raises(InputError, match=r"tools\[1\].function"):
        parse_tool({"type": "function", "function": {}}, 1)
    with pytest.raises(InputError, match="tool_choice"):
        parse_tool_choice({"type": "whatever"})
