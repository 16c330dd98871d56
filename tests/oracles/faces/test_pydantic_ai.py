"""pydantic-ai's agents run on our model, over simulated providers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pydantic
import pytest
from pydantic_ai import Agent, BinaryContent, ImageUrl, ModelRetry, NativeOutput, PromptedOutput
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError
from pydantic_ai.messages import ModelResponse, ThinkingPart

from baimo.errors import RateLimitedError
from baimo.integrations.pydantic_ai import BaimoModel
from baimo.testing import Reply, Simulator
from baimo.types.chat import Role
from baimo.types.content import Image, ToolCall, ToolResult
from baimo.types.usage import Usage

MODELS = [
    "openai/gpt-4o",
    "anthropic/claude-sonnet-4-5",
    "gemini/gemini-2.5-flash",
    "deepseek/deepseek-flash",
]
CALL = ToolCall(id="call_1", name="get_weather", arguments='{"city":"杭州"}')


class Person(pydantic.BaseModel):
    name: str
    age: int


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("openai", "anthropic", "gemini", "deepseek") as simulator:
        yield simulator


@pytest.fixture(params=MODELS)
async def model(simulator: Simulator, request: pytest.FixtureRequest) -> AsyncIterator[BaimoModel]:
    async with simulator.async_client() as client:
        yield BaimoModel(request.param, client=client)


@pytest.fixture
async def home(simulator: Simulator) -> AsyncIterator[BaimoModel]:
    async with simulator.async_client(max_retries=0) as client:
        yield BaimoModel("openai/gpt-4o", client=client)


async def test_an_agent_calls_its_tools_and_thoughts_go_back(simulator: Simulator, model: BaimoModel) -> None:
    usage = Usage(input_uncached=5, output_visible=3)
    simulator.reply(Reply(thinking="Hm.", tool_calls=(CALL,), usage=usage), Reply(text="24 C", usage=usage))
    agent = Agent(model, instructions="Be short", model_settings={"thinking": "low", "max_tokens": 3000})
    cities = []

    @agent.tool_plain
    def get_weather(city: str) -> str:
        cities.append(city)
        return f"24 C in {city}"

    result = await agent.run("Weather in 杭州?")
    assert (result.output, cities) == ("24 C", ["杭州"])
    assert (result.usage.input_tokens, result.usage.output_tokens) == (10, 6)
    first = next(one for one in result.all_messages() if isinstance(one, ModelResponse))
    assert [part.content for part in first.parts if isinstance(part, ThinkingPart)] == ["Hm."]
    asked = simulator.last.chat.messages
    assert [message.role for message in asked] == [Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.TOOL]
    assert asked[0].text == "Be short"


async def test_a_stream_grows_and_its_tools_are_called(simulator: Simulator, model: BaimoModel) -> None:
    simulator.reply(Reply(thinking="Hm.", tool_calls=(CALL,)), "one two three 四五六")
    agent = Agent(model)

    @agent.tool_plain
    def get_weather(city: str) -> str:
        return "24 C"

    async with agent.run_stream("Hi") as stream:
        pieces = [piece async for piece in stream.stream_text(delta=True, debounce_by=None)]
    assert "".join(pieces) == "one two three 四五六"
    assert len(pieces) > 2
    last = stream.all_messages()[-1]
    assert isinstance(last, ModelResponse)
    assert last.finish_reason == "stop"
    assert last.usage.output_tokens > 0


async def test_output_types_by_tool_by_form_and_by_prompt(simulator: Simulator, home: BaimoModel) -> None:
    call = ToolCall(id="call_1", name="final_result", arguments='{"name": "Li", "age": 41}')
    simulator.reply(Reply(tool_calls=(call,)))
    assert (await Agent(home, output_type=Person).run("Who?")).output == Person(name="Li", age=41)
    choice = simulator.last.chat.tool_choice
    assert choice is not None
    assert choice.mode == "required"
    simulator.reply('{"name": "Li", "age": 41}')
    for kind in (NativeOutput(Person), PromptedOutput(Person)):
        agent: Agent[None, Person] = Agent(home, output_type=kind)
        assert (await agent.run("Who?")).output == Person(name="Li", age=41)
        assert simulator.last.chat.response_format is not None


async def test_a_tool_that_wants_another_try_is_told_as_a_failure(
    simulator: Simulator, home: BaimoModel
) -> None:
    again = ToolCall(id="call_2", name="get_weather", arguments='{"city":"北京"}')
    simulator.reply(Reply(tool_calls=(CALL,)), Reply(tool_calls=(again,)), "24 C")
    agent = Agent(home)

    @agent.tool_plain(retries=2)
    def get_weather(city: str) -> str:
        if city == "杭州":
            raise ModelRetry("no such city")
        return "24 C"

    assert (await agent.run("Hi")).output == "24 C"
    results = [
        part for one in simulator.last.chat.messages for part in one.content if isinstance(part, ToolResult)
    ]
    assert "no such city" in "".join(getattr(piece, "text", "") for piece in results[0].content)


async def test_images_and_settings_reach_the_provider(simulator: Simulator, home: BaimoModel) -> None:
    simulator.reply("A dot.")
    content: Any = [
        "What is it?",
        BinaryContent(data=b"\x89PNG\r\n\x1a\n", media_type="image/png"),
        ImageUrl("https://example.com/a.png"),
    ]
    settings: Any = {"temperature": 0.5, "stop_sequences": ["x"], "seed": 3, "timeout": 30}
    assert (await Agent(home, model_settings=settings).run(content)).output == "A dot."
    asked = simulator.last.chat
    assert (asked.temperature, asked.stop, asked.seed) == (0.5, ("x",), 3)
    images = [part for part in asked.messages[0].content if isinstance(part, Image)]
    assert [image.media_type for image in images] == ["image/png", None]


async def test_failures_are_pydantic_ai_s_own(simulator: Simulator, home: BaimoModel) -> None:
    simulator.refuse("over_rate")
    with pytest.raises(ModelHTTPError) as caught:
        await Agent(home).run("Hi")
    assert caught.value.status_code == 429
    assert isinstance(caught.value.__cause__, RateLimitedError)
    with pytest.raises(ModelHTTPError):
        async with Agent(home).run_stream("Hi") as stream:
            await stream.get_output()
    with pytest.raises(ModelAPIError, match="antropic"):
        await Agent(BaimoModel("antropic/claude", config={})).run("Hi")


async def test_leaving_a_stream_closes_the_providers_connection(
    simulator: Simulator, home: BaimoModel
) -> None:
    simulator.reply("one two three four five")
    async with Agent(home).run_stream("Hi") as stream:
        async for _ in stream.stream_text(delta=True, debounce_by=None):
            break
        await stream.cancel()
    assert simulator.last.outcome == "left"


async def test_a_client_is_made_where_none_is_given() -> None:
    with Simulator("openai") as simulator:
        simulator.reply("Hello")
        model = BaimoModel("openai/gpt-4o", config=simulator.config_for(loopback=True))
        assert (model.system, model.model_name) == ("openai", "gpt-4o")
        assert (await Agent(model).run("Hi")).output == "Hello"
        await model.aclose()
