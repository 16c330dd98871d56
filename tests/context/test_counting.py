"""Offline counts of messages, tools and whole prompts."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from baimo.catalogue.tokenizers import family
from baimo.context.counting import Reckoned, message_tokens, reckon, reckon_text, text_tokens
from baimo.types.chat import ChatRequest, Message, ResponseFormat, Role
from baimo.types.content import (
    Audio,
    Image,
    Opaque,
    Refusal,
    Replay,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from baimo.types.tools import CustomTool, FunctionTool, ServerTool

from .test_measuring import PNG

GPT = family("gpt-4o")
DEEPSEEK = family("deepseek-chat")


def said(*parts: object, role: str = "user") -> Message:
    return Message(role=Role(role), content=parts)  # type: ignore[arg-type]


def test_an_empty_text_has_no_tokens_and_any_other_at_least_one() -> None:
    assert text_tokens("", GPT) == 0
    assert text_tokens(" ", GPT) == 1
    assert text_tokens("a" * 64_000, GPT) >= 1000
    assert reckon_text("The quick brown fox", GPT) == Reckoned(4, "o200k", 0.15)


@given(st.text())
def test_any_text_has_a_count(text: str) -> None:
    assert (text_tokens(text, GPT) > 0) is bool(text)


def test_a_message_counts_its_parts_and_its_frame() -> None:
    words = text_tokens("Hello there, how are you?", GPT)
    for part in (
        Text(text="Hello there, how are you?"),
        Thinking(text="Hello there, how are you?"),
        Refusal(text="Hello there, how are you?"),
    ):
        assert message_tokens(said(part), GPT) == words + GPT.message
    called = said(ToolCall(id="1", name="look", arguments='{"city": "Bern"}'), role="assistant")
    assert message_tokens(called, GPT) == 2 * GPT.message + text_tokens("look", GPT) + text_tokens(
        '{"city": "Bern"}', GPT
    )
    result = said(ToolResult(call_id="1", content=(Text(text="sunny"),)), role="tool")
    assert message_tokens(result, GPT) == 2 * GPT.message + text_tokens("sunny", GPT)
    own = said(Opaque(dialect="gemini", json=msgspec.Raw(b'{"a":1}')), role="assistant")
    assert message_tokens(own, GPT) == GPT.message + text_tokens('{"a":1}', GPT)


def test_a_prompt_counts_messages_tools_and_the_schema_of_its_answer() -> None:
    bare = ChatRequest(model="gpt-4o", messages=(said(Text(text="Hi")),))
    base = reckon(bare, GPT)
    assert base == Reckoned(GPT.start + GPT.message + 1, "o200k", 0.15)
    tools = (FunctionTool(name="look", description="Looks a city up", parameters={"type": "object"}),)
    with_tools = reckon(msgspec.structs.replace(bare, tools=tools), GPT)
    assert with_tools.tokens > base.tokens + GPT.tool
    free = (CustomTool(name="run", description="Runs a line", grammar="start: WORD"),)
    assert reckon(msgspec.structs.replace(bare, tools=free), GPT).tokens > base.tokens + GPT.tool
    form = ResponseFormat(
        type="json_schema", schema={"type": "object", "properties": {"a": {"type": "string"}}}
    )
    assert reckon(msgspec.structs.replace(bare, response_format=form), GPT).tokens > base.tokens + 8
    plain = msgspec.structs.replace(bare, response_format=ResponseFormat(type="json_object"))
    assert reckon(plain, GPT) == base
    claude = family("claude-sonnet-4-20250514")
    added = reckon(msgspec.structs.replace(bare, tools=tools), claude).tokens - reckon(bare, claude).tokens
    assert added > claude.tools == 346


def test_what_cannot_be_told_from_here_is_said_once() -> None:
    parts = (
        Image(url="https://example.com/a.png"),
        Image(data=b"?"),
        Audio(data=b"x", format="wav"),
        Video(url="u"),
    )
    tool = ServerTool(replay=Replay(dialect="gemini", json=msgspec.Raw(b"{}")))
    made = reckon(ChatRequest(model="gpt-4o", messages=(said(*parts),), tools=(tool,)), GPT)
    assert made.guessed == ("a picture", "sound", "a film", "a tool of the provider")
    assert made.tokens > 4 * 1024


def test_a_picture_whose_size_is_told_is_counted_where_the_family_has_a_formula() -> None:
    picture = said(Image(data=PNG, media_type="image/png"))
    assert message_tokens(picture, GPT) == GPT.message + 85 + 2 * 170
    low = said(Image(data=PNG, detail="low"))
    assert message_tokens(low, GPT) == GPT.message + 85
    assert DEEPSEEK.image is None
    assert message_tokens(picture, DEEPSEEK) == DEEPSEEK.message + 1024
