"""Ollama's own Python package, as it comes, finds in the simulated server all that it asks a real one for."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any

import ollama
import pytest

from baimo.errors import ServerError
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest, FinishReason, TokenLogprob
from baimo.types.content import Image, Text, Thinking, ToolCall, ToolResult
from baimo.types.events import (
    ChatEvent,
    Finished,
    LogprobsReported,
    PartDelta,
    PartEnded,
    PartStarted,
    Started,
    UsageReported,
)
from baimo.types.usage import Usage

MODEL = "qwen3:8b"
ASK = [{"role": "user", "content": "Héllo 你好"}]
PICTURE = b"\x89PNG\r\n"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("ollama") as made:
        yield made


@pytest.fixture
def client(simulator: Simulator) -> Iterator[ollama.Client]:
    with ollama.Client(host=simulator.origin_of("ollama"), timeout=10) as made:
        yield made


def asked(simulator: Simulator) -> ChatRequest:
    """What the simulator understood last."""
    got = simulator.last.asked
    assert isinstance(got, ChatRequest)
    return got


def test_a_whole_reply_is_read(simulator: Simulator, client: ollama.Client) -> None:
    simulator.reply(Reply(text="Hello 😀", usage=Usage(input_uncached=21, output_visible=4)))
    seen = client.chat(MODEL, ASK)
    assert (seen.model, seen.message.role, seen.message.content) == (MODEL, "assistant", "Hello 😀")
    assert (seen.done, seen.done_reason) == (True, "stop")
    assert (seen.prompt_eval_count, seen.eval_count) == (21, 4)
    got = asked(simulator)
    assert (got.messages[0].text, got.tools, got.stream) == ("Héllo 你好", (), False)


def test_a_stream_is_read_piece_by_piece(simulator: Simulator, client: ollama.Client) -> None:
    simulator.reply(Reply(text="one two three", usage=Usage(input_uncached=3, output_visible=5)))
    pieces = list(client.chat(MODEL, ASK, stream=True))
    assert len(pieces) > 3
    assert "".join(piece.message.content or "" for piece in pieces) == "one two three"
    assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert (pieces[-1].done_reason, pieces[-1].eval_count) == ("stop", 5)


def test_the_options_arrive(simulator: Simulator, client: ollama.Client) -> None:
    simulator.reply("Hi there you")
    options = {
        "temperature": 0,
        "top_p": 0.9,
        "top_k": 20,
        "min_p": 0.1,
        "seed": 7,
        "num_predict": 2,
        "stop": ["END"],
        "repeat_penalty": 1.1,
        "presence_penalty": 0.5,
        "frequency_penalty": 0.25,
        "num_ctx": 8192,
    }
    seen = client.chat(MODEL, ASK, options=options, keep_alive="5m")
    assert seen.done_reason == "length"
    got = asked(simulator)
    assert (got.temperature, got.top_p, got.top_k, got.min_p, got.seed) == (0, 0.9, 20, 0.1, 7)
    assert (got.max_tokens, got.stop, got.repetition_penalty) == (2, ("END",), 1.1)
    assert (got.presence_penalty, got.frequency_penalty) == (0.5, 0.25)
    assert got.foreign is not None
    assert json.loads(bytes(got.foreign.json)) == {"keep_alive": "5m", "options": {"num_ctx": 8192}}


@pytest.mark.parametrize("think", [True, "high"])
def test_thinking_comes_first_and_apart(simulator: Simulator, client: ollama.Client, think: Any) -> None:
    simulator.reply(Reply(thinking="Let me see.", text="42"))
    whole = client.chat(MODEL, ASK, think=think)
    assert (whole.message.thinking, whole.message.content) == ("Let me see.", "42")
    pieces = list(client.chat(MODEL, ASK, think=think, stream=True))
    assert "".join(piece.message.thinking or "" for piece in pieces) == "Let me see."
    first = next(number for number, piece in enumerate(pieces) if piece.message.content)
    assert not any(piece.message.thinking for piece in pieces[first:])
    reasoning = asked(simulator).reasoning
    assert reasoning is not None
    assert (reasoning.enabled, reasoning.effort) == ((True, None) if think is True else (None, "high"))


def add(a: int, b: int) -> int:
    """Add two numbers.

    Args:
      a: The first.
      b: The second.
    """
    return a + b


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_called_and_their_results_come_back(
    simulator: Simulator, client: ollama.Client, stream: bool
) -> None:
    call = ToolCall(id="call_1", name="add", arguments='{"b": 2, "a": {"z": 1, "c": [1.5, null]}}')
    simulator.reply(Reply(text="Wait.", tool_calls=(call, call)), "It is 3.")
    messages: list[Any] = list(ASK)
    if stream:
        pieces = list(client.chat(MODEL, messages, tools=[add], stream=True))
        told = [piece.message for piece in pieces if piece.message.tool_calls]
        calls = [one for message in told for one in message.tool_calls or ()]
    else:
        message = client.chat(MODEL, messages, tools=[add]).message
        calls, told = list(message.tool_calls or ()), [message]
    assert [one.function.name for one in calls] == ["add", "add"]
    assert calls[0].function.arguments == {"b": 2, "a": {"z": 1, "c": [1.5, None]}}
    assert list(calls[0].function.arguments) == ["b", "a"]
    (tool,) = asked(simulator).tools
    assert getattr(tool, "name", "") == "add"
    messages += [told[0], {"role": "tool", "content": "3", "tool_name": "add"}]
    assert client.chat(MODEL, messages, tools=[add]).message.content == "It is 3."
    history = asked(simulator).messages
    (made,) = [part for part in history[1].content if isinstance(part, ToolCall)][:1]
    (result,) = history[2].content
    assert isinstance(result, ToolResult)
    assert (result.name, result.call_id) == ("add", made.id)
    assert json.loads(made.arguments) == {"b": 2, "a": {"z": 1, "c": [1.5, None]}}


def test_a_schema_bounds_the_answer(simulator: Simulator, client: ollama.Client) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    simulator.script("json")
    seen = client.chat(MODEL, ASK, format=schema)
    assert isinstance(json.loads(seen.message.content or "")["age"], int)
    form = asked(simulator).response_format
    assert form is not None
    assert (form.type, form.schema) == ("json_schema", schema)
    assert json.loads(client.chat(MODEL, ASK, format="json").message.content or "")


def test_pictures_arrive_as_they_are(simulator: Simulator, client: ollama.Client) -> None:
    simulator.reply("A cat.")
    client.chat("gemma3:4b", [{"role": "user", "content": "What?", "images": [PICTURE]}])
    assert asked(simulator).messages[0].content == (Text(text="What?"), Image(data=PICTURE))
    client.generate("gemma3:4b", "What?", images=[PICTURE])
    assert asked(simulator).messages[0].content == (Text(text="What?"), Image(data=PICTURE))


def test_a_question_is_generated_an_answer(simulator: Simulator, client: ollama.Client) -> None:
    simulator.reply(Reply(thinking="Hm.", text="Because.", usage=Usage(input_uncached=9, output_visible=3)))
    seen = client.generate("deepseek-r1:1.5b", "Why?", system="Be brief.")
    assert (seen.response, seen.thinking, seen.done_reason) == ("Because.", "Hm.", "stop")
    assert (seen.prompt_eval_count, seen.eval_count) == (9, 3)
    assert [message.text for message in asked(simulator).messages] == ["Be brief.", "Why?"]
    pieces = list(client.generate("deepseek-r1:1.5b", "Why?", stream=True))
    assert "".join(piece.response or "" for piece in pieces) == "Because."
    assert "".join(piece.thinking or "" for piece in pieces) == "Hm."
    assert pieces[-1].done


def test_a_model_is_loaded_and_unloaded(client: ollama.Client) -> None:
    assert client.chat(MODEL, []).done_reason == "load"
    assert client.generate(MODEL, keep_alive=0).done_reason == "unload"


def test_probabilities_are_read(simulator: Simulator, client: ollama.Client) -> None:
    token = TokenLogprob(token="Hi", logprob=-0.5, top=(TokenLogprob(token="Ho", logprob=-2.0),))
    events: list[ChatEvent] = [
        Started(model=MODEL, created=5),
        PartStarted(index=0, part=Text(text="")),
        PartDelta(index=0, text="Hi"),
        LogprobsReported(tokens=(token,)),
        PartEnded(index=0),
        UsageReported(usage=Usage(input_uncached=1, output_visible=1)),
        Finished(reason=FinishReason.STOP),
    ]
    simulator.script(lambda request: events)
    (seen,) = client.chat(MODEL, ASK, logprobs=True, top_logprobs=1).logprobs or ()
    assert (seen.token, seen.logprob) == ("Hi", -0.5)
    assert [top.token for top in seen.top_logprobs or ()] == ["Ho"]
    assert asked(simulator).top_logprobs == 1


def test_vectors_come_for_one_text_and_for_several(client: ollama.Client) -> None:
    several = client.embed("nomic-embed-text", ["a", "b"], dimensions=4)
    assert [len(vector) for vector in several.embeddings] == [4, 4]
    assert several.prompt_eval_count
    one = client.embed("nomic-embed-text", "a", dimensions=4)
    assert list(one.embeddings[0]) == list(several.embeddings[0])
    old = client.embeddings("nomic-embed-text", "a")
    assert len(old.embedding) == 16


def test_models_are_listed_told_of_and_running(client: ollama.Client) -> None:
    listed = {model.model: model for model in client.list().models}
    assert "deepseek-r1:1.5b" in listed
    model = listed[MODEL]
    assert model.details is not None
    assert (model.details.parameter_size, model.details.quantization_level) == ("8.2B", "Q4_K_M")
    assert model.modified_at is not None
    assert model.size
    shown = client.show(MODEL)
    assert shown.modelinfo is not None
    architecture = shown.modelinfo["general.architecture"]
    assert shown.modelinfo[f"{architecture}.context_length"] == 40960
    assert shown.capabilities == ["completion", "tools", "thinking"]
    (running,) = client.ps().models
    assert running.size_vram == running.size
    assert running.expires_at is not None


def test_a_model_is_pulled_with_progress_and_is_there_then(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError, match="not found") as caught:
        client.chat("smollm2:135m", ASK)
    assert caught.value.status_code == 404
    steps = list(client.pull("smollm2:135m", stream=True))
    assert (steps[0].status, steps[-1].status) == ("pulling manifest", "success")
    told = [step for step in steps if step.completed]
    assert told[-1].completed == told[-1].total
    assert (told[-1].digest or "").startswith("sha256:")
    assert client.chat("smollm2:135m", ASK).done
    assert client.pull("qwen3:0.6b").status == "success"


def test_a_pull_that_fails_raises(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError, match="file does not exist") as caught:
        list(client.pull("no-such-model", stream=True))
    assert caught.value.status_code == -1
    with pytest.raises(ollama.ResponseError, match="file does not exist") as caught:
        client.pull("no-such-model")
    assert caught.value.status_code == 500


@pytest.mark.parametrize(
    ("why", "status", "words"),
    [
        ("over_concurrency", 503, "server busy"),
        ("over_rate", 429, "too many requests"),
        ("over_quota", 429, "usage limit"),
        ("wrong_secret", 401, "unauthorized"),
        ("server_error", 500, "running the model"),
    ],
)
def test_a_refusal_is_its_exception(
    simulator: Simulator, client: ollama.Client, why: str, status: int, words: str
) -> None:
    simulator.refuse(why)
    calls: list[Callable[[], object]] = [
        lambda: client.chat(MODEL, ASK),
        lambda: client.embed(MODEL, "a"),
        lambda: client.show(MODEL),
    ]
    for call in calls:
        with pytest.raises(ollama.ResponseError, match=words) as caught:
            call()
        assert caught.value.status_code == status


def test_what_a_model_cannot_do_is_its_exception(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError, match='"gemma3:4b" does not support thinking') as caught:
        client.chat("gemma3:4b", ASK, think=True)
    assert caught.value.status_code == 400


def test_a_failure_in_mid_stream_is_its_exception(simulator: Simulator, client: ollama.Client) -> None:
    def fails(request: ChatRequest) -> Iterator[ChatEvent]:
        yield Started(model=MODEL)
        yield PartStarted(index=0, part=Thinking(text=""))
        yield PartDelta(index=0, text="So")
        raise ServerError("gone")

    simulator.script(fails)
    seen = []
    with pytest.raises(ollama.ResponseError, match="running the model") as caught:
        for piece in client.chat(MODEL, ASK, stream=True):
            seen.append(piece.message.thinking)
    assert (seen, caught.value.status_code) == (["So"], -1)


def test_a_key_is_taken_where_it_is_sent(simulator: Simulator) -> None:
    def call(key: str) -> ollama.ChatResponse:
        headers = {"Authorization": f"Bearer {key}"}
        with ollama.Client(host=simulator.origin_of("ollama"), headers=headers) as client:
            return client.chat(MODEL, ASK)

    assert call(simulator.credentials_of("ollama")["api_key"]).done
    with pytest.raises(ollama.ResponseError, match="unauthorized"):
        call("fake-wrong")


def test_the_asynchronous_client_is_served_as_well(simulator: Simulator) -> None:
    simulator.reply("one two")

    async def run() -> tuple[str, str]:
        async with ollama.AsyncClient(host=simulator.origin_of("ollama")) as client:
            whole = await client.chat(MODEL, ASK)
            pieces = [piece async for piece in await client.chat(MODEL, ASK, stream=True)]
        return whole.message.content or "", "".join(piece.message.content or "" for piece in pieces)

    assert asyncio.run(run()) == ("one two", "one two")


def test_a_picture_is_made_whole_and_with_its_progress(simulator: Simulator, client: ollama.Client) -> None:
    whole = client.generate("x/z-image-turbo", "a fox", width=64, height=32, options={"seed": 3})
    assert whole.done and whole.image is not None
    assert b64decode(whole.image).startswith(b"\x89PNG")
    sent: Any = simulator.last.json
    assert (sent["width"], sent["height"], sent["options"], simulator.last.operation) == (
        64,
        32,
        {"seed": 3},
        "images",
    )
    *steps, last = client.generate("x/z-image-turbo", "a fox", steps=3, stream=True)
    assert [(step.completed, step.total, step.done) for step in steps] == [
        (1, 3, False),
        (2, 3, False),
        (3, 3, False),
    ]
    assert last.done and last.image == client.generate("x/z-image-turbo", "a fox").image
