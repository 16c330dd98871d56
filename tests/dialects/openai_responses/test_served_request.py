"""Being the provider: callers' bodies."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialects.openai_responses import DIALECT
from baimo.errors import InputError
from baimo.types.chat import Reasoning, ResponseFormat, Role
from baimo.types.content import Cache, File, Image, Opaque, Refusal, Text, Thinking, ToolCall, ToolResult
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, ToolChoice
from tests.dialects.openai_responses.asking import asked, body, replay

ASK: dict[str, Any] = {"model": "m", "input": "Hi"}


def sent(**fields: Any) -> dict[str, Any]:
    """What a body becomes that is read and written again."""
    return body(asked({**ASK, **fields}), cache_marks=True)


def items(*given: Any) -> Any:
    return asked({"model": "m", "input": given}).messages


def test_a_body_is_understood() -> None:
    got = asked(
        {
            **ASK,
            "instructions": "Be.",
            "temperature": 1,
            "top_p": 0.5,
            "max_output_tokens": 5,
            "reasoning": {"effort": "low", "summary": "detailed"},
            "text": {"format": {"type": "json_schema", "name": "a", "schema": {}}, "verbosity": "low"},
            "include": ["message.output_text.logprobs"],
            "top_logprobs": 2,
            "store": False,
            "metadata": {"k": "v"},
            "stream": True,
            "truncation": "auto",
        }
    )
    assert [(m.role, m.text) for m in got.messages] == [(Role.SYSTEM, "Be."), (Role.USER, "Hi")]
    assert got.messages[0].replay == replay(instructions=True)
    assert (got.temperature, got.top_p, got.max_tokens, got.stream, got.store) == (1, 0.5, 5, True, False)
    assert got.reasoning == Reasoning(effort="low")
    assert got.response_format == ResponseFormat(type="json_schema", name="a", schema={})
    assert (got.verbosity, got.logprobs, got.top_logprobs) == ("low", True, 2)
    assert got.foreign is not None
    assert msgspec.json.decode(got.foreign.json) == {
        "truncation": "auto",
        "reasoning": {"summary": "detailed"},
        "include": ["message.output_text.logprobs"],
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"instructions": "Be."},
        {"background": True, "max_tool_calls": 3},
        {"reasoning": {"effort": "low", "summary": "concise", "context": "all_turns"}},
        {"reasoning": {"effort": "brand-new"}},
        {"text": {"verbosity": "brand-new", "odd": 1}},
        {"text": {"format": {"type": "json_object"}, "verbosity": "high"}},
        {"top_logprobs": 0},
        {"include": []},
        {"include": ["file_search_call.results"]},
        {"tools": [{"type": "function", "name": "f"}, {"type": "web_search"}]},
        {
            "tools": [
                {"type": "function", "name": "f", "parameters": {}, "strict": False, "defer_loading": True}
            ]
        },
        {"tools": [{"type": "custom", "name": "c", "description": "d", "defer_loading": True}]},
        {
            "tools": [
                {
                    "type": "custom",
                    "name": "c",
                    "format": {"type": "grammar", "syntax": "regex", "definition": "a"},
                }
            ]
        },
        {"tools": [{"type": "web_search"}], "tool_choice": {"type": "web_search"}},
        {"tools": [{"type": "function", "name": "f"}], "tool_choice": "auto", "parallel_tool_calls": False},
        {
            "tools": [{"type": "function", "name": "f"}],
            "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "mcp"}]},
        },
        {
            "tools": [{"type": "function", "name": "f"}],
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "f"}, {"type": "function", "name": "f"}],
            },
        },
    ],
)
def test_what_a_caller_says_goes_out_again(fields: dict[str, Any]) -> None:
    again = sent(**fields)
    assert {name: again.get(name) for name in fields} == fields


@pytest.mark.parametrize(
    "item",
    [
        {"role": "developer", "content": "Be."},
        {"role": "user", "content": "Hi", "id": "msg_1", "status": "completed"},
        {"role": "assistant", "content": "Yes", "phase": "commentary"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}", "namespace": "n"},
        {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x", "id": "ctc"},
        {"type": "function_call_output", "call_id": "c", "output": "x", "id": "fco", "status": "completed"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": "x"},
        {"type": "item_reference", "id": "rs_1"},
        {"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot"}},
        {
            "role": "user",
            "content": [
                {
                    "type": "input_text",
                    "text": "a",
                    "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"},
                },
                {"type": "input_image", "image_url": "data:image/gif;base64,R0lGOA==", "detail": "low"},
                {"type": "input_image", "file_id": "f"},
                {"type": "input_file", "file_url": "https://a.example/b.pdf"},
                {"type": "input_file", "file_data": "data:text/plain;base64,SGk=", "filename": "a.txt"},
                {"type": "input_odd", "x": 1},
            ],
        },
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [
                {"type": "output_text", "text": "a", "annotations": [{"type": "odd", "x": 1}]},
                {"type": "refusal", "refusal": "b"},
            ],
        },
    ],
)
def test_an_item_goes_out_again_as_it_came(item: dict[str, Any]) -> None:
    assert body(asked({"model": "m", "input": [item]}), cache_marks=True)["input"] == [item]


def test_an_answer_is_one_message() -> None:
    thought = {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "Hm"}]}
    found = items(
        {"role": "user", "content": "Hi"},
        thought,
        {"type": "web_search_call", "id": "ws"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "1"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "A"}]},
    )
    assert [message.role for message in found] == [Role.USER, Role.ASSISTANT, Role.TOOL, Role.ASSISTANT]
    assert [type(part) for part in found[1].content] == [Thinking, Opaque, ToolCall]
    assert found[1].content[0] == Thinking(text="Hm", replay=replay(**thought))
    assert found[2].content == (ToolResult(call_id="c", content=(Text(text="1"),)),)
    assert found[3].content == (Text(text="A"),)


def test_parts_of_a_message_are_understood() -> None:
    (message,) = items(
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}},
                {"type": "input_image", "image_url": "https://a.example/i", "detail": "low"},
                {"type": "input_file", "file_data": "SGk=", "filename": "a"},
            ],
        }
    )
    assert message.content == (
        Text(text="a", cache=Cache()),
        Image(url="https://a.example/i", detail="low"),
        File(data=b"Hi", name="a"),
    )


def test_instructions_may_be_items() -> None:
    got = asked({**ASK, "instructions": [{"role": "system", "content": "Be."}]})
    assert [message.text for message in got.messages] == ["Be.", "Hi"]


def test_a_refusal_is_an_answers_part() -> None:
    (message,) = items({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]})
    assert message.content == (Refusal(text="No."),)


def test_tools_are_understood() -> None:
    got = asked(
        {
            **ASK,
            "tools": [
                {"type": "function", "name": "f", "description": "d", "parameters": {}, "strict": True},
                {"type": "custom", "name": "c", "format": {"type": "text"}},
                {"type": "mcp", "server_label": "x"},
            ],
            "tool_choice": {"type": "custom", "name": "c"},
        }
    )
    assert got.tools[:2] == (
        FunctionTool(name="f", description="d", parameters={}, strict=True),
        CustomTool(name="c"),
    )
    assert isinstance(got.tools[2], ServerTool)
    assert got.tool_choice == ToolChoice(mode="required", allowed=("c",))


def test_a_stored_prompt_may_name_the_model() -> None:
    got = asked({"prompt": {"id": "pmpt_1"}})
    assert body(got) == {"prompt": {"id": "pmpt_1"}}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"model": 7}, "model: "),
        ({"model": ""}, "model: is required"),
        ({"input": [7]}, r"input\[0\]: must be an object"),
        ({"input": [{"content": "x"}]}, r"input\[0\].type: is required"),
        ({"input": [{"role": "judge", "content": "x"}]}, r"input\[0\].role: must be one of system"),
        ({"input": [{"type": "message", "content": "x"}]}, r"input\[0\].role: must be a string"),
        ({"input": [{"role": "user"}]}, r"input\[0\].content: is required"),
        ({"input": [{"role": "assistant"}]}, r"input\[0\].content: is required"),
        ({"input": [{"role": "user", "content": [7]}]}, r"content\[0\]: must be an object"),
        ({"input": [{"role": "user", "content": [{}]}]}, r"content\[0\].type: must be a string"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "image_url or file_id"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
            "file_data, file_url or file_id",
        ),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:,%"}]}]},
            "no valid base64",
        ),
        ({"input": [{"role": "assistant", "content": [{"type": "output_text"}]}]}, r"\[0\].text: must be"),
        ({"input": [{"type": "function_call", "call_id": "c", "name": "f"}]}, "arguments: must be a string"),
        ({"input": [{"type": "custom_tool_call", "call_id": "c", "name": "f"}]}, "input: must be a string"),
        ({"input": [{"type": "reasoning", "id": "rs"}]}, "summary: must be a list"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "call_id: must be a string"),
        (
            {"input": [{"type": "function_call_output", "call_id": "c", "output": [{"type": "input_odd"}]}]},
            r"output\[0\]: a tool's result holds",
        ),
        ({"tools": [7]}, r"tools\[0\]: must be an object"),
        ({"tools": [{}]}, r"tools\[0\].type: must be a string"),
        ({"tools": [{"type": "function"}]}, r"tools\[0\].name: is required"),
        ({"tools": [{"type": "function", "name": "f", "parameters": 7}]}, r"tools\[0\].parameters: "),
        ({"tool_choice": 7}, "tool_choice: must be an object"),
        ({"tool_choice": {}}, "tool_choice: must be none"),
        ({"text": {"format": {"type": "odd"}}}, "text.format"),
        ({"text": {"format": 7}}, "text.format: Expected"),
        ({"metadata": {"a": {"b": 1}}}, "metadata"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        asked({**ASK, **fields})


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff"])
def test_what_is_no_request_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        asked(raw)


def test_the_name_is_the_dialects() -> None:
    assert asked(ASK).foreign == replay()
    assert DIALECT.name == "openai_responses"
