"""The official client, as it comes, speaks to the simulated providers of this wire as it does to the real
ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import openai
import pytest

from baimo.simulator import faces
from baimo.testing import Reply, Simulator
from baimo.types.content import ToolCall
from baimo.types.usage import Usage

WEATHER: Any = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
}


class Place(NamedTuple):
    """An endpoint of a provider, and a model that it serves."""

    provider: str
    endpoint: str
    model: str
    lists: bool = True
    """Tool calls come as a list unasked."""
    finishes: bool = True
    """Replies tell a finish reason."""


PLACES = [
    place
    for place in (
        Place("openai", "chat", "gpt-6-luna"),
        Place("deepseek", "chat", "deepseek-flash"),
        Place("hunyuan", "tokenhub", "hy3-preview"),
        Place("hunyuan", "compatible", "hunyuan-turbos-latest"),
        Place("spark", "http", "4.0Ultra", lists=False, finishes=False),
        Place("spark", "http-x", "spark-x", lists=False, finishes=False),
        Place("maas", "chat", "deepseek-v3.2"),
        Place("pangu", "v2", "pangu-nlp-example"),
    )
    if place.provider in faces.names()
]
ASK: Any = [{"role": "user", "content": "Héllo 你好"}]


@pytest.fixture(params=PLACES, ids=lambda place: f"{place.provider}-{place.endpoint}")
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.param
    return found


@pytest.fixture
def simulator(place: Place) -> Iterator[Simulator]:
    with Simulator(place.provider) as simulator:
        yield simulator


@pytest.fixture
def client(simulator: Simulator, place: Place) -> Iterator[openai.OpenAI]:
    with made(simulator, place) as client:
        yield client


def made(simulator: Simulator, place: Place, *, key: str | None = None, retries: int = 0) -> openai.OpenAI:
    """The official client, pointed at the endpoint by its own settings."""
    table = faces.make(place.provider).configuration(simulator.origin_of(place.provider))[place.endpoint]
    told = next(str(table[name]) for name in ("api_key", "api_password") if name in table)
    return openai.OpenAI(
        api_key=key or told, base_url=str(table["base_url"]), max_retries=retries, timeout=10
    )


def test_chat(simulator: Simulator, client: openai.OpenAI, place: Place) -> None:
    simulator.reply(Reply(text="Hello 😀", usage=Usage(input_uncached=5, cache_read=2, output_visible=3)))
    seen = client.chat.completions.create(model=place.model, messages=ASK, temperature=0.5, max_tokens=50)
    assert seen.choices[0].message.content == "Hello 😀"
    assert seen.choices[0].message.role == "assistant"
    assert seen.usage is not None
    assert (seen.usage.prompt_tokens, seen.usage.completion_tokens, seen.usage.total_tokens) == (7, 3, 10)
    if place.finishes:
        assert seen.choices[0].finish_reason == "stop"
    asked: Any = simulator.last.asked
    assert asked.messages[0].text == "Héllo 你好"
    assert (asked.temperature, asked.max_tokens) == (0.5, 50)


def test_stream(simulator: Simulator, client: openai.OpenAI, place: Place) -> None:
    simulator.reply("one two three 四五六")
    chunks = list(client.chat.completions.create(model=place.model, messages=ASK, stream=True))
    said = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert "".join(choice.delta.content or "" for choice in said) == "one two three 四五六"
    assert len(said) > 3
    assert said[0].delta.role == "assistant"
    if place.finishes:
        assert said[-1].finish_reason == "stop"


def test_stream_with_usage(simulator: Simulator, client: openai.OpenAI, place: Place) -> None:
    simulator.reply(Reply(text="a b", usage=Usage(input_uncached=5, output_visible=3)))
    chunks = list(
        client.chat.completions.create(
            model=place.model, messages=ASK, stream=True, stream_options={"include_usage": True}
        )
    )
    last = [chunk.usage for chunk in chunks if chunk.usage is not None][-1]
    assert (last.prompt_tokens, last.completion_tokens, last.total_tokens) == (5, 3, 8)


def test_reasoning(simulator: Simulator, client: openai.OpenAI, place: Place) -> None:
    simulator.reply(Reply(thinking="Let me think.", text="Yes."))
    whole: Any = client.chat.completions.create(model=place.model, messages=ASK).choices[0].message
    assert (whole.reasoning_content, whole.content) == ("Let me think.", "Yes.")
    stream = client.chat.completions.create(model=place.model, messages=ASK, stream=True)
    deltas: list[Any] = [chunk.choices[0].delta for chunk in stream if chunk.choices]
    assert "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas) == "Let me think."


@pytest.mark.parametrize("stream", [False, True])
def test_tools(simulator: Simulator, client: openai.OpenAI, place: Place, stream: bool) -> None:
    call = ToolCall(id="call_1", name="get_weather", arguments='{"city":"杭州"}')
    simulator.reply(Reply(thinking="Hm", tool_calls=(call,)))
    extra = {} if place.lists else {"tool_calls_switch": True}
    seen: Any = client.chat.completions.create(
        model=place.model, messages=ASK, tools=[WEATHER], extra_body=extra, stream=stream
    )
    if stream:
        found = [
            piece
            for chunk in seen
            if chunk.choices
            for piece in chunk.choices[0].delta.tool_calls or ()
            if piece.function
        ]
        assert found[0].function.name == "get_weather"
        assert "".join(piece.function.arguments or "" for piece in found) == '{"city":"杭州"}'
    else:
        (found,) = seen.choices[0].message.tool_calls
        assert (found.id, found.function.name) == ("call_1", "get_weather")
        assert found.function.arguments == '{"city":"杭州"}'
        if place.finishes:
            assert seen.choices[0].finish_reason == "tool_calls"
    asked: Any = simulator.last.asked
    assert asked.tools[0].name == "get_weather"


def test_a_wrong_key_is_its_authentication_error(simulator: Simulator, place: Place) -> None:
    with (
        made(simulator, place, key="fake-wrong") as client,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        client.chat.completions.create(model=place.model, messages=ASK)
    assert caught.value.status_code == 401


def test_a_failure_of_the_server_is_tried_again(simulator: Simulator, place: Place) -> None:
    simulator.fault("503", times=1)
    simulator.reply("Hello!")
    with made(simulator, place, retries=2) as client:
        assert client.chat.completions.create(model=place.model, messages=ASK).choices[0].message.content
    assert len(simulator.requests) == 2


ERRORS = [
    ("openai", "over_rate", openai.RateLimitError),
    ("openai", "unknown_model", openai.NotFoundError),
    ("openai", "input_moderated", openai.BadRequestError),
    ("openai", "overloaded", openai.InternalServerError),
    ("deepseek", "over_concurrency", openai.RateLimitError),
    ("deepseek", "over_quota", openai.APIStatusError),
    ("deepseek", "invalid_request", openai.UnprocessableEntityError),
    ("deepseek", "unknown_model", openai.BadRequestError),
    ("deepseek", "overloaded", openai.InternalServerError),
    ("deepseek", "server_error", openai.InternalServerError),
]


@pytest.mark.parametrize(("provider", "why", "kind"), ERRORS)
def test_a_refusal_is_the_exception_that_the_client_has_for_it(
    provider: str, why: str, kind: type[openai.APIStatusError]
) -> None:
    (place,) = [place for place in PLACES if place.provider == provider]
    with Simulator(provider) as simulator, made(simulator, place) as client:
        simulator.refuse(why)
        with pytest.raises(kind):
            client.chat.completions.create(model=place.model, messages=ASK)


DEEPSEEK = Place("deepseek", "chat", "deepseek-flash")


@pytest.fixture
def deepseek() -> Iterator[tuple[Simulator, openai.OpenAI]]:
    with Simulator("deepseek") as simulator, made(simulator, DEEPSEEK) as client:
        yield simulator, client


def test_a_tool_turn_without_its_reasoning_is_refused_and_with_it_answered(
    deepseek: tuple[Simulator, openai.OpenAI],
) -> None:
    simulator, client = deepseek
    call = ToolCall(id="call_1", name="get_weather", arguments="{}")
    simulator.reply(Reply(thinking="Hm", tool_calls=(call,)), "24 C")
    said: Any = client.chat.completions.create(model=DEEPSEEK.model, messages=ASK, tools=[WEATHER])
    message = said.choices[0].message.model_dump()
    result: Any = {"role": "tool", "tool_call_id": "call_1", "content": "24 C"}
    without: Any = {name: value for name, value in message.items() if name != "reasoning_content"}
    with pytest.raises(openai.BadRequestError, match="reasoning_content"):
        client.chat.completions.create(model=DEEPSEEK.model, messages=[*ASK, without, result])
    answer = client.chat.completions.create(model=DEEPSEEK.model, messages=[*ASK, message, result])
    assert answer.choices[0].message.content == "24 C"


def test_a_text_is_filled_in(deepseek: tuple[Simulator, openai.OpenAI]) -> None:
    simulator, client = deepseek
    simulator.reply("  return 1")
    beta = client.with_options(base_url=str(client.base_url).rstrip("/") + "/beta")
    whole = beta.completions.create(model=DEEPSEEK.model, prompt="def f():", suffix="f()")
    assert whole.choices[0].text == "  return 1"
    stream = beta.completions.create(model=DEEPSEEK.model, prompt="def f():", suffix="f()", stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream) == "  return 1"


def test_hits_of_the_cache_are_told(deepseek: tuple[Simulator, openai.OpenAI]) -> None:
    simulator, client = deepseek
    simulator.reply(Reply(text="a", usage=Usage(input_uncached=4, cache_read=16, output_visible=1)))
    usage: Any = client.chat.completions.create(model=DEEPSEEK.model, messages=ASK).usage
    assert (usage.prompt_cache_hit_tokens, usage.prompt_cache_miss_tokens) == (16, 4)


def test_moderated_output_ends_with_its_finish_reason(deepseek: tuple[Simulator, openai.OpenAI]) -> None:
    simulator, client = deepseek
    simulator.reply("good bad ugly")
    simulator.moderate(output=["bad"])
    seen = client.chat.completions.create(model=DEEPSEEK.model, messages=ASK)
    assert seen.choices[0].finish_reason == "content_filter"


def test_an_error_in_mid_stream_is_raised(deepseek: tuple[Simulator, openai.OpenAI]) -> None:
    simulator, client = deepseek
    simulator.reply("one two three four five six seven eight")
    simulator.fault("fail@40")
    stream = client.chat.completions.create(model=DEEPSEEK.model, messages=ASK, stream=True)
    with pytest.raises(openai.APIError):
        list(stream)


def test_models_and_vectors_of_openai() -> None:
    place = PLACES[0]
    with Simulator("openai") as simulator, made(simulator, place) as client:
        assert place.model in [model.id for model in client.models.list()]
        made_ = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
        assert len(made_.data) == 2
