"""Tools described in the prompt of plain calls: whole and streamed, by both clients, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import baimo
from baimo import FinishReason, InputError, UnsupportedError
from baimo.client.prompting import described
from baimo.simulator.reply import Answer, Reply
from baimo.testing import Simulator
from baimo.types.chat import ChatRequest

MODEL = "pangu/0f6b0d6e-0000-4000-8000-00000000fake"
WEATHER = baimo.FunctionTool(
    name="weather", description="Tells it.", parameters={"type": "object", "properties": {"city": {}}}
)
CUSTOM = baimo.CustomTool(name="shell")
CALL = 'I look. <tool_call>{"name": "weather", "arguments": {"city": "北京"}}</tool_call>'
OPTIONS: Any = {"tools": [WEATHER], "tools_as": "prompt"}


def model(request: ChatRequest) -> Answer:
    """Calls the tool that it is told of, and says what it was told."""
    said = request.messages[-1].text
    assert not request.tools
    if "<tool_result" in said:
        return f"I was told: {said.splitlines()[1]}"
    if any('"name":"weather"' in message.text for message in request.messages):
        return Reply(text="I look. <tool_call>{" if "wrongly" in said else CALL)
    return "No tools."


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A provider whose wire cannot say tools."""
    with Simulator("pangu") as simulator:
        simulator.script(model)
        yield simulator


def check(called: baimo.ChatResponse) -> None:
    assert (called.text, called.finish_reason) == ("I look.", FinishReason.TOOL_CALLS)
    (call,) = called.tool_calls
    assert (call.name, call.arguments) == ("weather", '{"city":"北京"}')
    assert "emulated" in [note.code for note in called.notes]


def result_of(called: baimo.ChatResponse) -> list[Any]:
    content = (baimo.ToolResult(call_id=called.tool_calls[0].id, content=(baimo.Text(text="clear"),)),)
    return ["Hi", called.message, baimo.Message(role=baimo.Role.TOOL, content=content)]


def talk(called: baimo.ChatResponse) -> list[Any]:
    first, *rest = result_of(called)
    return [{"role": "user", "content": first}, *rest]


def test_a_call_is_read_out_of_a_whole_answer_and_its_result_is_told_in_words(sim: Simulator) -> None:
    with sim.client(endpoints={"pangu": "v1"}, max_retries=0) as client:
        with pytest.raises(UnsupportedError):
            client.chat(MODEL, "Hi", tools=[WEATHER])
        called = client.chat(MODEL, "Hi", **OPTIONS)
        check(called)
        told = client.chat(MODEL, talk(called), **OPTIONS)
        again = client.chat(MODEL, [*talk(called), told.message, {"role": "user", "content": "?"}], **OPTIONS)
    assert (told.text, told.tool_calls) == ("I was told: clear", ())
    assert again.tool_calls[0].id != called.tool_calls[0].id, "ids of one conversation differ"


def test_a_streamed_answer_shows_the_words_and_ends_with_the_call(sim: Simulator) -> None:
    with sim.client(endpoints={"pangu": "v1"}, max_retries=0) as client:
        with client.stream(MODEL, "Hi", **OPTIONS) as stream:
            assert "".join(stream.text) == CALL
        check(stream.response)


@pytest.mark.anyio
async def test_the_other_client_reads_alike(sim: Simulator) -> None:
    async with sim.async_client(endpoints={"pangu": "v1"}, max_retries=0) as client:
        check(await client.chat(MODEL, "Hi", **OPTIONS))
        async with client.stream(MODEL, "Hi", **OPTIONS) as stream:
            assert "".join([piece async for piece in stream.text]) == CALL
        check(stream.response)


def test_a_call_that_cannot_be_read_leaves_the_text_and_is_noted(sim: Simulator) -> None:
    with sim.client(endpoints={"pangu": "v1"}, max_retries=0) as client:
        found = client.chat(MODEL, "Call it wrongly", **OPTIONS)
        free = client.chat(MODEL, "Hi", tools=[WEATHER], tools_as="prompt", tool_choice="none")
    assert found.text.endswith("<tool_call>{") and not found.tool_calls
    assert "unread_call" in [note.code for note in found.notes]
    assert free.text == "No tools."


def test_the_cost_of_tools_in_words_is_estimated_and_native_ones_stay_native() -> None:
    with baimo.Client(config={}, keys={"deepseek": "fake"}) as client:
        bare = client.estimate("deepseek/deepseek-flash", "Hi", max_tokens=9)
        told = client.estimate("deepseek/deepseek-flash", "Hi", max_tokens=9, **OPTIONS)
    assert bare.high is not None and told.high is not None
    assert told.high.amount > bare.high.amount
    assert described("Hi", {"tools": [WEATHER], "tools_as": "native"}) == ("Hi", {"tools": [WEATHER]}, None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tools_as": "text"}, "tools_as must be native or prompt"),
        ({"tools_as": "prompt", "keep": False}, "keep=False is not for tools_as"),
        ({"tools_as": "prompt", "n": 2}, "n must be 1 with tools_as"),
        ({"tools_as": "prompt", "tools": [CUSTOM]}, "only functions can be described"),
        ({"tools_as": "prompt", "parallel_tool_calls": False}, "cannot be told to a model in its prompt"),
    ],
)
def test_what_cannot_be_said_in_a_prompt_is_refused_before_anything_is_sent(options: Any, words: str) -> None:
    with pytest.raises((InputError, UnsupportedError), match=words):
        described("Hi", options)


def test_what_is_left_out_is_noted() -> None:
    asked: Any = {**OPTIONS, "parallel_tool_calls": False, "unsupported": "drop", "system": "Be brief."}
    messages, options, reads = described("Hi", asked)
    assert isinstance(messages, tuple) and reads is not None
    assert set(options) == {"unsupported", "system"}
    assert str(options["system"]).startswith("Be brief.\n\nYou can use the tools")
    notes = reads(baimo.ChatResponse(choices=())).notes
    assert [note.code for note in notes] == ["dropped"]
