"""Mistral's own Python package, as it comes, finds in the simulated service what it asks a real one for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mistralai.client import Mistral
from mistralai.client.errors import MistralError

from baimo.errors import ServerError
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest, Reasoning
from baimo.types.content import Image, Opaque, Text, ToolCall, ToolResult
from baimo.types.embeddings import EmbedRequest
from baimo.types.tools import FunctionTool, ToolChoice
from baimo.types.usage import Usage

MODEL = "mistral-small-latest"
ASK: list[Any] = [{"role": "user", "content": "Héllo 你好"}]
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "weather", "description": "W", "parameters": {"type": "object", "properties": {}}},
}
CALLS = (
    ToolCall(id="abc123XYZ", name="weather", arguments='{"town": "Köln"}'),
    ToolCall(id="def456XYZ", name="weather", arguments='{"town": "北京"}'),
)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("mistral") as made:
        yield made


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Mistral]:
    key = simulator.credentials_of("mistral")["api_key"]
    with Mistral(api_key=key, server_url=simulator.origin_of("mistral"), timeout_ms=10_000) as made:
        yield made


def asked(simulator: Simulator) -> ChatRequest:
    """What the simulator understood last."""
    got = simulator.last.asked
    assert isinstance(got, ChatRequest)
    return got


def test_a_whole_reply_is_read(simulator: Simulator, client: Mistral) -> None:
    simulator.reply(Reply(text="Hello 😀", usage=Usage(input_uncached=21, output_visible=4)))
    seen = client.chat.complete(model=MODEL, messages=ASK)
    assert (seen.model, seen.choices[0].message.content) == (MODEL, "Hello 😀")
    assert seen.choices[0].finish_reason == "stop"
    assert (seen.usage.prompt_tokens, seen.usage.completion_tokens) == (21, 4)
    assert asked(simulator).messages[0].text == "Héllo 你好"


def test_a_stream_is_read_piece_by_piece(simulator: Simulator, client: Mistral) -> None:
    simulator.reply(Reply(text="one two three", usage=Usage(input_uncached=3, output_visible=5)))
    with client.chat.stream(model=MODEL, messages=ASK) as stream:
        chunks = [event.data for event in stream]
    assert "".join(str(chunk.choices[0].delta.content or "") for chunk in chunks) == "one two three"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None and chunks[-1].usage.completion_tokens == 5


def test_the_parameters_arrive(simulator: Simulator, client: Mistral) -> None:
    client.chat.complete(
        model=MODEL,
        messages=ASK,
        temperature=0,
        top_p=0.9,
        max_tokens=64,
        stop=["END"],
        random_seed=7,
        safe_prompt=True,
        presence_penalty=0.5,
        reasoning_effort="high",
        response_format={"type": "json_object"},
    )
    got = asked(simulator)
    assert (got.temperature, got.top_p, got.max_tokens, got.stop) == (0, 0.9, 64, ("END",))
    assert (got.presence_penalty, got.reasoning) == (0.5, Reasoning(effort="high"))
    assert got.response_format is not None and got.response_format.type == "json_object"
    assert got.foreign is not None
    assert json.loads(bytes(got.foreign.json)) == {"random_seed": 7, "safe_prompt": True}


@pytest.mark.parametrize("stream", [False, True])
def test_thinking_comes_in_parts_of_the_content(simulator: Simulator, client: Mistral, stream: bool) -> None:
    simulator.reply(Reply(thinking="Let me see.", text="42"))
    contents: list[Any]
    if stream:
        with client.chat.stream(model="magistral-medium-latest", messages=ASK) as events:
            contents = [event.data.choices[0].delta.content for event in events]
    else:
        message = client.chat.complete(model="magistral-medium-latest", messages=ASK).choices[0].message
        contents = [message.content]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    thoughts = [piece.text for part in parts if part.type == "thinking" for piece in part.thinking]
    assert "".join(thoughts) == "Let me see."
    texts = [content for content in contents if isinstance(content, str)]
    assert "".join([*texts, *[part.text for part in parts if part.type == "text"]]) == "42"


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_called_and_their_results_come_back(
    simulator: Simulator, client: Mistral, stream: bool
) -> None:
    simulator.reply(Reply(thinking="Ask.", tool_calls=CALLS), "It rains.")
    messages = list(ASK)
    options: dict[str, Any] = {"model": MODEL, "tools": [TOOL], "tool_choice": "any"}
    if stream:
        begun: dict[int, Any] = {}
        arguments: dict[int, str] = {}
        with client.chat.stream(messages=messages, **options) as events:
            for event in events:
                for call in event.data.choices[0].delta.tool_calls or ():
                    begun.setdefault(call.index, call)
                    arguments[call.index] = arguments.get(call.index, "") + str(call.function.arguments)
        calls = [
            {"id": call.id, "function": {"name": call.function.name, "arguments": arguments[index]}}
            for index, call in begun.items()
        ]
        messages.append({"role": "assistant", "content": "", "tool_calls": calls})
    else:
        message = client.chat.complete(messages=messages, **options).choices[0].message
        calls = [call.model_dump() for call in message.tool_calls or ()]
        messages.append(message.model_dump(exclude_none=True))
    assert [(call["id"], json.loads(call["function"]["arguments"])["town"]) for call in calls] == [
        ("abc123XYZ", "Köln"),
        ("def456XYZ", "北京"),
    ]
    assert asked(simulator).tool_choice == ToolChoice(mode="required")
    (tool,) = asked(simulator).tools
    assert isinstance(tool, FunctionTool) and tool.name == "weather"
    for call in CALLS:
        messages.append({"role": "tool", "tool_call_id": call.id, "name": "weather", "content": "rain"})
    seen = client.chat.complete(model=MODEL, messages=messages, tools=[TOOL])
    assert seen.choices[0].message.content == "It rains."
    history = asked(simulator).messages
    assert history[1].tool_calls == CALLS
    assert history[1].thinking == ("" if stream else "Ask.")
    (result,) = history[2].content
    assert isinstance(result, ToolResult) and result.call_id == "abc123XYZ"


def test_pictures_and_documents_arrive_as_they_are(simulator: Simulator, client: Mistral) -> None:
    parts = [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": "data:image/png;base64,iVBORw=="},
        {"type": "document_url", "document_url": "https://a.example/a.pdf"},
    ]
    client.chat.complete(model=MODEL, messages=[{"role": "user", "content": parts}])
    text, image, document = asked(simulator).messages[0].content
    assert (text, image) == (Text(text="What?"), Image(data=b"\x89PNG", media_type="image/png"))
    assert isinstance(document, Opaque)
    assert json.loads(bytes(document.json))["document_url"] == "https://a.example/a.pdf"


def test_an_answer_that_was_begun_goes_on(simulator: Simulator, client: Mistral) -> None:
    begun = {"role": "assistant", "content": "Sure: ", "prefix": True}
    client.chat.complete(model=MODEL, messages=[*ASK, begun])
    assert asked(simulator).messages[-1].text == "Sure: "


@pytest.mark.parametrize("stream", [False, True])
def test_a_text_is_filled_in(simulator: Simulator, client: Mistral, stream: bool) -> None:
    simulator.reply("return a")
    options: dict[str, Any] = {"model": "codestral-latest", "prompt": "def f(a):", "suffix": "# end"}
    if stream:
        with client.fim.stream(**options) as events:
            pieces = [str(event.data.choices[0].delta.content or "") for event in events]
        assert "".join(pieces) == "return a"
    else:
        seen = client.fim.complete(**options)
        assert seen.choices is not None
        assert seen.choices[0].message.content == "return a"
    assert asked(simulator).messages[0].text == "def f(a):"


def test_vectors_are_made(simulator: Simulator, client: Mistral) -> None:
    seen = client.embeddings.create(model="mistral-embed", inputs=["a", "b"], output_dimension=4)
    assert [len(one.embedding or ()) for one in seen.data] == [4, 4]
    got = simulator.last.asked
    assert isinstance(got, EmbedRequest) and got.inputs == ("a", "b")


def test_models_are_listed(client: Mistral) -> None:
    listed = client.models.list().data or ()
    assert MODEL in [model.id for model in listed]


@pytest.mark.parametrize(
    ("why", "status", "words"),
    [
        ("wrong_secret", 401, "Unauthorized"),
        ("unknown_model", 400, "Invalid model"),
        ("over_rate", 429, "rate limit"),
        ("server_error", 500, "Internal server error"),
        ("overloaded", 503, "unavailable"),
    ],
)
def test_a_refusal_is_its_exception(
    simulator: Simulator, client: Mistral, why: str, status: int, words: str
) -> None:
    simulator.refuse(why)
    calls: list[Callable[[], object]] = [
        lambda: client.chat.complete(model=MODEL, messages=ASK),
        lambda: client.chat.stream(model=MODEL, messages=ASK),
        lambda: client.embeddings.create(model="mistral-embed", inputs=["a"]),
    ]
    for call in calls:
        with pytest.raises(MistralError) as caught:
            call()
        assert caught.value.status_code == status
        assert words in caught.value.body


def test_a_model_that_is_not_there_and_an_order_that_is_wrong_are_refused(client: Mistral) -> None:
    with pytest.raises(MistralError, match="Invalid model"):
        client.chat.complete(model="nope", messages=ASK)
    with pytest.raises(MistralError, match="Expected last role"):
        client.chat.complete(model=MODEL, messages=[*ASK, {"role": "assistant", "content": "Hi"}])


def test_a_failure_in_mid_stream_never_ends_well(simulator: Simulator, client: Mistral) -> None:
    def breaking(request: ChatRequest) -> Iterator[str]:
        yield "So far"
        raise ServerError("it broke")

    simulator.script(breaking)
    with (
        client.chat.stream(model=MODEL, messages=ASK) as events,
        pytest.raises(Exception, match="validation"),
    ):
        list(events)
