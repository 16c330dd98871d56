"""Being the provider: what callers ask for, and what they are told when it is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Raw

from baimo.dialects.openai_chat import DIALECT
from baimo.errors import InputError
from baimo.types.chat import AudioOutput, Role
from baimo.types.content import (
    Audio,
    Cache,
    File,
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
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, ToolChoice
from baimo.wire.http import HttpRequest
from tests.dialects.openai_chat.asking import USER, asked, asked_one

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw==", "detail": "low"}}


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


BAD: list[tuple[Any, str]] = [
    (b"{", "no valid JSON"),
    (b'{"x":' + b"[" * 100_000, "no valid JSON"),
    (b'"x"', "the body: Expected `object`"),
    ({"messages": [USER]}, "model: is required"),
    ({"model": "m"}, "messages: is required"),
    ({"model": "m", "messages": []}, "messages is empty"),
    ({"model": "m", "messages": [USER], "temperature": "hot"}, "temperature: Expected `float"),
    ({"model": "m", "messages": [USER, {"content": "x"}]}, r"messages\[1\]\.role: is required"),
    ({"model": "m", "messages": [{"role": "ghost"}]}, r"messages\[0\]\.role: Invalid enum value 'ghost'"),
    ({"model": "m", "messages": [{"role": "user"}]}, r"messages\[0\]\.content: is required"),
    ({"model": "m", "messages": [{"role": "user", "content": 5}]}, r"messages\[0\]\.content: Expected"),
    ({"model": "m", "messages": [user({"text": "x"})]}, r"messages\[0\]\.content\[0\]\.type: is required"),
    ({"model": "m", "messages": [user({"type": "text"})]}, r"content\[0\]\.text: must be a string"),
    (
        {"model": "m", "messages": [user({"type": "image_url", "image_url": 5})]},
        r"image_url: must be an object",
    ),
    (
        {
            "model": "m",
            "messages": [user({"type": "image_url", "image_url": {"url": "data:image/png;base64,?"}})],
        },
        "no valid base64",
    ),
    ({"model": "m", "messages": [user({"type": "file", "file": {}})]}, "file_data or file_id is required"),
    (
        {"model": "m", "messages": [{"role": "tool", "content": "x"}]},
        r"messages\[0\]\.tool_call_id: is required",
    ),
    (
        {"model": "m", "messages": [{"role": "tool", "tool_call_id": "c", "content": [IMAGE]}]},
        "a tool's result holds text only",
    ),
    (
        {"model": "m", "messages": [{"role": "assistant", "tool_calls": [{"id": "c"}]}]},
        r"tool_calls\[0\]\.function\.name: is required",
    ),
    ({"model": "m", "messages": [USER], "tools": [{}]}, r"tools\[0\]\.type: is required"),
    ({"model": "m", "messages": [USER], "tools": [{"type": "function"}]}, r"tools\[0\]\.function"),
    (
        {"model": "m", "messages": [USER], "tools": [{"type": "function", "function": {}}]},
        r"tools\[0\]\.function\.name: is required",
    ),
    (
        {"model": "m", "messages": [USER], "tools": [{"type": "custom"}]},
        r"tools\[0\]\.custom: must be an object",
    ),
    ({"model": "m", "messages": [USER], "tool_choice": "maybe"}, "tool_choice: must be"),
    ({"model": "m", "messages": [USER], "tool_choice": {"type": "function"}}, "tool_choice"),
    (
        {"model": "m", "messages": [USER], "prediction": {"content": 5}},
        "prediction.content: must be a string",
    ),
    ({"model": "m", "messages": [USER], "audio": {"voice": {}}}, "audio.voice.id: must be a string"),
]


@pytest.mark.parametrize(("body", "words"), BAD)
def test_a_bad_body_is_refused_with_message_and_field(body: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        asked(body)


def test_parts_of_all_kinds_are_read() -> None:
    message = asked_one(
        user(
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            {"type": "text", "text": "b", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "2d"}},
            IMAGE,
            {"type": "image_url", "image_url": "https://a.example"},
            {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
            {
                "type": "file",
                "file": {"file_data": "data:application/pdf;base64,JVBERg==", "filename": "x.pdf"},
            },
            {"type": "file", "file": {"file_data": "JVBERg=="}},
            {"type": "file", "file": {"file_id": "file-1"}},
            {"type": "video_url", "video_url": {"url": "https://v.example"}, "fps": 2.0},
            {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
            {"type": "thinking", "thinking": "Hm", "signature": "s"},
            {"type": "strange", "x": 1},
        )
    )
    *known, strange = message.content
    assert known == [
        Text(text="a", cache=Cache(ttl="1h")),
        Text(text="b", cache=Cache()),
        Image(data=b"\x89PNG", media_type="image/png", detail="low"),
        Image(url="https://a.example"),
        Audio(data=b"RIFF", format="wav"),
        File(data=b"%PDF", name="x.pdf", media_type="application/pdf"),
        File(data=b"%PDF"),
        File(file_id="file-1"),
        Video(url="https://v.example", fps=2.0),
        Thinking(text="Hm"),
        Thinking(text="Hm", replay=Replay(dialect="openai_chat", json=Raw(b'{"in_part":{"signature":"s"}}'))),
    ]
    assert isinstance(strange, Opaque)


def test_an_earlier_answer_is_read() -> None:
    message = asked_one(
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "r"}],
            "reasoning": "Hm",
            "reasoning_details": [{"type": "x"}],
            "refusal": "no",
            "audio": {"id": "audio_1"},
            "tool_calls": [
                {"id": "c", "function": {"name": "f", "arguments": "{}"}, "extra_content": {"s": 1}},
                {"id": "d", "type": "custom", "custom": {"name": "g", "input": "x"}},
            ],
            "function_call": {"name": "h", "arguments": "[]"},
            "prefix": True,
        }
    )
    thinking, *rest, first, second, third = message.content
    assert isinstance(thinking, Thinking)
    assert thinking.replay is not None
    assert bytes(thinking.replay.json) == b'{"reasoning_details":[{"type":"x"}]}'
    assert rest == [Text(text="a"), Refusal(text="r"), Refusal(text="no"), Audio(id="audio_1")]
    assert isinstance(first, ToolCall)
    assert first.replay is not None
    assert second == ToolCall(id="d", name="g", arguments="x", kind="custom")
    assert third == ToolCall(id="h", name="h", arguments="[]")
    assert message.replay is not None
    assert bytes(message.replay.json) == b'{"prefix":true}'


def test_a_tools_answer_in_the_old_form_is_read() -> None:
    message = asked_one({"role": "function", "name": "f", "content": "1"})
    assert message.role is Role.TOOL
    assert message.content == (ToolResult(call_id="f", name="f", content=(Text(text="1"),)),)


def test_tools_and_choices_are_read() -> None:
    request = asked(
        {
            "model": "m",
            "messages": [USER],
            "tools": [
                {
                    "type": "function",
                    "function": {"name": "f", "strict": True},
                    "cache_control": {"type": "ephemeral"},
                },
                {"function": {"name": "g"}},
                {
                    "type": "custom",
                    "custom": {
                        "name": "c",
                        "format": {"type": "grammar", "grammar": {"definition": "d", "syntax": "lark"}},
                    },
                },
                {"type": "custom", "custom": {"name": "d", "format": {"type": "text"}}},
                {"type": "web_search"},
            ],
        }
    )
    *known, server = request.tools
    assert known == [
        FunctionTool(name="f", strict=True, cache=Cache()),
        FunctionTool(name="g"),
        CustomTool(name="c", grammar="d", syntax="lark"),
        CustomTool(name="d"),
    ]
    assert isinstance(server, ServerTool)


@pytest.mark.parametrize(
    ("choice", "ours"),
    [
        (None, None),
        ("none", ToolChoice(mode="none")),
        ("any", ToolChoice(mode="required")),
        ({"type": "custom", "custom": {"name": "c"}}, ToolChoice(mode="required", allowed=("c",))),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
            },
            ToolChoice(mode="auto", allowed=("f",)),
        ),
    ],
)
def test_every_form_of_a_choice_is_read(choice: Any, ours: ToolChoice | None) -> None:
    assert asked({"model": "m", "messages": [USER], "tool_choice": choice}).tool_choice == ours


def test_scalars_that_have_two_forms_are_read() -> None:
    request = asked(
        {
            "model": "m",
            "messages": [USER],
            "stop": "END",
            "max_tokens": 5,
            "max_completion_tokens": 7,
            "audio": {"voice": {"id": "v1"}},
            "prediction": {
                "type": "content",
                "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            },
            "response_format": {"type": "json_schema", "schema": {"type": "object"}},
            "stream": True,
            "own_field": 1,
        }
    )
    assert (request.stop, request.max_tokens, request.prediction) == (("END",), 7, "ab")
    assert request.audio == AudioOutput(voice="v1", format="wav")
    assert request.response_format is not None
    assert request.response_format.schema == {"type": "object"}
    assert request.include_usage is False
    assert request.foreign is not None
    assert bytes(request.foreign.json) == b'{"own_field":1}'


def test_the_model_may_stand_in_the_address() -> None:
    request = asked({"messages": [USER]}, "/openai/deployments/my%20dep/chat/completions?api-version=1")
    assert request.model == "my dep"


def test_a_body_in_pieces_is_read() -> None:
    class Pieces:
        length = None

        def chunks(self) -> Iterator[bytes]:
            yield b'{"model":"m",'
            yield b'"messages":[{"role":"user","content":"Hi"}]}'

    wire = HttpRequest(method="POST", origin="http://here", target=b"/", body=Pieces())
    assert DIALECT.decode_request(wire).messages[0].text == "Hi"
