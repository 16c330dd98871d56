"""Runs of three steps over the wires: thinking, two calls at once, one that fails, an answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

import baimo
from baimo.simulator.reply import Answer, Reply
from baimo.testing import Simulator
from baimo.types.chat import ChatRequest
from baimo.types.content import ToolCall

MODELS = {
    ("anthropic", "messages"): "claude-sonnet-5",
    ("bedrock", "converse"): "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ("cohere", "native"): "command-a-03-2025",
    ("deepseek", "chat"): "deepseek-flash",
    ("gemini", "native"): "gemini-3-pro-preview",
    ("hunyuan", "native"): "hunyuan-lite",
    ("minimax", "native"): "MiniMax-M2",
    ("ollama", "native"): "qwen3:8b",
    ("openai", "chat"): "gpt-4o-mini",
    ("openai", "responses"): "gpt-5",
    ("pangu", "v2"): "0f6b0d6e-0000-4000-8000-00000000fake",
    ("qianfan", "v2"): "ernie-4.5-turbo-128k",
    ("qwen", "native"): "qwen-plus",
    ("spark", "http"): "4.0Ultra",
}
WITHOUT_TOOLS = {
    ("pangu", "v1"): "0f6b0d6e-0000-4000-8000-00000000fake",
    ("spark", "socket"): "4.0Ultra",
}
"""Wires on which a conversation with tools cannot be told."""
EACH = pytest.mark.parametrize(("provider", "endpoint"), list(MODELS))
STATUSES = ["done", "done", "bad_arguments"]


def weather(city: str) -> dict[str, str]:
    """The weather of a city."""
    return {"city": city, "sky": "clear"}


async def hour(place: str) -> str:
    """What time it is."""
    return f"noon in {place}"


def model(request: ChatRequest) -> Answer:
    """Answers by how many results it has been told."""
    results = [part for message in request.messages for part in message.content if part_is_result(part)]
    if not results:
        two = (
            ToolCall(id="c1", name="weather", arguments='{"city": "北京"}'),
            ToolCall(id="c2", name="hour", arguments='{"place": "here"}'),
        )
        return Reply(thinking="Two things are wanted.", text="I look.", tool_calls=two)
    if len(results) == 2:
        return Reply(tool_calls=(ToolCall(id="c3", name="weather", arguments='{"town": 1}'),))
    return f"Told {len(results)} things."


def part_is_result(part: object) -> bool:
    return isinstance(part, baimo.ToolResult)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator() as simulator:
        simulator.script(model)
        yield simulator


def check(found: baimo.RunResult) -> None:
    assert [run.status for run in found.calls] == STATUSES
    assert [run.value for run in found.calls] == [{"city": "北京", "sky": "clear"}, "noon in here", None]
    assert found.text == "Told 3 things."
    assert [step.number for step in found.steps] == [1, 2, 3]
    assert (found.usage.total or 0) > 0
    ended()


def ended() -> None:
    """Whatever a run began is over, or is just ending."""
    for thread in threading.enumerate():
        if thread.name.startswith(("baimo-run", "baimo-tool")):
            thread.join(5)
            assert not thread.is_alive()


@EACH
def test_a_blocking_run(sim: Simulator, provider: str, endpoint: str) -> None:
    with sim.client(endpoints={provider: endpoint}, max_retries=0) as client:
        check(client.run(f"{provider}/{MODELS[provider, endpoint]}", "Hi", tools=[weather, hour]))


@EACH
async def test_a_streamed_run_on_asyncio(sim: Simulator, provider: str, endpoint: str) -> None:
    name = f"{provider}/{MODELS[provider, endpoint]}"
    async with (
        sim.async_client(endpoints={provider: endpoint}, max_retries=0) as client,
        client.run_stream(name, "Hi", tools=[weather, hour]) as stream,
    ):
        events = [event async for event in stream]
    check(stream.result)
    told = [event for event in events if isinstance(event, baimo.ToolCalled | baimo.ToolReturned)]
    assert [(type(event).__name__, event.step) for event in told] == [
        *[("ToolCalled", 1), ("ToolCalled", 1), ("ToolReturned", 1), ("ToolReturned", 1)],
        *[("ToolCalled", 2), ("ToolReturned", 2)],
    ]
    assert isinstance(events[0], baimo.Started) and sum(isinstance(one, baimo.Started) for one in events) == 3


@pytest.mark.parametrize("provider", ["openai", "ollama", "cohere", "gemini"])
def test_a_picture_that_a_tool_gives_is_seen_where_results_hold_text_alone(
    sim: Simulator, provider: str
) -> None:
    picture = baimo.Image(data=b"\x89PNG\r\n\x1a\n0000", media_type="image/png")

    def shot(place: str) -> list[object]:
        """A picture of a place."""
        return ["Taken at noon.", picture]

    def looks(request: ChatRequest) -> Answer:
        seen = [
            part.data for one in request.messages for part in one.content if isinstance(part, baimo.Image)
        ]
        if seen:
            return f"I see {len(seen[0] or b'')} bytes."
        return Reply(tool_calls=(ToolCall(id="c1", name="shot", arguments='{"place": "here"}'),))

    sim.script(looks)
    endpoint = {"openai": "chat"}.get(provider, "native")
    name = "gemini/gemini-2.5-flash" if provider == "gemini" else f"{provider}/{MODELS[provider, endpoint]}"
    with sim.client(endpoints={provider: endpoint}, max_retries=0) as client:
        found = client.run(name, "Hi", tools=[shot])
    assert found.text == "I see 12 bytes."
    assert "emulated" in [note.code for note in found.notes]


@pytest.mark.parametrize(("provider", "endpoint"), list(WITHOUT_TOOLS))
def test_a_run_with_tools_in_the_prompt(sim: Simulator, provider: str, endpoint: str) -> None:
    def in_words(request: ChatRequest) -> Answer:
        said = request.messages[-1].text
        if "<tool_result" in said:
            return f"I was told: {said.splitlines()[1]}"
        assert any('"name":"weather"' in message.text for message in request.messages)
        return 'I look. <tool_call>{"name": "weather", "arguments": {"city": "北京"}}</tool_call>'

    sim.script(in_words)
    name = f"{provider}/{WITHOUT_TOOLS[provider, endpoint]}"
    with sim.client(endpoints={provider: endpoint}, max_retries=0) as client:
        with pytest.raises(baimo.UnsupportedError):
            client.run(name, [("Hi", "Hello"), *calling()], tools=[weather])
        found = client.run(name, "Hi", tools=[weather], tools_as="prompt")
    assert found.text == 'I was told: {"city":"北京","sky":"clear"}'
    assert "emulated" in [note.code for note in found.notes]


def calling() -> list[baimo.Message]:
    """An earlier call, and its result."""
    call = ToolCall(id="c1", name="weather", arguments="{}")
    result = baimo.ToolResult(call_id="c1", name="weather", content=(baimo.Text(text="clear"),))
    return [
        baimo.Message(role=baimo.Role.ASSISTANT, content=(call,)),
        baimo.Message(role=baimo.Role.TOOL, content=(result,)),
    ]
