"""Tools in the prompt: what the model is told, and what is read out of its text."""

from __future__ import annotations

import pytest

from baimo.errors import UnsupportedError
from baimo.tools.emulation import Emulation
from baimo.types.chat import ChatResponse, Choice, FinishReason, Message, Role
from baimo.types.content import Image, Text, Thinking, ToolCall, ToolResult
from baimo.types.tools import CustomTool, FunctionTool, ToolChoice

ADD = FunctionTool(name="add", description="Adds.", parameters={"type": "object"})
NOW = FunctionTool(name="now")
USER = Message(role=Role.USER, content=(Text(text="Hi"),))


def answer(text: str) -> ChatResponse:
    content = (Thinking(text="Hm."), Text(text=text))
    message = Message(role=Role.ASSISTANT, content=content)
    return ChatResponse(choices=(Choice(message=message, finish_reason=FinishReason.STOP),))


def told(choice: ToolChoice | None = None, *, forced: bool = False, system: str | None = None) -> str:
    _, words = Emulation((ADD, NOW), choice).told((USER,), system, forced=forced)
    return words or ""


def test_the_tools_stand_in_the_system_message() -> None:
    assert '{"name":"add","description":"Adds.","parameters":{"type":"object"}}' in told()
    assert '{"name":"now","description":"","parameters":{"type":"object","properties":{}}}' in told()
    assert told(system="Be kind.").startswith("Be kind.\n\nYou can use the tools")
    assert "must call" not in told()


def test_a_choice_of_tools_is_said() -> None:
    assert told(ToolChoice(mode="required"), forced=True).endswith("Now you must call one of the tools.")
    one = told(ToolChoice(mode="required", allowed=("now",)), forced=True)
    assert one.endswith("Now you must call now.") and '"add"' not in one
    none = Emulation((ADD,), ToolChoice(mode="none"))
    assert none.told((USER,), None, forced=False) == ((USER,), None)
    text = '<tool_call>{"name": "add"}</tool_call>'
    assert none.read(answer(text), 1) == (answer(text), None)


def test_a_system_message_that_is_there_is_gone_on_with() -> None:
    system = Message(role=Role.SYSTEM, content=(Text(text="Be brief."),))
    (first, second), words = Emulation((NOW,), None).told((system, USER), None, forced=False)
    assert words is None and second == USER
    assert first.text.startswith("Be brief.You can use the tools")


def test_earlier_calls_and_results_are_put_in_words() -> None:
    picture = Image(data=b"png", media_type="image/png")
    calls = Message(
        role=Role.ASSISTANT,
        content=(
            Text(text="I add."),
            ToolCall(id="c1", name="add", arguments='{"a": 1}'),
            ToolCall(id="c2", name="add", arguments="{bad"),
        ),
    )
    results = Message(
        role=Role.TOOL,
        content=(
            ToolResult(call_id="c1", name="add", content=(Text(text="3"), picture)),
            ToolResult(call_id="c2", content=(Text(text="no"),), is_error=True),
        ),
    )
    (first, second), _ = Emulation((ADD,), None).told((calls, results), None, forced=False)
    assert first.role is Role.ASSISTANT
    assert [part.text for part in first.content if isinstance(part, Text)] == [
        "I add.",
        '<tool_call>\n{"name":"add","arguments":{"a":1}}\n</tool_call>',
        '<tool_call>\n{"name":"add","arguments":"{bad"}\n</tool_call>',
    ]
    assert second.role is Role.USER
    assert second.content == (
        Text(text='<tool_result name="add">\n3\n</tool_result>'),
        picture,
        Text(text='<tool_result error="true">\nno\n</tool_result>'),
    )


def test_calls_are_read_out_of_the_text() -> None:
    text = (
        'I look.\n<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>\n'
        '<tool_call>```json\n{"name": "now", "parameters": "{}"}\n```</tool_call>'
        '<tool_call>{"name": "now"}'
    )
    found, unread = Emulation((ADD, NOW), None).read(answer(text), 2)
    assert unread is None and found.finish_reason is FinishReason.TOOL_CALLS
    assert found.message.content == (
        Thinking(text="Hm."),
        Text(text="I look."),
        ToolCall(id="call_2_1", name="add", arguments='{"a":1}'),
        ToolCall(id="call_2_2", name="now", arguments="{}"),
        ToolCall(id="call_2_3", name="now", arguments="{}"),
    )
    assert [note.code for note in found.notes] == ["emulated"]


@pytest.mark.parametrize("inner", ["add(1)", '["add"]', '{"tool": "add"}', "[" * 2000])
def test_a_call_that_cannot_be_read_leaves_the_text_as_it_came(inner: str) -> None:
    given = answer(f"So:\n<tool_call>{inner}</tool_call>")
    found, unread = Emulation((ADD,), None).read(given, 1)
    assert found.message == given.message
    assert [note.code for note in found.notes] == ["unread_call"]
    assert unread is not None and "could not be read" in unread


def test_an_answer_without_calls_is_as_it_was() -> None:
    for given in (answer("12"), ChatResponse(choices=())):
        assert Emulation((ADD,), None).read(given, 1) == (given, None)
    only = answer('<tool_call>{"name": "now"}</tool_call>')
    found, _ = Emulation((NOW,), None).read(only, 1)
    assert not any(isinstance(part, Text) for part in found.message.content)


def test_only_functions_can_be_described() -> None:
    with pytest.raises(UnsupportedError, match="only functions"):
        Emulation((CustomTool(name="sql"),), None)
