"""Estimates of a prompt's size: one that is rather too high, one that is never too high."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from baimo.dialect.estimate import PromptSize, least_tokens, likely_tokens, prompt_size
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import (
    Audio,
    File,
    Image,
    Part,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from baimo.types.tools import CustomTool, FunctionTool, ServerTool


@pytest.mark.parametrize(
    ("text", "likely", "least"),
    [
        ("", 0, 0),
        ("abcd", 1, 1),
        ("abcde", 2, 1),
        ("one two three", 4, 3),
        ("a_b-c", 2, 3),
        ("你好吗", 3, 1),
        ("你好，world", 5, 2),
        ("한국어", 3, 1),
        ("ありがとう", 5, 1),
        ("Привет мир", 5, 2),
        ("-" * 40, 10, 0),
        ("\ud83d", 1, 0),
        ("𠀀", 1, 0),
    ],
)
def test_a_text_has_about_so_many_tokens(text: str, likely: int, least: int) -> None:
    assert likely_tokens(text) == likely
    assert least_tokens(text) == least


@given(st.text(max_size=60), st.text(max_size=60))
def test_more_text_is_never_less(first: str, second: str) -> None:
    assert likely_tokens(first + second) >= max(likely_tokens(first), likely_tokens(second))


def size(*parts: Part, role: Role = Role.USER) -> PromptSize:
    return prompt_size(ChatRequest(model="m", messages=(Message(role=role, content=parts),)))


def test_every_part_costs_something_and_only_words_that_are_surely_read_count_for_the_floor() -> None:
    assert size(Text(text="one two")) == PromptSize(10, 2)
    assert size(Image(data=b"x")) == size(Audio(data=b"x")) == PromptSize(1032, 0)
    assert size(File(data=b"x")) == PromptSize(8, 0)
    result = ToolResult(call_id="1", content=(Text(text="one two"), Image(data=b"x")))
    assert size(result, role=Role.TOOL) == PromptSize(1034, 2)
    for part in (
        Thinking(text="one two"),
        Refusal(text="one two"),
        ToolCall(id="1", name="f", arguments="{}"),
    ):
        assert size(part, role=Role.ASSISTANT) == PromptSize(10, 0)


def test_tools_cost_what_they_are_told_with() -> None:
    tool = FunctionTool(name="f", description="abcd", parameters={"type": "object"})
    others = CustomTool(name="c"), ServerTool(replay=Replay(dialect="x", json=Raw(b"{}")))
    request = ChatRequest(model="m", messages=(), tools=(tool, FunctionTool(name="g"), *others))
    assert prompt_size(request) == PromptSize(23 + 18, 0)
