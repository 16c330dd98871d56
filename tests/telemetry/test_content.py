"""Prompts and replies: in the shape of the conventions where asked for, nowhere else."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Raw

from baimo.telemetry.content import content_attributes
from baimo.types.chat import ChatRequest, ChatResponse, Choice, FinishReason, Message, Role
from baimo.types.content import (
    Audio,
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
from baimo.types.record import Content
from baimo.types.tools import CustomTool, FunctionTool, ServerTool
from tests.telemetry import records
from tests.telemetry.watching import Watching

ASKED = ChatRequest(
    model="deepseek-flash",
    messages=(
        Message(role=Role.SYSTEM, content="Be brief."),  # type: ignore[arg-type]
        Message(
            role=Role.USER, content=(Text(text="这是什么？"), Image(data=b"abc", media_type="image/png"))
        ),
        Message(
            role=Role.ASSISTANT,
            content=(ToolCall(id="c1", name="look", arguments='{"at": "图"}'),),
            name="bot",
        ),
        Message(role=Role.TOOL, content=(ToolResult(call_id="c1", content=(Text(text="a cat"),)),)),
    ),
    tools=(
        FunctionTool(name="look", description="Looks.", parameters={"type": "object"}),
        FunctionTool(name="stop"),
        CustomTool(name="draw", description="Draws."),
        CustomTool(name="sing"),
        ServerTool(replay=Replay(dialect="openai_chat", json=Raw(b'{"type":"web_search"}'))),
    ),
)
SAID = ChatResponse(
    choices=(
        Choice(
            message=Message(role=Role.ASSISTANT, content=(Thinking(text="hm"), Text(text="一只猫"))),
            finish_reason=FinishReason.STOP,
        ),
        Choice(
            index=1,
            message=Message(role=Role.ASSISTANT, content=(Refusal(text="no"),)),
            finish_reason=FinishReason.TOOL_CALLS,
        ),
    )
)
CONTENT = Content(request=ASKED, response=SAID)


def read(content: Content) -> dict[str, Any]:
    return {name: json.loads(str(text)) for name, text in content_attributes(content).items()}


def parts(*given: Part) -> list[Any]:
    request = ChatRequest(model="m", messages=(Message(role=Role.USER, content=given),))
    found: list[Any] = read(Content(request=request))["gen_ai.input.messages"][0]["parts"]
    return found


def test_a_conversation_has_the_shape_of_the_conventions() -> None:
    assert read(CONTENT) == {
        "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
        "gen_ai.input.messages": [
            {
                "role": "user",
                "parts": [
                    {"type": "text", "content": "这是什么？"},
                    {"type": "blob", "modality": "image", "content": "YWJj", "mime_type": "image/png"},
                ],
            },
            {
                "role": "assistant",
                "name": "bot",
                "parts": [{"type": "tool_call", "id": "c1", "name": "look", "arguments": {"at": "图"}}],
            },
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "a cat"}]},
        ],
        "gen_ai.output.messages": [
            {
                "role": "assistant",
                "parts": [{"type": "reasoning", "content": "hm"}, {"type": "text", "content": "一只猫"}],
                "finish_reason": "stop",
            },
            {
                "role": "assistant",
                "parts": [{"type": "refusal", "content": "no"}],
                "finish_reason": "tool_call",
            },
        ],
        "gen_ai.tool.definitions": [
            {
                "type": "function",
                "name": "look",
                "description": "Looks.",
                "parameters": {"type": "object"},
            },
            {"type": "function", "name": "stop"},
            {"type": "custom", "name": "draw", "description": "Draws."},
            {"type": "custom", "name": "sing"},
            {"type": "server", "dialect": "openai_chat", "definition": {"type": "web_search"}},
        ],
    }


def test_every_medium_is_told_by_what_it_is() -> None:
    assert parts(
        Image(url="https://pictures.example/cat.png"),
        Audio(data=b"abc", format="wav"),
        Audio(id="sound-1"),
        Video(url="https://films.example/cat.mp4", media_type="video/mp4"),
        File(file_id="file-1", media_type="application/pdf"),
        Opaque(dialect="openai_chat", json=Raw(b'{"a":1}')),
    ) == [
        {"type": "uri", "modality": "image", "uri": "https://pictures.example/cat.png"},
        {"type": "blob", "modality": "audio", "content": "YWJj", "mime_type": "audio/wav"},
        {"type": "file", "modality": "audio", "file_id": "sound-1"},
        {
            "type": "uri",
            "modality": "video",
            "uri": "https://films.example/cat.mp4",
            "mime_type": "video/mp4",
        },
        {"type": "file", "modality": "document", "file_id": "file-1", "mime_type": "application/pdf"},
        {"type": "opaque", "dialect": "openai_chat", "content": {"a": 1}},
    ]


def test_arguments_that_are_no_json_stay_as_the_model_wrote_them() -> None:
    broken, free = parts(
        ToolCall(id="1", name="f", arguments='{"a":'),
        ToolCall(id="2", name="g", arguments="draw 1", kind="custom"),
    )
    assert (broken["arguments"], free["arguments"]) == ('{"a":', "draw 1")


def test_a_result_with_pictures_is_told_part_by_part() -> None:
    (found,) = parts(ToolResult(call_id="1", content=(Text(text="see"), Image(file_id="f"))))
    assert [part["type"] for part in found["response"]] == ["text", "file"]


def test_where_nothing_was_said_nothing_is_told() -> None:
    assert read(Content()) == {}
    assert "gen_ai.output.messages" not in read(Content(request=ASKED, response=ChatResponse(choices=())))


def test_a_span_holds_words_only_when_they_were_asked_for() -> None:
    call, attempt = Watching(content=True).tell(records.ANSWERED, CONTENT)
    assert call.attributes is not None
    assert "一只猫" in str(call.attributes["gen_ai.output.messages"])
    assert "messages" not in attempt.to_json()
    silent = Watching()
    assert not silent.observer.wants_content
    for span in silent.tell(records.ANSWERED, CONTENT):
        assert "猫" not in span.to_json(indent=None).encode().decode("unicode_escape")
        assert "messages" not in span.to_json()
