"""What the ready-made scripts answer."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from baimo.client.client import Client
from baimo.errors import InputError
from baimo.simulator.reply import Reply
from baimo.simulator.scripts import auto, backed, echo, fixed, json_by_schema, reasoning, replies, tool_call
from baimo.testing import Simulator
from baimo.types.chat import ChatRequest, Message, ResponseFormat, Role
from baimo.types.content import Image, Replay, Text, ToolResult
from baimo.types.events import Started
from baimo.types.fold import fold
from baimo.types.tools import CustomTool, FunctionTool, ServerTool, ToolChoice

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
WEATHER = FunctionTool(name="weather", parameters=SCHEMA)
NOTE = CustomTool(name="note")


def asked(*messages: Message, **more: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=messages or (said("Hi"),), **more)


def said(text: str, role: Role = Role.USER) -> Message:
    return Message(role=role, content=(Text(text=text),))


def test_a_fixed_text_and_several_in_turn() -> None:
    assert fixed("yes")(asked()) == "yes"
    script = replies(["one", Reply(text="two")])
    assert [script(asked()) for _ in range(4)] == ["one", *[Reply(text="two")] * 3]
    with pytest.raises(InputError):
        replies([])


def test_an_echo_says_the_last_words() -> None:
    silent = Message(role=Role.USER, content=(Image(url="x"),))
    assert echo(asked(said("first"), said("last"), silent)) == "last"
    assert echo(asked(silent)) == ""


def test_reasoning_thinks_before_it_speaks() -> None:
    answer = reasoning(asked(said("why?")))
    assert isinstance(answer, Reply)
    assert "why?" in answer.thinking
    assert answer.text == "why?"


def test_the_first_tool_is_called_with_arguments_that_follow_its_schema() -> None:
    answer = tool_call(asked(tools=(WEATHER, NOTE)))
    assert isinstance(answer, Reply)
    (call,) = answer.tool_calls
    assert (call.id, call.name) == ("call_1", "weather")
    assert json.loads(call.arguments) == {"city": "city", "days": 1}


def test_a_tool_without_arguments_is_called_with_none() -> None:
    answer = tool_call(asked(tools=(FunctionTool(name="now"),)))
    assert isinstance(answer, Reply)
    assert answer.tool_calls[0].arguments == "{}"


def test_the_tool_that_must_be_used_is_called() -> None:
    choice = ToolChoice(mode="required", allowed=("note",))
    answer = tool_call(asked(said("remember"), tools=(WEATHER, NOTE), tool_choice=choice))
    assert isinstance(answer, Reply)
    (call,) = answer.tool_calls
    assert (call.kind, call.name, call.arguments) == ("custom", "note", "remember")


def test_after_the_result_comes_a_text_about_it() -> None:
    first = tool_call(asked(tools=(WEATHER,)))
    assert isinstance(first, Reply)
    result = ToolResult(call_id="call_1", content=(Text(text="sunny"),))
    messages = (
        said("weather?"),
        Message(role=Role.ASSISTANT, content=first.tool_calls),
        Message(role=Role.TOOL, content=(result,)),
    )
    assert tool_call(asked(*messages, tools=(WEATHER,))) == "The tool says: sunny"
    again = tool_call(asked(*messages, said("ok", Role.ASSISTANT), said("and now?"), tools=(WEATHER,)))
    assert isinstance(again, Reply)
    assert again.tool_calls[0].id == "call_2"


def test_a_tool_call_without_tools_is_refused() -> None:
    with pytest.raises(InputError, match="none is offered"):
        tool_call(asked())
    with pytest.raises(InputError):
        tool_call(ChatRequest(model="m", messages=()))


def test_json_follows_the_schema_or_is_any_object() -> None:
    form = ResponseFormat(type="json_schema", name="x", schema=SCHEMA)
    assert json.loads(str(json_by_schema(asked(response_format=form)))) == {"city": "city", "days": 1}
    assert json.loads(str(json_by_schema(asked()))) == {"answer": "Hi"}


def test_the_default_does_what_the_request_calls_for() -> None:
    assert auto(asked()) == "Hi"
    assert auto(asked(response_format=ResponseFormat(type="text"))) == "Hi"
    assert auto(asked(response_format=ResponseFormat(type="json_object"))) == '{"answer":"Hi"}'
    assert isinstance(auto(asked(tools=(WEATHER,))), Reply)
    assert auto(asked(tools=(WEATHER,), tool_choice=ToolChoice(mode="none"))) == "Hi"


def test_a_backed_answer_is_that_of_the_other_client_under_the_asked_models_name() -> None:
    with Simulator("openai") as behind:
        behind.script("reasoning")
        client: Client = behind.client()
        script = backed(client, "openai/gpt-4o-mini", max_tokens=99)
        request = asked(said("who?"), temperature=0.5, stop=("!",), top_k=4)
        events = list(script(request))
        assert fold(events).text == "who?"
        assert events[0] == Started(id="sim-000001", model="m", created=1767225600)
        passed = behind.last.chat
        assert (passed.temperature, passed.stop, passed.max_tokens) == (0.5, ("!",), 99)
        list(script(asked(said("who?"), max_tokens=3)))
        assert behind.last.chat.max_tokens == 3


def test_a_tool_that_the_provider_runs_itself_is_not_called() -> None:
    search = ServerTool(replay=Replay(dialect="spark_ws", json=Raw(b'{"type":"web_search"}')))
    assert auto(asked(tools=(search,))) == "Hi"


class Place(msgspec.Struct):
    city: str
    days: int


def test_a_schema_that_the_messages_tell_is_followed_in_json_mode_and_in_words_alone() -> None:
    rule = said(f"Answer by this JSON Schema:\n{json.dumps(SCHEMA)}\nAnd be brief.", Role.SYSTEM)
    wanted = '{"city":"city","days":1}'
    assert auto(asked(rule, said("Hi"))) == wanted
    assert auto(asked(rule, said("Hi"), response_format=ResponseFormat(type="json_object"))) == wanted


@pytest.mark.parametrize(
    "words",
    [
        'A JSON Schema, {"type": "object"',
        'A JSON Schema {"type": "no such type"}',
        "What is a JSON Schema? And what does one do with the sign {}?",
    ],
)
def test_words_that_tell_no_schema_are_echoed(words: str) -> None:
    assert auto(asked(said(words))) == words


def test_a_schema_in_an_answer_or_a_result_is_not_asked_for() -> None:
    earlier = [said('JSON Schema {"type": "null"}', role) for role in (Role.ASSISTANT, Role.TOOL)]
    assert auto(asked(*earlier, said("Hi"))) == "Hi"


@pytest.mark.parametrize(
    "model",
    ["deepseek/deepseek-flash", "qwen/qwen-plus", "zhipu/glm-4.6", "minimax/MiniMax-M2", "spark/4.0Ultra"],
)
def test_parse_gets_a_value_whichever_way_a_provider_is_asked(model: str) -> None:
    with Simulator() as sim, sim.client() as client:
        assert client.parse(model, "Where?", into=Place).value == Place(city="city", days=1)
