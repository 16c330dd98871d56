"""Anthropic's own Python package, as it comes, finds in the simulated provider all that it asks the real one
for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import anthropic
import msgspec
import pytest

from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest, FinishReason
from baimo.types.content import Citation, Opaque, Text, Thinking, ToolCall
from baimo.types.events import ChatEvent, Finished, PartEnded, PartStarted, Started, UsageReported
from baimo.types.usage import Usage

MODEL = "claude-sonnet-5"
ASK: Any = [{"role": "user", "content": "Héllo 你好"}]
TOOLS: Any = [
    {"name": "weather", "input_schema": {"type": "object", "properties": {"town": {"type": "string"}}}},
    {"name": "now", "input_schema": {"type": "object", "properties": {}}},
]
CALLS = (
    ToolCall(id="toolu_1", name="weather", arguments='{"town":"Köln"}'),
    ToolCall(id="toolu_2", name="now", arguments="{}"),
)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("anthropic") as simulator:
        yield simulator


def made(simulator: Simulator, *, key: str | None = None, retries: int = 0) -> anthropic.Anthropic:
    told = simulator.credentials_of("anthropic")["api_key"]
    return anthropic.Anthropic(
        api_key=key or told,
        base_url=simulator.origin_of("anthropic"),
        max_retries=retries,
        timeout=10,
    )


@pytest.fixture
def client(simulator: Simulator) -> Iterator[anthropic.Anthropic]:
    with made(simulator) as client:
        yield client


def test_a_whole_answer(simulator: Simulator, client: anthropic.Anthropic) -> None:
    simulator.reply(Reply(text="Hello 😀", usage=Usage(input_uncached=5, cache_read=0, output_visible=3)))
    message = client.messages.create(
        model=MODEL, max_tokens=99, system="Be kind.", messages=ASK, stop_sequences=["END"]
    )
    assert [block.type for block in message.content] == ["text"]
    assert message.content[0].text == "Hello 😀"
    assert (message.stop_reason, message.role, message.model) == ("end_turn", "assistant", MODEL)
    assert (message.usage.input_tokens, message.usage.output_tokens) == (5, 3)
    asked = simulator.last.chat
    assert [one.text for one in asked.messages] == ["Be kind.", "Héllo 你好"]
    assert asked.stop == ("END",)


def test_a_streamed_answer(simulator: Simulator, client: anthropic.Anthropic) -> None:
    simulator.reply("Hello 😀, and good day.")
    with client.messages.stream(model=MODEL, max_tokens=99, messages=ASK) as stream:
        pieces = list(stream.text_stream)
        message = stream.get_final_message()
    assert len(pieces) > 3
    assert "".join(pieces) == message.content[0].text == "Hello 😀, and good day."
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens > 0
    raw = client.messages.create(model=MODEL, max_tokens=99, messages=ASK, stream=True)
    kinds = [event.type for event in raw]
    assert (kinds[0], kinds[-2], kinds[-1]) == ("message_start", "message_delta", "message_stop")


@pytest.mark.parametrize("streams", [True, False])
def test_several_calls_and_their_results_with_thinking(
    simulator: Simulator, client: anthropic.Anthropic, streams: bool
) -> None:
    simulator.script(
        lambda asked: (
            Reply(text="Noon, and warm.", thinking="Both are known.")
            if len(asked.messages) > 1
            else Reply(text="Wait.", thinking="Ask both.", tool_calls=CALLS)
        )
    )
    messages = list(ASK)
    asked: dict[str, Any] = {
        "model": "claude-haiku-4-5",
        "max_tokens": 4000,
        "tools": TOOLS,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
    }
    first = sent(client, asked, messages, streams)
    assert first.stop_reason == "tool_use"
    assert [block.type for block in first.content] == ["thinking", "text", "tool_use", "tool_use"]
    assert first.content[0].thinking == "Ask both."
    assert first.content[0].signature
    assert [block.input for block in first.content[2:]] == [{"town": "Köln"}, {}]
    messages.append({"role": "assistant", "content": first.content})
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "ok"} for call in CALLS]
    messages.append({"role": "user", "content": results})
    assert sent(client, asked, messages, streams).content[1].text == "Noon, and warm."
    first.content[0].thinking = "Ask none."
    with pytest.raises(anthropic.BadRequestError, match="Invalid `signature`"):
        sent(client, asked, messages, streams)
    messages[1] = {"role": "assistant", "content": first.content[1:]}
    with pytest.raises(anthropic.BadRequestError, match="Expected `thinking`"):
        sent(client, asked, messages, streams)


def sent(client: anthropic.Anthropic, asked: dict[str, Any], messages: Any, streams: bool) -> Any:
    if not streams:
        return client.messages.create(messages=messages, **asked)
    with client.messages.stream(messages=messages, **asked) as stream:
        return stream.get_final_message()


def everything(asked: ChatRequest) -> Iterator[ChatEvent]:
    """Blocks that only this provider has, in one answer."""
    own = b'{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"rain"}}'
    found = b'{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}'
    redacted = msgspec.Raw(b'{"data":"ZW5j"}')
    parts = [
        Thinking(replay=replay(redacted)),
        Opaque(dialect="anthropic_messages", json=msgspec.Raw(own)),
        Opaque(dialect="anthropic_messages", json=msgspec.Raw(found)),
        Text(text="It rains."),
    ]
    yield Started(id="msg_1", model=asked.model)
    for index, part in enumerate(parts):
        yield PartStarted(index=index, part=part)
        cited = (Citation(url="https://a.example/", title="A", quote="rain"),) if index == 3 else ()
        yield PartEnded(index=index, citations=cited)
    yield UsageReported(usage=Usage(input_uncached=3, cache_read=4, output_visible=1, reasoning=2))
    yield Finished(reason=FinishReason.PAUSE, raw="pause_turn")


def replay(raw: msgspec.Raw) -> Any:
    from baimo.types.content import Replay

    return Replay(dialect="other", json=raw)


@pytest.mark.parametrize("streams", [True, False])
def test_blocks_of_its_own(simulator: Simulator, client: anthropic.Anthropic, streams: bool) -> None:
    simulator.script(everything)
    message = sent(client, {"model": MODEL, "max_tokens": 99}, ASK, streams)
    kinds = [block.type for block in message.content]
    assert kinds == ["thinking", "server_tool_use", "web_search_tool_result", "text"]
    assert message.content[1].input == {"query": "rain"}
    (citation,) = message.content[3].citations
    assert (citation.url, citation.cited_text) == ("https://a.example/", "rain")
    assert message.stop_reason == "pause_turn"
    assert message.usage.output_tokens == 3


def test_a_marked_prompt_is_cached(simulator: Simulator, client: anthropic.Anthropic) -> None:
    system: Any = [{"type": "text", "text": "Know this.", "cache_control": {"type": "ephemeral"}}]
    usages = [
        client.messages.create(model=MODEL, max_tokens=9, system=system, messages=ASK).usage for _ in range(2)
    ]
    assert usages[0].cache_creation_input_tokens == usages[1].cache_read_input_tokens
    assert usages[1].cache_creation_input_tokens == 0


def test_counts_and_models(client: anthropic.Anthropic) -> None:
    counted = client.messages.count_tokens(model=MODEL, messages=ASK)
    assert counted.input_tokens > 0
    models = [model.id for model in client.models.list()]
    assert MODEL in models


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("unknown_model", anthropic.NotFoundError),
        ("over_rate", anthropic.RateLimitError),
        ("invalid_request", anthropic.BadRequestError),
        ("server_error", anthropic.InternalServerError),
        ("overloaded", anthropic.APIStatusError),
    ],
)
def test_refusals(
    simulator: Simulator, client: anthropic.Anthropic, why: str, kind: type[anthropic.APIStatusError]
) -> None:
    simulator.refuse(why, times=1)
    with pytest.raises(kind) as caught:
        client.messages.create(model=MODEL, max_tokens=9, messages=ASK)
    assert caught.value.body["error"]["type"]
    assert caught.value.request_id == "req_simulated_0001"


def test_a_wrong_key_and_wrong_requests(simulator: Simulator, client: anthropic.Anthropic) -> None:
    with made(simulator, key="sk-ant-wrong") as stranger, pytest.raises(anthropic.AuthenticationError):
        stranger.messages.create(model=MODEL, max_tokens=9, messages=ASK)
    with pytest.raises(anthropic.NotFoundError, match="nope"):
        client.messages.create(model="nope", max_tokens=9, messages=ASK)
    with pytest.raises(anthropic.BadRequestError, match="non-empty"):
        client.messages.create(model=MODEL, max_tokens=9, messages=[{"role": "user", "content": ""}])


def test_a_retry_after_a_refusal(simulator: Simulator) -> None:
    simulator.refuse("overloaded", times=1)
    with made(simulator, retries=1) as client:
        assert client.messages.create(model=MODEL, max_tokens=9, messages=ASK).content


def test_an_error_in_mid_stream(simulator: Simulator, client: anthropic.Anthropic) -> None:
    def breaks(asked: ChatRequest) -> Iterator[str]:
        from baimo.errors import OverloadedError

        yield "So "
        yield "it "
        raise OverloadedError("Overloaded")

    simulator.script(breaks)
    with (
        pytest.raises(anthropic.APIStatusError, match="overloaded_error"),
        client.messages.stream(model=MODEL, max_tokens=99, messages=ASK) as stream,
    ):
        stream.get_final_message()


def test_the_asynchronous_client(simulator: Simulator) -> None:
    simulator.reply("Hello.")

    async def ask() -> str:
        async with (
            anthropic.AsyncAnthropic(
                api_key=simulator.credentials_of("anthropic")["api_key"],
                base_url=simulator.origin_of("anthropic"),
                timeout=10,
            ) as client,
            client.messages.stream(model=MODEL, max_tokens=9, messages=ASK) as stream,
        ):
            return "".join([piece async for piece in stream.text_stream])

    assert asyncio.run(ask()) == "Hello."
