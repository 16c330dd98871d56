"""The official client, as it comes, speaks the Responses API to the simulated OpenAI and Azure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from baimo.testing import Reply, Simulator
from baimo.types.content import ToolCall
from baimo.types.usage import Usage

MODEL = "gpt-6-luna"
TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
CALLS = Reply(
    thinking="Ask for both.",
    tool_calls=(
        ToolCall(id="call_1", name="get_weather", arguments='{"city":"Köln"}'),
        ToolCall(id="call_2", name="get_weather", arguments='{"city":"北京"}'),
    ),
)


@pytest.fixture(params=["openai", "azure"])
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(request.param) as simulator:
        yield simulator


@pytest.fixture
def client(simulator: Simulator) -> Iterator[openai.OpenAI]:
    """A client of the platform, or one of Azure's v1 with its key."""
    (name,) = simulator.providers
    key = simulator.credentials_of(name)["api_key"]
    base = simulator.origin_of(name) + ("/v1" if name == "openai" else "/openai/v1")
    headers = {"api-key": key} if name == "azure" else None
    with openai.OpenAI(api_key=key, base_url=base, max_retries=0, default_headers=headers) as client:
        yield client


def test_a_whole_reply(simulator: Simulator, client: openai.OpenAI) -> None:
    simulator.reply(
        Reply(text="Grüß dich 你好", usage=Usage(input_uncached=5, cache_read=2, output_visible=3))
    )
    reply = client.responses.create(model=MODEL, instructions="Be.", input="Hi")
    assert reply.output_text == "Grüß dich 你好"
    assert (reply.status, reply.model, reply.instructions) == ("completed", MODEL, "Be.")
    assert reply.usage is not None
    assert (reply.usage.input_tokens, reply.usage.input_tokens_details.cached_tokens) == (7, 2)
    asked = simulator.last.asked
    assert [message.text for message in asked.messages] == ["Be.", "Hi"]  # type: ignore[union-attr]


def test_a_stream(simulator: Simulator, client: openai.OpenAI) -> None:
    simulator.reply(Reply(thinking="Hm.", text="One two three"))
    with client.responses.stream(model=MODEL, input="Hi") as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert "response.reasoning_summary_text.delta" in kinds
    assert final.output_text == "One two three"
    assert [item.type for item in final.output] == ["reasoning", "message"]


def test_tools_in_several_calls_with_reasoning_that_goes_back(
    simulator: Simulator, client: openai.OpenAI
) -> None:
    simulator.reply(CALLS, Reply(thinking="Both are there.", text="Mild and warm."))
    options: Any = {
        "model": MODEL,
        "tools": [TOOL],
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "low", "summary": "auto"},
    }
    said: list[Any] = [{"role": "user", "content": "The weather in Köln and 北京?"}]
    first = client.responses.create(input=said, **options)
    calls = [item for item in first.output if item.type == "function_call"]
    assert [json.loads(call.arguments)["city"] for call in calls] == ["Köln", "北京"]
    thought = first.output[0]
    assert thought.type == "reasoning"
    assert thought.summary[0].text == "Ask for both."
    said += first.output
    for call in calls:
        said.append({"type": "function_call_output", "call_id": call.call_id, "output": "18"})
    second = client.responses.create(input=said, **options)
    assert second.output_text == "Mild and warm."
    said += [*second.output, {"role": "user", "content": "Thanks"}]
    assert client.responses.create(input=said, **options).output_text == "Mild and warm."


def test_reasoning_without_what_it_led_to_is_refused(simulator: Simulator, client: openai.OpenAI) -> None:
    simulator.reply(CALLS)
    options: Any = {"model": MODEL, "tools": [TOOL], "include": ["reasoning.encrypted_content"]}
    first = client.responses.create(input="Hi", **options)
    said: list[Any] = [{"role": "user", "content": "Hi"}, first.output[0]]
    with pytest.raises(openai.BadRequestError, match="required following item"):
        client.responses.create(input=said, **options)
    calls: list[Any] = [{"role": "user", "content": "Hi"}, *first.output]
    with pytest.raises(openai.BadRequestError, match="No tool output found"):
        client.responses.create(input=calls, **options)


def test_tools_in_a_stream(simulator: Simulator, client: openai.OpenAI) -> None:
    simulator.reply(CALLS)
    with client.responses.stream(model=MODEL, input="Hi", tools=[TOOL]) as stream:
        pieces = [event.delta for event in stream if event.type == "response.function_call_arguments.delta"]
        final = stream.get_final_response()
    assert "".join(pieces) == '{"city":"Köln"}{"city":"北京"}'
    calls = [item for item in final.output if item.type == "function_call"]
    assert [call.call_id for call in calls] == ["call_1", "call_2"]


class Person(BaseModel):
    name: str
    age: int


def test_an_answer_is_parsed(simulator: Simulator, client: openai.OpenAI) -> None:
    simulator.reply('{"name":"Ada","age":36}')
    reply = client.responses.parse(model=MODEL, input="Who?", text_format=Person)
    assert reply.output_parsed == Person(name="Ada", age=36)
    with client.responses.stream(model=MODEL, input="Who?", text_format=Person) as stream:
        stream.until_done()
        assert stream.get_final_response().output_parsed == Person(name="Ada", age=36)
    form = simulator.last.asked.response_format  # type: ignore[union-attr]
    assert form is not None
    assert (form.type, form.strict) == ("json_schema", True)


def test_a_refusal_and_a_limit(simulator: Simulator, client: openai.OpenAI) -> None:
    simulator.reply(Reply(refusal="I will not."))
    (item,) = client.responses.create(model=MODEL, input="Hi").output
    assert item.type == "message"
    assert item.content[0].type == "refusal"
    simulator.reply("one two three four five six")
    reply = client.responses.create(model=MODEL, input="Hi", max_output_tokens=2)
    assert reply.status == "incomplete"
    assert reply.incomplete_details is not None
    assert reply.incomplete_details.reason == "max_output_tokens"


def test_errors_are_the_clients_own(simulator: Simulator, client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="nosuch", input="Hi")
    with pytest.raises(openai.BadRequestError):
        client.responses.create(model=MODEL, input=[{"role": "judge", "content": "x"}])  # type: ignore[list-item]
    simulator.refuse("over_rate", times=1)
    with pytest.raises(openai.RateLimitError):
        client.responses.create(model=MODEL, input="Hi")
    wrong = client.with_options(api_key="sk-fake-other", default_headers={"api-key": "fake-other"})
    with pytest.raises(openai.AuthenticationError):
        wrong.responses.create(model=MODEL, input="Hi")
    simulator.fault("500", times=1)
    with pytest.raises(openai.InternalServerError):
        client.responses.create(model=MODEL, input="Hi")


def test_models_and_counts(simulator: Simulator, client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()]
    assert client.responses.input_tokens.count(model=MODEL, input="Hello there").input_tokens == 2


@pytest.fixture
def azure() -> Iterator[tuple[Simulator, Any]]:
    with Simulator("azure") as simulator:
        yield (
            simulator,
            {"azure_endpoint": simulator.origin_of("azure"), "api_version": "2024-10-21", "max_retries": 0},
        )


def test_azures_own_client_with_a_key(azure: tuple[Simulator, Any]) -> None:
    simulator, options = azure
    simulator.reply("Hello.")
    with openai.AzureOpenAI(api_key=simulator.credentials_of("azure")["api_key"], **options) as client:
        messages: Any = [{"role": "user", "content": "Hi"}]
        reply = client.chat.completions.create(model="gpt-4o", messages=messages)
        assert reply.choices[0].message.content == "Hello."
        assert simulator.last.target.startswith("/openai/deployments/gpt-4o/chat/completions?api-version=")
        pieces = client.chat.completions.create(model="gpt-4o", messages=messages, stream=True)
        assert "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices) == "Hello."
        assert client.responses.create(model="gpt-4o", input="Hi").output_text == "Hello."
        vectors = client.embeddings.create(model="text-embedding-3-small", input="Hi")
        assert len(vectors.data) == 1
        with pytest.raises(openai.NotFoundError) as caught:
            client.chat.completions.create(model="nosuch", messages=messages)
        assert caught.value.code == "DeploymentNotFound"


def test_azures_own_client_with_a_token(azure: tuple[Simulator, Any]) -> None:
    simulator, options = azure
    simulator.reply("Hello.")
    token = simulator.credentials_of("azure")["ad_token"]
    with openai.AzureOpenAI(azure_ad_token_provider=lambda: token, **options) as client:
        assert client.responses.create(model="gpt-4o", input="Hi").output_text == "Hello."
    with (
        openai.AzureOpenAI(azure_ad_token="fake-other", **options) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.responses.create(model="gpt-4o", input="Hi")
