"""Hunyuan from the public client: conversations over each of its endpoints, and a limit that is held here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

import baimo
from baimo.testing import Reply, Simulator

ENDPOINTS = {"tokenhub": "hy3-preview", "compatible": "hunyuan-turbos-latest", "native": "hunyuan-t1-latest"}
TURNS = ("One?", "Two?", "Three?")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("hunyuan") as simulator:
        yield simulator


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_three_turns_that_are_streamed(simulator: Simulator, endpoint: str) -> None:
    simulator.script("reasoning")
    messages: list[baimo.Message] = []
    with simulator.client(endpoints={"hunyuan": endpoint}) as client:
        for turn in TURNS:
            messages.append(baimo.Message(role=baimo.Role.USER, content=(baimo.Text(text=turn),)))
            with client.stream(f"hunyuan/{ENDPOINTS[endpoint]}", messages) as stream:
                assert "".join(stream.text) == turn
            assert turn in stream.response.thinking
            messages.append(stream.response.message)
    assert len(simulator.last.asked.messages) == 5  # type: ignore[union-attr]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_three_turns_awaited(simulator: Simulator, endpoint: str) -> None:
    async def talk() -> list[str]:
        messages: list[baimo.Message] = []
        async with simulator.async_client(endpoints={"hunyuan": endpoint}) as client:
            for turn in TURNS:
                messages.append(baimo.Message(role=baimo.Role.USER, content=(baimo.Text(text=turn),)))
                answer = await client.chat(f"hunyuan/{ENDPOINTS[endpoint]}", messages)
                messages.append(answer.message)
        return [message.text for message in messages[1::2]]

    assert asyncio.run(talk()) == list(TURNS)


def test_a_limit_stops_the_reading_and_not_only_the_showing(simulator: Simulator) -> None:
    simulator.reply("one two three four five six seven eight nine ten " * 50)
    simulator.timing(tokens_per_second=10)
    with simulator.client(endpoints={"hunyuan": "native"}) as client:
        answer = client.chat("hunyuan/hunyuan-turbos-latest", "Count", max_tokens=5)
        again = client.chat("hunyuan/hunyuan-turbos-latest", "Count", max_tokens=5)
    assert answer.finish_reason is baimo.FinishReason.LENGTH
    assert answer.ended == "complete"
    assert answer.text == again.text
    assert 0 < len(answer.text.split()) <= 6
    assert [received.outcome for received in simulator.requests] == ["left", "left"]
    assert simulator.clock.elapsed < 5


def test_an_answer_of_ours_may_go_on_at_another_provider() -> None:
    """What only Hunyuan tells stands beside its answer, and is no hindrance elsewhere."""
    with Simulator("hunyuan", "openai") as simulator:
        simulator.reply(Reply(text="Yes"))
        with simulator.client(endpoints={"hunyuan": "native"}) as client:
            first = client.chat("hunyuan/hunyuan-turbos-latest", "Is it?")
            assert any(isinstance(part, baimo.Opaque) for part in first.message.content)
            question = baimo.Message(role=baimo.Role.USER, content=(baimo.Text(text="Sure?"),))
            second = client.chat("openai/gpt-6-luna", [question, first.message, question])
    assert second.text == "Yes"
