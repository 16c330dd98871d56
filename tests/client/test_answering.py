"""Requests of another library's client, answered in its own wire by a client's plan."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from baimo.client import answering, async_answering
from baimo.client.answering import ServedChat
from baimo.client.async_answering import AsyncServedChat
from baimo.dialects import anthropic_messages, openai_chat
from baimo.errors import NotFoundError, RateLimitedError, StreamInterrupted
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest, Message, Role
from baimo.types.content import Text
from baimo.types.embeddings import EmbedRequest
from baimo.types.usage import Usage

OPENAI, CLAUDE = openai_chat.DIALECT, anthropic_messages.DIALECT
SONNET = "anthropic/claude-sonnet-4-5"
SMALL = "openai/text-embedding-3-small"
ROUTE = ["openai/gpt-4o", "deepseek/deepseek-flash"]


def ask(*, stream: bool, **fields: Any) -> ChatRequest:
    message = Message(role=Role.USER, content=(Text(text="Hi"),))
    return ChatRequest(model="whatever", messages=(message,), stream=stream, **fields)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("openai", "anthropic", "deepseek") as simulator:
        yield simulator


def both(simulator: Simulator, *args: Any, **options: Any) -> list[tuple[Any, list[bytes], Any]]:
    """The same by either client: head, pieces, and what is known at the end."""

    async def awaited() -> tuple[Any, list[bytes], Any]:
        async with simulator.async_client(max_retries=0) as client:
            served = AsyncServedChat(client, *args, **options)
            head = await served.begin()
            return head, [piece async for piece in served], served

    with simulator.client(max_retries=0) as client:
        served = ServedChat(client, *args, **options)
        head = served.begin()
        found = [(head, list(served), served)]
    return [*found, asyncio.run(awaited())]


def test_a_whole_answer_is_one_piece_with_its_fields(simulator: Simulator) -> None:
    usage = Usage(input_uncached=1000, output_visible=100)
    simulator.reply(Reply(text="Hello", usage=usage))
    for head, pieces, served in both(
        simulator, OPENAI, ask(stream=False, seed=3), "anthropic/claude-sonnet-4-5"
    ):
        assert head.status == 200
        assert b'"content":"Hello"' in b"".join(pieces)
        fields = dict(served.fields())
        assert fields[b"x-baimo-cost"] == b"0.0045 USD"
        assert fields[b"x-baimo-model"] == SONNET.encode()
        assert b"seed" in fields[b"x-baimo-notes"]
        assert fields[b"x-request-id"]
        assert (served.is_over, served.error, served.response.text) == (True, None, "Hello")


def test_a_stream_comes_as_it_is_made_and_its_notes_before_it(simulator: Simulator) -> None:
    simulator.reply("one two three")
    with simulator.client() as client:
        served = ServedChat(
            client, CLAUDE, ask(stream=True, logit_bias={"1": 1.0}), "anthropic/claude-sonnet-4-5"
        )
        served.begin()
        fields = dict(served.fields())
        assert b"logit_bias" in fields[b"x-baimo-notes"]
        assert b"x-baimo-cost" not in fields
        assert not served.is_over
        assert len(list(served)) > 5
        assert served.is_over
        assert b"x-baimo-cost" in dict(served.fields())


def test_who_leaves_closes_the_connection(simulator: Simulator) -> None:
    async def leave() -> None:
        async with simulator.async_client() as client:
            served = AsyncServedChat(client, OPENAI, ask(stream=True), "openai/gpt-4o")
            await served.begin()
            served.close()

    simulator.reply("one two three")
    with simulator.client() as client:
        served = ServedChat(client, OPENAI, ask(stream=True), "openai/gpt-4o")
        served.begin()
        served.close()
        assert simulator.last.outcome == "left"
    asyncio.run(leave())
    assert simulator.last.outcome == "left"


def test_who_answers_of_several_is_known_at_the_end(simulator: Simulator) -> None:
    simulator.refuse("over_rate", provider="openai")
    simulator.reply("Hello")
    config = {**simulator.config, "models": {"both": {"route": ROUTE}}}
    with simulator.client(config=config, max_retries=0) as client:
        served = ServedChat(client, OPENAI, ask(stream=True), "both")
        served.begin()
        assert b"x-baimo-model" not in dict(served.fields())
        assert list(served)
        assert dict(served.fields())[b"x-baimo-model"] == b"deepseek/deepseek-flash"


def test_a_refusal_keeps_the_answer_from_beginning(simulator: Simulator) -> None:
    simulator.refuse("over_rate")
    with pytest.raises(RateLimitedError):
        both(simulator, OPENAI, ask(stream=True), "openai/gpt-4o")


def test_a_stream_that_breaks_off_is_told_within_it(simulator: Simulator) -> None:
    simulator.reply("one two three four five six")
    simulator.fault("cut@400")
    for _, pieces, served in both(simulator, OPENAI, ask(stream=True), "openai/gpt-4o"):
        assert isinstance(served.error, StreamInterrupted)
        assert b'"error"' in pieces[-1]


def test_time_limits_of_one_call(simulator: Simulator) -> None:
    simulator.timing(ttft=5.0)
    for limits in ({"timeout": 3.0}, {"within": {"first_event": 3.0}}):
        with pytest.raises(TimeoutError):
            both(simulator, OPENAI, ask(stream=True), "openai/gpt-4o", **limits)
    assert both(simulator, OPENAI, ask(stream=True), "openai/gpt-4o", within={"first_event": 9.0})


def test_vectors_and_lists_of_models(simulator: Simulator) -> None:
    request = EmbedRequest(model="", inputs=("a", "b"), unsupported="drop")

    async def awaited() -> tuple[Any, Any]:
        async with simulator.async_client() as client:
            vectors = await async_answering.embed(client, request, SMALL, "openai_chat")
            return vectors, await async_answering.models(client, "anthropic", "openai_chat")

    with simulator.client() as client:
        vectors = answering.embed(client, request, SMALL, "openai_chat")
        models = answering.models(client, "anthropic", "openai_chat")
        with pytest.raises(NotFoundError):
            answering.embed(client, request, "openai/none", "openai_chat")
    assert len(vectors.vectors) == 2
    assert {info.provider for info in models} == {"anthropic"}
    assert asyncio.run(awaited())[0].vectors == vectors.vectors
