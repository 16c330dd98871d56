"""Answers that are values: what is asked of whom, and what never passes for a value."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from baimo.client import async_parses, parses
from baimo.client.forming import Forming, read_how
from baimo.client.parsed_streams import AsyncParsedStream, ParsedStream
from baimo.client.parsing import prepare
from baimo.errors import AnswerFormatError, InputError, TimedOutError, UnsupportedError
from baimo.simulator.reply import Reply
from baimo.testing import Simulator
from baimo.types.chat import ChatRequest, FinishReason, Message, Role
from baimo.types.content import Text, ToolCall
from baimo.types.parsed import Parsed
from baimo.types.tools import FunctionTool

MODEL = "openai/gpt-4o-mini"
CHAT = {"openai": "chat"}


class Pet(msgspec.Struct):
    """Somebody's pet."""

    name: str
    age: int = 1


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def parse(sim: Simulator, into: Any = Pet, model: Any = MODEL, **options: Any) -> Parsed[Any]:
    with sim.client(endpoints=CHAT, max_retries=0) as client:
        return client.parse(model, options.pop("messages", "Who?"), into=into, **options)


def failed(sim: Simulator, **options: Any) -> AnswerFormatError:
    with pytest.raises(AnswerFormatError) as caught:
        parse(sim, **options)
    return caught.value


def call(arguments: str, name: str = "Pet") -> Reply:
    return Reply(tool_calls=(ToolCall(id="call_1", name=name, arguments=arguments),))


def test_a_value_comes_with_the_whole_response(sim: Simulator) -> None:
    sim.reply('{"name": "Ann", "age": null}')
    parsed = parse(sim)
    assert parsed.value == Pet("Ann")
    assert parsed.how == "json_schema"
    assert parsed.response.text == '{"name": "Ann", "age": null}'
    assert [note.code for note in parsed.response.notes] == ["narrowed"]
    form = sim.last.chat.response_format
    assert form is not None
    assert (form.name, form.strict) == ("Pet", True)
    assert form.schema is not None
    assert form.schema["required"] == ["name", "age"]


@pytest.mark.parametrize(
    ("into", "said", "value"),
    [
        (list[int], [1, 2], [1, 2]),
        (Mood, "bad", Mood.BAD),
        (int | None, None, None),
        (bool, True, True),
    ],
)
def test_a_value_that_is_no_object_comes_as_one(sim: Simulator, into: Any, said: Any, value: Any) -> None:
    sim.reply(json.dumps({"value": said}))
    assert parse(sim, into).value == value
    with sim.client(endpoints=CHAT) as client:
        stream = client.parse_stream(MODEL, "Who?", into=into)
        assert list(stream)[-1:] == ([said] if said is not None else [])
        assert stream.result.value == value


def test_what_has_no_strict_schema_is_asked_for_loosely_and_that_is_told(sim: Simulator) -> None:
    sim.reply('{"a": 1}')
    parsed = parse(sim, dict[str, int])
    assert parsed.value == {"a": 1}
    assert parsed.response.notes[0].message == (
        "The schema is not held to strictly: it has an object whose keys are not named."
    )
    form = sim.last.chat.response_format
    assert form is not None
    assert form.strict is False


def test_where_a_wire_must_be_strict_what_is_not_is_asked_for_in_another_way(sim: Simulator) -> None:
    sim.script(lambda request: call('{"a": 1}', name="answer"))
    parsed = parse(sim, dict[str, int], model="anthropic/claude-sonnet-5")
    assert (parsed.value, parsed.how) == ({"a": 1}, "tool")


@pytest.mark.parametrize(
    ("how", "reply"),
    [
        ("json_schema", '{"name": "Ann"}'),
        ("json_object", '{"name": "Ann"}'),
        ("prompt", 'Here:\n```json\n{"name": "Ann"}\n```'),
        ("tool", call('{"name": "Ann"}')),
        ("tool", '{"name": "Ann"}'),
    ],
)
def test_the_way_may_be_chosen(sim: Simulator, how: Any, reply: Any) -> None:
    sim.reply(reply)
    parsed = parse(sim, how=how, system="Be brief.")
    assert (parsed.value, parsed.how) == (Pet("Ann"), how)
    asked = sim.last.chat
    system = asked.messages[0].text
    assert system.startswith("Be brief.")
    assert ('"required":["name"]' in system) == (how in ("json_object", "prompt"))
    assert len(asked.tools) == (how == "tool")
    assert (asked.response_format is not None) == how.startswith("json")


def test_the_schema_is_told_once_where_there_is_no_system_message(sim: Simulator) -> None:
    sim.reply('{"name": "Ann"}')
    parse(sim, how="prompt")
    first, second = sim.last.chat.messages
    assert (first.role, second.role) == (Role.SYSTEM, Role.USER)
    assert "JSON Schema" in first.text


def test_with_tools_of_the_callers_own_no_tool_is_made_for_the_answer(sim: Simulator) -> None:
    tool = FunctionTool(name="look", parameters={"type": "object", "properties": {}})
    sim.reply('{"name": "Ann"}')
    with sim.client(endpoints={"hunyuan": "native"}, max_retries=0) as client:
        assert client.parse("hunyuan/hunyuan-lite", "Who?", into=Pet, tools=[tool]).how == "prompt"
        sim.reply(call("{}", name="look"))
        with pytest.raises(AnswerFormatError, match="it calls tools instead of answering"):
            client.parse("hunyuan/hunyuan-lite", "Who?", into=Pet, tools=[tool])


@pytest.mark.parametrize(
    ("reply", "says", "hint"),
    [
        (Reply(refusal="I would rather not."), "the model refused to answer", "It is in error.response."),
        (Reply(text='{"name"', finish=FinishReason.CONTENT_FILTER), "it was filtered", "It is in"),
        (Reply(text='{"name": "An', finish=FinishReason.LENGTH), "cut off by max_tokens", "Raise max_tokens"),
        (Reply(text='{"name": 1}'), "Expected `str`, got `int` at $.name", "Pass repair=True"),
        (Reply(text="I think so."), "it is no JSON", "Pass repair=True"),
    ],
)
def test_what_is_no_value_is_an_error_with_the_response(
    sim: Simulator, reply: Reply, says: str, hint: str
) -> None:
    sim.reply(reply)
    error = failed(sim)
    assert says in str(error)
    assert hint in str(error)
    assert error.response.text == reply.text
    assert error.provider == "openai"


def test_an_answer_at_the_limit_that_is_whole_is_a_value(sim: Simulator) -> None:
    sim.reply(Reply(text='{"name": "Ann"}', finish=FinishReason.LENGTH))
    assert parse(sim).value == Pet("Ann")


def test_thinking_before_the_json_is_not_part_of_it(sim: Simulator) -> None:
    sim.reply(Reply(thinking='{"name": "Bob"}', text='{"name": "Ann"}'))
    with sim.client(max_retries=0) as client:
        parsed = client.parse("deepseek/deepseek-flash", "Who?", into=Pet)
    assert parsed.value == Pet("Ann")
    assert parsed.response.thinking == '{"name": "Bob"}'


def test_a_wrong_answer_is_asked_for_once_more_on_request(sim: Simulator) -> None:
    sim.reply('{"name": 1}', '{"name": "Ann"}')
    parsed = parse(sim, repair=True)
    assert parsed.value == Pet("Ann")
    assert "repaired" in [note.code for note in parsed.response.notes]
    told = sim.last.chat.messages
    assert [message.text for message in told[1:2]] == ['{"name": 1}']
    assert "Expected `str`, got `int`, at $.name" in told[-1].text
    sim.reset()
    sim.reply('{"name": 1}', '{"name": 2}', '{"name": "Ann"}')
    error = failed(sim, repair=True)
    assert error.response.text == '{"name": 2}'
    assert len(sim.requests) == 2


def test_a_call_with_wrong_arguments_is_answered_with_the_fault(sim: Simulator) -> None:
    sim.script(lambda request: call('{"name": 1}') if len(request.messages) == 1 else call('{"name": "Ann"}'))
    assert parse(sim, how="tool", repair=True).value == Pet("Ann")
    said, result = sim.last.chat.messages[1:]
    assert said.tool_calls[0].arguments == '{"name": 1}'
    assert result.role is Role.TOOL
    assert "at $.name" in str(result.content[0])


@pytest.mark.parametrize("reply", [Reply(refusal="No."), Reply(text="{", finish=FinishReason.LENGTH)])
def test_what_asking_again_would_not_mend_is_not_asked_again(sim: Simulator, reply: Reply) -> None:
    sim.reply(reply)
    failed(sim, repair=True)
    assert len(sim.requests) == 1


def test_a_fault_of_the_types_own_check_is_told_to_the_model_and_not_in_the_error(sim: Simulator) -> None:
    sim.reply('{"begin": 2, "end": 1}')
    error = failed(sim, into=Span, repair=True)
    assert "1 is before 2" in sim.last.chat.messages[-1].text
    assert "1 is before 2" not in str(error)
    assert "1 is before 2" in error.detail


class Span(msgspec.Struct):
    begin: int
    end: int

    def __post_init__(self) -> None:
        if self.end < self.begin:
            raise ValueError(f"{self.end} is before {self.begin}")


def test_every_deployment_of_a_route_is_asked_in_its_own_way(sim: Simulator) -> None:
    sim.refuse("overloaded", provider="openai")
    sim.reply('{"name": "Ann"}')
    parsed = parse(sim, model=[MODEL, "deepseek/deepseek-flash"])
    assert (parsed.value, parsed.how) == (Pet("Ann"), "json_object")
    assert parsed.response.provider == "deepseek"
    first, second = sim.requests
    assert b"json_schema" in first.body
    assert b'{"type":"json_object"}' in second.body


def test_the_whole_call_has_one_time_and_one_price(sim: Simulator) -> None:
    sim.timing(ttft=4.0)
    sim.reply('{"name": 1}', '{"name": "Ann"}')
    with pytest.raises(AnswerFormatError) as caught:
        parse(sim, repair=True, timeout=6.0)
    assert isinstance(caught.value.__cause__, TimedOutError)
    sim.reply('{"name": "Ann"}')
    assert parse(sim, at_most="1 USD", max_tokens=10).value == Pet("Ann")


def test_an_answer_that_was_kept_is_read_again(sim: Simulator, tmp_path: Path) -> None:
    sim.reply('{"name": "Ann"}')
    with sim.client(endpoints=CHAT, cache=str(tmp_path / "answers.db")) as client:
        found = [client.parse(MODEL, "Who?", into=Pet) for _ in range(2)]
        client.parse(MODEL, "Who?", into=Pet, how="json_object")
    assert [parsed.value for parsed in found] == [Pet("Ann"), Pet("Ann")]
    assert [parsed.how for parsed in found] == ["json_schema", "json_schema"]
    assert len(sim.requests) == 2


def test_a_kept_answer_that_an_equal_type_refuses_is_an_error(sim: Simulator, tmp_path: Path) -> None:
    class Pet(msgspec.Struct):
        """Somebody's pet."""

        name: str
        age: int = 1

        def __post_init__(self) -> None:
            raise ValueError("never good")

    sim.reply('{"name": "Ann"}')
    with sim.client(endpoints=CHAT, cache=str(tmp_path / "answers.db")) as client:
        client.parse(MODEL, "Who?", into=globals()["Pet"])
        with pytest.raises(AnswerFormatError) as caught:
            client.parse(MODEL, "Who?", into=Pet)
    assert caught.value.response.text == '{"name": "Ann"}'


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"response_format": "json_object"}, "response_format is not for parse"),
        ({"validate": True}, "validate is not for parse"),
        ({"tools_as": "prompt"}, "tools_as is not for parse"),
        ({"how": "magic"}, "how must be auto, json_schema"),
        ({"repair": 2}, "repair must be true or false"),
        ({"into": Callable}, "has no form in JSON"),
        ({"nonsense": 1}, "unknown option"),
    ],
)
def test_what_cannot_be_asked_is_said_at_once(sim: Simulator, options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse(sim, **options)
    assert sim.requests == ()


def test_a_way_that_the_caller_chose_is_not_changed_behind_his_back(sim: Simulator) -> None:
    with pytest.raises(UnsupportedError, match="response_format"):
        parse(sim, model="pangu/0f6b0d6e-0000-4000-8000-00000000fake", how="json_object")


def test_a_stream_shows_the_value_while_it_grows(sim: Simulator) -> None:
    sim.reply('{"name": "Ann Smith", "age": 12}')
    with sim.client(endpoints=CHAT) as client:
        with client.parse_stream(MODEL, "Who?", into=Pet) as stream:
            assert isinstance(stream, ParsedStream)
            assert stream.partial is None
            with pytest.raises(InputError, match="read it to its end"):
                _ = stream.result
            states = [deepcopy(partial) for partial in stream]
        assert states[-1] == {"name": "Ann Smith", "age": 12}
        assert {"name": "Ann"} in states
        assert stream.partial == states[-1]
        assert stream.result.value == Pet("Ann Smith", 12)
        assert stream.result.response is stream.response
        assert list(stream) == []


def test_a_stream_of_arguments_shows_them_alike(sim: Simulator) -> None:
    sim.reply(
        Reply(
            text="I shall call it: {}",
            tool_calls=(ToolCall(id="call_1", name="Pet", arguments='{"name": "Ann Smith"}'),),
        )
    )
    with (
        sim.client(endpoints=CHAT) as client,
        client.parse_stream(MODEL, "?", into=Pet, how="tool") as stream,
    ):
        states = [deepcopy(partial) for partial in stream]
    assert states[-1] == {"name": "Ann Smith"}
    assert stream.result.value == Pet("Ann Smith")


def test_a_stream_shows_nothing_of_thinking_or_of_other_tools(sim: Simulator) -> None:
    sim.reply(Reply(thinking='{"name": "Bob"}', text='{"name": "Ann"}'))
    with sim.client() as client:
        stream = client.parse_stream("deepseek/deepseek-flash", "Who?", into=Pet)
        assert all(partial["name"] in "Ann" for partial in stream if partial)
        sim.reply(call('{"name": "Bob"}', name="look"))
        other = client.parse_stream(MODEL, "Who?", into=Pet)
        with pytest.raises(AnswerFormatError, match="calls tools"):
            print([partial for partial in other if pytest.fail(f"{partial} was shown")])


def test_a_stream_that_ends_wrong_has_no_result(sim: Simulator) -> None:
    sim.reply('{"name": 1}')
    with sim.client(endpoints=CHAT) as client, client.parse_stream(MODEL, "Who?", into=Pet) as stream:
        with pytest.raises(AnswerFormatError) as caught:
            list(stream)
        assert caught.value.path == "$.name"
        assert stream.response.text == '{"name": 1}'
        assert list(stream) == []
        with pytest.raises(InputError):
            _ = stream.result


def test_a_stream_that_is_left_early_has_no_result(sim: Simulator) -> None:
    sim.reply('{"name": "Ann"}')
    with sim.client(endpoints=CHAT) as client:
        stream = client.parse_stream(MODEL, "Who?", into=Pet)
        next(stream)
        stream.close()
        assert list(stream) == []
        assert stream.response.ended == "cut"
        with pytest.raises(InputError, match="keep=False"):
            client.parse_stream(MODEL, "Who?", into=Pet, keep=False)


async def test_both_are_awaited_alike(sim: Simulator) -> None:
    sim.reply('{"name": "Ann Smith"}')
    async with sim.async_client(endpoints=CHAT) as client:
        parsed = await client.parse(MODEL, "Who?", into=Pet)
        assert parsed.value == Pet("Ann Smith")
        async with client.parse_stream(MODEL, "Who?", into=Pet) as stream:
            assert isinstance(stream, AsyncParsedStream)
            states = [deepcopy(partial) async for partial in stream]
        assert states[-1] == {"name": "Ann Smith"}
        assert stream.result.value == Pet("Ann Smith")
        left = client.parse_stream(MODEL, "Who?", into=Pet)
        assert await anext(left) == {}
        await left.aclose()
        assert [partial async for partial in left] == []


def test_the_schema_is_told_even_where_nothing_else_is() -> None:
    forming: Forming[Pet] = Forming(Pet, how="prompt")
    asked, notes = forming.shaped(ChatRequest(model="m", messages=()), object())  # type: ignore[arg-type]
    assert "JSON Schema" in asked.messages[0].text
    developer = Message(role=Role.DEVELOPER, content=(Text(text="Be brief."),))
    asked, _ = forming.shaped(ChatRequest(model="m", messages=(developer,)), object())  # type: ignore[arg-type]
    assert asked.messages[0].text.startswith("Be brief.")
    assert notes[0].code == "emulated"
    assert read_how("auto") is None


def test_what_a_plain_call_needs_none_of_is_loaded_late() -> None:
    for module in (parses, async_parses):
        assert "prepare" not in vars(module)
    assert prepare.__module__ == "baimo.client.parsing"
