"""The SDK's own class, one import changed: all of its surface that is served, over simulated providers."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import openai
import pydantic
import pytest

from baimo.errors import InputError, MissingKeyError
from baimo.integrations.openai import AsyncOpenAI, OpenAI
from baimo.testing import Reply, Simulator, VirtualClock
from baimo.types.chat import FinishReason, TokenLogprob
from baimo.types.content import Text, ToolCall
from baimo.types.events import Finished, LogprobsReported, PartEnded, PartStarted, Started
from baimo.types.usage import Usage


class Place(NamedTuple):
    """A provider's wire, and what a caller writes to reach it."""

    model: str
    endpoint: str | None = None

    @property
    def provider(self) -> str:
        return self.model.partition("/")[0] if "/" in self.model else "openai"


PLACES = [
    Place("gpt-4o"),
    Place("anthropic/claude-sonnet-4-5"),
    Place("gemini/gemini-2.5-flash"),
    Place("hunyuan/hunyuan-turbos-latest", "native"),
    Place("spark/4.0Ultra"),
    Place("ollama/qwen3"),
]
ASK: Any = [{"role": "user", "content": "Héllo 你好"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
CALL = ToolCall(id="call_1", name="get_weather", arguments='{"city":"杭州"}')


@pytest.fixture(params=PLACES, ids=lambda place: place.provider)
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.param
    return found


@pytest.fixture
def simulator(place: Place) -> Iterator[Simulator]:
    with Simulator(place.provider) as simulator:
        yield simulator


def ours(simulator: Simulator, place: Place | None = None, **options: Any) -> Any:
    endpoints = {place.provider: place.endpoint} if place is not None and place.endpoint else {}
    return simulator.client(endpoints=endpoints, **options)


@pytest.fixture
def client(simulator: Simulator, place: Place) -> Iterator[OpenAI]:
    with ours(simulator, place) as inner, OpenAI(client=inner) as client:
        yield client


def test_a_chat_is_the_sdk_s_own_object(simulator: Simulator, client: OpenAI, place: Place) -> None:
    simulator.reply(Reply(text="Hello 😀", usage=Usage(input_uncached=5, output_visible=3)))
    seen = client.chat.completions.create(
        model=place.model, messages=[{"role": "system", "content": "Be short"}, *ASK], temperature=0.5
    )
    assert isinstance(seen, openai.types.chat.ChatCompletion)
    assert (seen.choices[0].message.content, seen.choices[0].finish_reason) == ("Hello 😀", "stop")
    assert seen.usage is not None
    assert (seen.usage.prompt_tokens, seen.usage.completion_tokens) == (5, 3)
    asked = simulator.last.chat
    assert [message.text for message in asked.messages] == ["Be short", "Héllo 你好"]
    assert asked.temperature == 0.5


def test_a_stream_comes_in_pieces_with_usage(simulator: Simulator, client: OpenAI, place: Place) -> None:
    simulator.reply(Reply(text="one two three 四五六", usage=Usage(input_uncached=5, output_visible=3)))
    with client.chat.completions.create(
        model=place.model, messages=ASK, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    said = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(said) == "one two three 四五六"
    assert len([piece for piece in said if piece]) > 2
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 8


@pytest.mark.parametrize("stream", [False, True])
def test_tools_go_there_and_their_calls_come_back(
    simulator: Simulator, client: OpenAI, place: Place, stream: bool
) -> None:
    simulator.reply(Reply(tool_calls=(CALL,)), "24 C")
    if stream:
        with client.chat.completions.stream(model=place.model, messages=ASK, tools=[WEATHER]) as events:
            message: Any = events.get_final_completion().choices[0].message
    else:
        message = (
            client.chat.completions.create(model=place.model, messages=ASK, tools=[WEATHER])
            .choices[0]
            .message
        )
    (call,) = message.tool_calls
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"city":"杭州"}')
    result: Any = {"role": "tool", "tool_call_id": call.id, "content": "24 C"}
    turn = message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"})
    again = client.chat.completions.create(model=place.model, messages=[*ASK, turn, result], tools=[WEATHER])
    assert again.choices[0].message.content == "24 C"


def test_responses_whole_and_streamed_with_earlier_turns(
    simulator: Simulator, client: OpenAI, place: Place
) -> None:
    simulator.reply(Reply(text="Hello 😀", usage=Usage(input_uncached=5, output_visible=3)))
    whole = client.responses.create(model=place.model, input="Hi", instructions="Be short")
    assert whole.output_text == "Hello 😀"
    assert whole.usage is not None
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == (5, 3)
    turns: Any = [{"role": "user", "content": "Hi"}, *whole.output, {"role": "user", "content": "And?"}]
    with client.responses.stream(model=place.model, input=turns) as events:
        kinds = [event.type for event in events]
        final = events.get_final_response()
    assert kinds.count("response.output_text.delta") > 1
    assert final.output_text == "Hello 😀"
    assert [message.text for message in simulator.last.chat.messages] == ["Hi", "Hello 😀", "And?"]


def test_a_tool_call_of_the_responses_api(simulator: Simulator, client: OpenAI, place: Place) -> None:
    simulator.reply(Reply(tool_calls=(CALL,)))
    tool: Any = {"type": "function", "strict": False, **WEATHER["function"]}
    seen = client.responses.create(model=place.model, input="Hi", tools=[tool])
    (call,) = [item for item in seen.output if item.type == "function_call"]
    assert (call.name, call.arguments) == ("get_weather", '{"city":"杭州"}')


def test_everything_is_there_on_asyncio(simulator: Simulator, place: Place) -> None:
    async def run() -> tuple[Any, ...]:
        endpoints = {place.provider: place.endpoint} if place.endpoint else {}
        async with simulator.async_client(endpoints=endpoints) as inner, AsyncOpenAI(client=inner) as client:
            whole = await client.chat.completions.create(model=place.model, messages=ASK)
            stream = await client.chat.completions.create(model=place.model, messages=ASK, stream=True)
            said = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
            response = await client.responses.create(model=place.model, input="Hi")
            return whole.choices[0].message.content, "".join(said), len(said), response.output_text

    simulator.reply("one two three")
    content, said, pieces, text = asyncio.run(run())
    assert (content, said, text) == ("one two three",) * 3
    assert pieces > 2


ERRORS = [
    ("over_rate", openai.RateLimitError),
    ("unknown_model", openai.NotFoundError),
    ("overloaded", openai.InternalServerError),
]


@pytest.mark.parametrize(("why", "kind"), ERRORS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_the_sdk_s_own_error_after_the_plan_s_retries(
    simulator: Simulator, place: Place, why: str, kind: type[openai.APIStatusError], stream: bool
) -> None:
    simulator.refuse(why)
    with ours(simulator, place, max_retries=1) as inner, OpenAI(client=inner) as client:
        with pytest.raises(kind) as caught:
            client.chat.completions.create(model=place.model, messages=ASK, stream=stream)
        assert place.provider in str(caught.value)
        assert caught.value.code
        assert len(simulator.requests) == (1 if why == "unknown_model" else 2)


def test_a_wrong_key_is_an_authentication_error(simulator: Simulator, place: Place) -> None:
    if place.provider == "ollama":  # which takes whatever key
        return
    simulator.refuse("unknown_key")
    refused = (openai.AuthenticationError, openai.PermissionDeniedError)
    with ours(simulator, place) as inner, OpenAI(client=inner) as client, pytest.raises(refused):
        client.chat.completions.create(model=place.model, messages=ASK)


# What does not differ by provider.


@pytest.fixture
def home() -> Iterator[tuple[Simulator, OpenAI]]:
    with (
        Simulator("openai", "anthropic", "deepseek", "gemini") as simulator,
        simulator.client() as inner,
        OpenAI(client=inner) as client,
    ):
        yield simulator, client


class Person(pydantic.BaseModel):
    name: str
    age: int


def test_parse_gives_the_pydantic_object(home: tuple[Simulator, OpenAI]) -> None:
    simulator, client = home
    simulator.reply('{"name": "Li", "age": 41}')
    for model in ("gpt-4o", "gemini/gemini-2.5-flash"):
        chat = client.chat.completions.parse(model=model, messages=ASK, response_format=Person)
        assert chat.choices[0].message.parsed == Person(name="Li", age=41)
        response = client.responses.parse(model=model, input="Who?", text_format=Person)
        assert response.output_parsed == Person(name="Li", age=41)


def test_an_answer_that_is_no_json_is_handed_on_as_it_is(home: tuple[Simulator, OpenAI]) -> None:
    simulator, client = home
    simulator.reply("Sorry, no.")
    seen = client.chat.completions.create(
        model="gpt-4o", messages=ASK, response_format={"type": "json_object"}
    )
    assert seen.choices[0].message.content == "Sorry, no."


def test_several_choices_and_log_probabilities(home: tuple[Simulator, OpenAI]) -> None:
    simulator, client = home
    simulator.reply("Hi")
    seen = client.chat.completions.create(model="gpt-4o", messages=ASK, n=2)
    assert [choice.message.content for choice in seen.choices] == ["Hi", "Hi"]
    token = TokenLogprob(token="Hi", logprob=-0.5, bytes=(72, 105))
    events = (
        Started(),
        PartStarted(index=0, part=Text(text="Hi")),
        LogprobsReported(tokens=(token,)),
        PartEnded(index=0),
        Finished(reason=FinishReason.STOP),
    )
    simulator.script(lambda request: events)
    seen = client.chat.completions.create(model="gpt-4o", messages=ASK, logprobs=True, top_logprobs=1)
    found = seen.choices[0].logprobs
    assert found is not None
    assert found.content is not None
    assert (found.content[0].token, found.content[0].logprob) == ("Hi", -0.5)


def test_vectors_as_numbers_and_as_base64(home: tuple[Simulator, OpenAI]) -> None:
    _, client = home
    model = "text-embedding-3-small"
    plain = client.embeddings.create(model=model, input=["a", "b"], encoding_format="float")
    packed = client.embeddings.create(model=model, input=["a", "b"])  # the SDK asks for base64 unasked
    assert len(plain.data) == 2
    assert packed.data[1].embedding == pytest.approx(plain.data[1].embedding)
    raw = client.embeddings.with_raw_response.create(model=model, input="a", encoding_format="base64")
    assert isinstance(raw.http_response.json()["data"][0]["embedding"], str)
    assert len(client.embeddings.create(model="gemini/gemini-embedding-001", input="a").data) == 1


def test_models_are_listed_by_the_names_that_lead_to_them(home: tuple[Simulator, OpenAI]) -> None:
    _, client = home
    known = [model.id for model in client.models.list()]
    assert {name.partition("/")[0] for name in known} == {"openai", "anthropic", "deepseek", "gemini"}
    asked = [model.id for model in client.models.list(extra_query={"provider": "anthropic"})]
    assert asked
    assert all(name.startswith("anthropic/") for name in asked)
    assert client.models.retrieve(asked[0]).id == asked[0]
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("anthropic/claude-none")


def test_what_was_left_out_and_what_it_cost_stand_in_the_header(home: tuple[Simulator, OpenAI]) -> None:
    simulator, client = home
    simulator.reply(Reply(text="Hi", usage=Usage(input_uncached=1000, output_visible=100)))
    seen = client.chat.completions.with_raw_response.create(
        model="anthropic/claude-sonnet-4-5", messages=ASK, seed=3, extra_body={"made_up": 1}
    )
    notes = seen.headers["x-baimo-notes"]
    assert "seed" in notes
    assert "made_up" in notes
    assert seen.headers["x-baimo-cost"] == "0.0045 USD"
    assert seen.headers["x-baimo-model"] == "anthropic/claude-sonnet-4-5"
    assert seen.parse()._request_id
    stream = client.chat.completions.create(
        model="anthropic/claude-sonnet-4-5", messages=ASK, seed=3, stream=True
    )
    assert "seed" in stream.response.headers["x-baimo-notes"]
    stream.close()


def test_what_only_the_wire_knows_goes_on_to_the_same_wire(home: tuple[Simulator, OpenAI]) -> None:
    simulator, client = home
    client.chat.completions.create(
        model="deepseek/deepseek-flash",
        messages=ASK,
        extra_body={"made_up": 1},
        extra_headers={"x-mine": "a"},
    )
    assert b'"made_up":1' in simulator.last.body.replace(b" ", b"")
    assert simulator.last.headers["x-mine"] == "a"


def test_earlier_turns_that_others_keep_are_not_left_out(home: tuple[Simulator, OpenAI]) -> None:
    _, client = home
    with pytest.raises(openai.BadRequestError, match="previous_response_id"):
        client.responses.create(
            model="anthropic/claude-sonnet-4-5", input="And?", previous_response_id="resp_1"
        )


def test_an_address_and_a_key_are_enough_and_each_api_is_asked_as_it_is() -> None:
    with Simulator("openai") as simulator:
        simulator.reply("Hello!")
        address = f"{simulator.origin_of('openai')}/v1"
        key = simulator.credentials_of("openai")["api_key"]
        with OpenAI(base_url=address, api_key=key, config={}) as client:
            chat = client.chat.completions.create(model="gpt-4o", messages=ASK)
            assert chat.choices[0].message.content == "Hello!"
            assert (simulator.last.target, simulator.last.chat.model) == ("/v1/chat/completions", "gpt-4o")
            assert client.responses.create(model="gpt-4o", input="Hi").output_text == "Hello!"
            assert simulator.last.target == "/v1/responses"
            assert client.embeddings.create(model="text-embedding-3-small", input="a").data[0].embedding
            with pytest.raises(openai.NotFoundError, match="anthropic/any"):  # a name of that address
                client.chat.completions.create(model="anthropic/any", messages=ASK)
            assert client.models.list().data[0].id.count("/") == 0


def test_a_key_is_for_bare_names_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with OpenAI(api_key="fake-key", config={}) as client:
        with pytest.raises(openai.AuthenticationError, match="ANTHROPIC_API_KEY") as caught:
            client.chat.completions.create(model="anthropic/claude-sonnet-4-5", messages=ASK)
        assert isinstance(caught.value.response.extensions["baimo.error"], MissingKeyError)
        with pytest.raises(openai.NotFoundError, match="anthropic"):
            client.chat.completions.create(model="antropic/claude-sonnet-4-5", messages=ASK)


def test_nobody_there_is_a_connection_error_with_our_words() -> None:
    with OpenAI(base_url="http://127.0.0.1:9/v1", api_key="fake-key", max_retries=0, config={}) as client:
        with pytest.raises(openai.APIConnectionError, match=r"127\.0\.0\.1:9"):
            client.chat.completions.create(model="any", messages=ASK)
        with pytest.raises(openai.NotFoundError, match="/files"):
            client.files.list()
        with pytest.raises(openai.NotFoundError, match="/images/generations is not served here"):
            client.images.generate(model="any", prompt="a fox")
        with pytest.raises(openai.NotFoundError, match="/moderations is not served here"):
            client.moderations.create(model="any", input="a")


def test_a_copy_is_the_same_client_with_other_options() -> None:
    with Simulator("openai") as simulator:
        simulator.reply("Hello!")
        address = f"{simulator.origin_of('openai')}/v1"
        key = simulator.credentials_of("openai")["api_key"]
        with OpenAI(base_url=address, api_key="fake-wrong", max_retries=0, config={}) as client:
            with client.with_options(api_key=key, max_retries=1) as other:
                simulator.refuse("overloaded", times=1)
                seen = other.with_options(timeout=30).chat.completions.create(model="gpt-4o", messages=ASK)
                assert seen.choices[0].message.content == "Hello!"
                assert len(simulator.requests) == 2
            with pytest.raises(openai.AuthenticationError):
                client.copy(default_headers={"x-mine": "a"}).chat.completions.create(
                    model="gpt-4o", messages=ASK
                )
            assert simulator.last.headers["x-mine"] == "a"


def test_the_first_piece_is_there_before_the_next_is_read(home: tuple[Simulator, OpenAI]) -> None:
    simulator, client = home
    simulator.reply("one two three four")
    simulator.timing(ttft=1.0, tokens_per_second=1.0)
    began = simulator.clock.mono()
    stream = client.chat.completions.create(model="gpt-4o", messages=ASK, stream=True)
    times = [
        simulator.clock.mono() - began for chunk in stream if chunk.choices and chunk.choices[0].delta.content
    ]
    assert times[0] < 2.5
    assert times == sorted(set(times))


def test_leaving_a_stream_closes_the_providers_connection(home: tuple[Simulator, OpenAI]) -> None:
    simulator, client = home
    simulator.reply("one two three four")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with client.chat.completions.create(model="gpt-4o", messages=ASK, stream=True) as stream:
            next(iter(stream))
    assert simulator.last.outcome == "left"


class Stopped(VirtualClock):
    """Whoever waits by it waits for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()

    async def asleep(self, seconds: float) -> None:
        self.reached.set()
        await asyncio.Event().wait()


def test_a_call_that_is_cancelled_closes_the_providers_connection() -> None:
    async def run(stream: bool) -> str:
        with Simulator("openai", clock=Stopped()) as simulator:
            simulator.timing(ttft=5.0)
            async with simulator.async_client() as inner, AsyncOpenAI(client=inner) as client:
                call: Any = client.chat.completions.create(model="gpt-4o", messages=ASK, stream=stream)
                task = asyncio.ensure_future(call)
                await simulator.clock.reached.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                return simulator.last.outcome

    assert [asyncio.run(run(stream)) for stream in (False, True)] == ["left", "left"]


def test_time_limits_are_passed_on(home: tuple[Simulator, OpenAI]) -> None:
    simulator, client = home
    simulator.timing(ttft=5.0)
    for stream in (False, True):
        with pytest.raises(openai.APITimeoutError, match="3 s"):
            client.with_options(timeout=3).chat.completions.create(
                model="gpt-4o", messages=ASK, stream=stream
            )
    client.chat.completions.create(model="gpt-4o", messages=ASK, timeout=20)


def test_what_cannot_be_followed_is_told(home: tuple[Simulator, OpenAI]) -> None:
    _, client = home
    with pytest.raises(InputError, match="max_retries belongs to the client"):
        client.with_options(max_retries=5)
    with pytest.raises(InputError, match="http_client"):
        OpenAI(http_client=openai.DefaultHttpxClient(), config={})
    with pytest.raises(InputError, match="api_key must be text"):
        AsyncOpenAI(api_key=lambda: "fake", config={})  # type: ignore[arg-type]
    with pytest.raises(InputError, match="workload_identity"):
        OpenAI(workload_identity={"provider": "x"}, config={})
