"""The main job on real input: a real model through the clients, with no key and no service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import baimo
from baimo import AsyncClient, Client, ContextTooLongError, FinishReason, InputError
from tests.local.asking import ANSWER, ENDLESS, QUESTION, REPEATABLE
from tests.local.weights import baimo_home, data_home
from tests.loops import BOTH_LOOPS

__all__ = ["baimo_home", "data_home"]

MODEL = "local/smollm2"


@pytest.fixture(autouse=True)
def at_home(baimo_home: Path, data_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own files are not read, and the weights are there."""
    monkeypatch.setenv("BAIMO_HOME", str(baimo_home))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as client:
        yield client


def test_a_question_gets_a_real_answer(client: Client) -> None:
    answer = client.chat(MODEL, QUESTION, max_tokens=30, temperature=0)
    assert ANSWER in answer.text
    assert answer.ended == "complete"
    assert answer.finish_reason in (FinishReason.STOP, FinishReason.LENGTH)
    assert answer.provider == "local"
    assert answer.usage.output is not None
    assert 0 < answer.usage.output <= 30
    assert answer.usage.input


def test_a_stream_says_the_same_as_the_whole(client: Client) -> None:
    whole = client.chat(MODEL, QUESTION, max_tokens=20, temperature=0, extra=REPEATABLE)
    with client.stream(MODEL, QUESTION, max_tokens=20, temperature=0, extra=REPEATABLE) as stream:
        pieces = list(stream.text)
    assert len(pieces) > 3
    assert "".join(pieces) == whole.text
    assert stream.response.usage.output == whole.usage.output
    assert stream.response.finish_reason == whole.finish_reason


def test_a_stop_word_and_a_limit_are_kept(client: Client) -> None:
    stopped = client.chat(MODEL, QUESTION, stop=["Pacific"], temperature=0, max_tokens=30)
    assert stopped.finish_reason is FinishReason.STOP
    assert "Pacific" not in stopped.text
    cut = client.chat(MODEL, QUESTION, temperature=0, max_tokens=3)
    assert cut.finish_reason is FinishReason.LENGTH
    assert cut.usage.output == 3


def test_a_schema_is_kept_to(client: Client) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 15}, "population": {"type": "integer"}},
        "required": ["city", "population"],
        "additionalProperties": False,
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": schema}}
    answer = client.chat(MODEL, "Tell me about a city.", response_format=wanted, max_tokens=100)
    assert set(json.loads(answer.text)) == {"city", "population"}


def test_a_prompt_that_is_too_long_is_told_as_such(client: Client) -> None:
    with pytest.raises(ContextTooLongError):
        client.chat(MODEL, "word " * 9000)


def test_an_unknown_embedded_model_gets_near_names(client: Client) -> None:
    with pytest.raises(InputError, match="Did you mean smollm2"):
        client.chat("local/smolm2", "Hi")


def test_leaving_a_stream_early_leaves_the_model_free(client: Client) -> None:
    streams = [client.stream(MODEL, f"Tell me story {n}.", extra=ENDLESS) for n in range(4)]
    for stream in streams:
        with stream:
            next(iter(stream.text))
    assert client.chat(MODEL, "Hi", max_tokens=2, timeout=30).text


def test_vectors_and_the_list_of_models(client: Client) -> None:
    assert [len(vector) for vector in client.embed(MODEL, ["cat", "law"]).vectors] == [576, 576]
    assert "smollm2" in {info.id for info in client.models("local")}


def test_many_inputs_are_answered_in_order(client: Client) -> None:
    answers = list(client.map(MODEL, [f"Say {n}." for n in range(10)], max_tokens=4, concurrency=6))
    assert [isinstance(answer, baimo.ChatResponse) for answer in answers] == [True] * 10


@pytest.mark.anyio
@BOTH_LOOPS
async def test_the_asynchronous_client_does_the_same() -> None:
    async with AsyncClient() as client:
        whole = await client.chat(MODEL, QUESTION, max_tokens=20, temperature=0, extra=REPEATABLE)
        assert ANSWER in whole.text
        async with client.stream(MODEL, QUESTION, max_tokens=20, temperature=0, extra=REPEATABLE) as stream:
            pieces = [piece async for piece in stream.text]
        assert "".join(pieces) == whole.text
        two = await asyncio.gather(
            *(client.chat(MODEL, text, max_tokens=4, extra={"ignore_eos": True}) for text in ("Hi", "Bye"))
        )
        assert [answer.usage.output for answer in two] == [4, 4]


@pytest.mark.anyio
@BOTH_LOOPS
async def test_a_cancelled_call_leaves_the_model_free() -> None:
    async with AsyncClient() as client:
        begun = asyncio.Event()

        async def listen(number: int) -> None:
            async with client.stream(MODEL, f"Tell me story {number}.", extra=ENDLESS) as stream:
                async for _ in stream.text:
                    begun.set()

        tasks = [asyncio.create_task(listen(number)) for number in range(4)]
        await begun.wait()
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} == {asyncio.CancelledError}
        assert (await client.chat(MODEL, "Hi", max_tokens=2, timeout=30)).text
