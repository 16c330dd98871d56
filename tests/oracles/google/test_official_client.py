"""Google's own Python package, as it comes, finds in the simulated service all that it asks the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from baimo.simulator.words import Why
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest, FinishReason, Reasoning, TokenLogprob
from baimo.types.content import Citation, Image, Text, ToolCall, ToolResult
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
from baimo.types.tools import Search
from baimo.types.usage import Usage

MODEL = "gemini-3.8-flash"
PICTURE = b"\x89PNG\r\n"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("gemini") as made:
        yield made


@pytest.fixture
def client(simulator: Simulator) -> Iterator[genai.Client]:
    made = connect(simulator)
    yield made
    made.close()


def connect(simulator: Simulator, key: str = "") -> genai.Client:
    """The official client of the simulated service."""
    return genai.Client(
        api_key=key or simulator.credentials_of("gemini")["api_key"],
        http_options=types.HttpOptions(base_url=simulator.origin_of("gemini"), timeout=10_000),
    )


def asked(simulator: Simulator) -> ChatRequest:
    """What the simulator understood last."""
    got = simulator.last.asked
    assert isinstance(got, ChatRequest)
    return got


def test_a_whole_reply_is_read(simulator: Simulator, client: genai.Client) -> None:
    usage = Usage(input_uncached=21, cache_read=4, output_visible=5, reasoning=6)
    simulator.reply(Reply(text="Hello 😀", usage=usage))
    seen = client.models.generate_content(model=MODEL, contents="Héllo 你好")
    assert (seen.text, seen.model_version) == ("Hello 😀", MODEL)
    assert seen.candidates is not None
    assert seen.candidates[0].finish_reason == types.FinishReason.STOP
    told = seen.usage_metadata
    assert told is not None
    assert (told.prompt_token_count, told.cached_content_token_count) == (25, 4)
    assert (told.candidates_token_count, told.thoughts_token_count, told.total_token_count) == (5, 6, 36)
    got = asked(simulator)
    assert (got.messages[0].text, got.model, got.stream) == ("Héllo 你好", MODEL, False)


def test_a_stream_is_read_piece_by_piece(simulator: Simulator, client: genai.Client) -> None:
    simulator.reply(Reply(text="one two three", usage=Usage(input_uncached=3, output_visible=5)))
    pieces = list(client.models.generate_content_stream(model=MODEL, contents="Count"))
    assert len(pieces) > 3
    assert "".join(piece.text or "" for piece in pieces) == "one two three"
    assert pieces[-1].usage_metadata is not None
    assert pieces[-1].usage_metadata.total_token_count == 8


def test_an_async_stream_is_read(simulator: Simulator) -> None:
    simulator.reply(Reply(text="one two"))

    async def run() -> str:
        async with connect(simulator).aio as client:
            stream = await client.models.generate_content_stream(model=MODEL, contents="Count")
            return "".join([piece.text or "" async for piece in stream])

    assert asyncio.run(run()) == "one two"


def test_every_setting_is_understood(simulator: Simulator, client: genai.Client) -> None:
    config = types.GenerateContentConfig(
        system_instruction="Be brief.",
        temperature=0.5,
        top_p=0.9,
        top_k=3,
        max_output_tokens=64,
        stop_sequences=["END"],
        seed=7,
        presence_penalty=0.5,
        frequency_penalty=0.25,
        candidate_count=2,
        response_logprobs=True,
        logprobs=2,
        response_mime_type="application/json",
        response_json_schema={"type": "object"},
        thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_level=types.ThinkingLevel.LOW),
        safety_settings=[
            types.SafetySetting(
                category=types.HarmCategory.HARM_CATEGORY_HARASSMENT,
                threshold=types.HarmBlockThreshold.BLOCK_NONE,
            )
        ],
        tools=[types.Tool(google_search=types.GoogleSearch())],
    )
    picture = types.Part.from_bytes(data=PICTURE, mime_type="image/png")
    client.models.generate_content(model=MODEL, contents=["What?", picture], config=config)
    got = asked(simulator)
    assert got.messages[0].text == "Be brief."
    assert [type(part) for part in got.messages[1].content] == [Text, Image]
    assert isinstance(got.messages[1].content[1], Image)
    assert got.messages[1].content[1].data == PICTURE
    assert (got.temperature, got.top_p, got.top_k, got.max_tokens) == (0.5, 0.9, 3, 64)
    assert (got.stop, got.seed, got.presence_penalty, got.frequency_penalty) == (("END",), 7, 0.5, 0.25)
    assert (got.n, got.logprobs, got.top_logprobs) == (2, True, 2)
    assert got.response_format is not None
    assert got.response_format.schema == {"type": "object"}
    assert (got.reasoning, got.search) == (Reasoning(effort="low"), Search())
    assert got.foreign is not None
    assert b"BLOCK_NONE" in bytes(got.foreign.json)


def test_thoughts_are_told_apart(simulator: Simulator, client: genai.Client) -> None:
    simulator.reply(Reply(thinking="Two and two.", text="Four."))
    seen = client.models.generate_content(model=MODEL, contents="2+2?")
    assert seen.candidates is not None
    content = seen.candidates[0].content
    assert content is not None
    assert [(part.text, bool(part.thought)) for part in content.parts or []] == [
        ("Two and two.", True),
        ("Four.", False),
    ]


WEATHER = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="weather",
            description="Weather of a town",
            parameters_json_schema={"type": "object", "properties": {"town": {"type": "string"}}},
        )
    ]
)


@pytest.mark.parametrize("stream", [True, False])
def test_a_conversation_with_tools_keeps_its_signatures(
    simulator: Simulator, client: genai.Client, stream: bool
) -> None:
    """The package's own chat sends back what came; the service refuses a call without its signature."""
    calls = tuple(ToolCall(id=f"c{n}", name="weather", arguments=f'{{"town":"{n}"}}') for n in (1, 2))
    off = types.AutomaticFunctionCallingConfig(disable=True)
    config = types.GenerateContentConfig(tools=[WEATHER], automatic_function_calling=off)
    chat = client.chats.create(model=MODEL, config=config)
    simulator.reply(Reply(thinking="Ask both.", tool_calls=calls))
    message: Any = "Köln or Rome?"
    for _ in range(2):
        pieces = list(chat.send_message_stream(message)) if stream else [chat.send_message(message)]
        wanted = [call for piece in pieces for call in piece.function_calls or []]
        assert [(call.id, call.name, call.args) for call in wanted] == [
            ("c1", "weather", {"town": "1"}),
            ("c2", "weather", {"town": "2"}),
        ]
        message = [
            types.Part(
                function_response=types.FunctionResponse(
                    id=call.id, name=call.name, response={"result": "7 °C"}
                )
            )
            for call in wanted
        ]
    simulator.reply(Reply(text="Rome."))
    assert chat.send_message(message).text == "Rome."
    got = asked(simulator)
    assert [one.role.value for one in got.messages] == ["user", "assistant", "tool", "assistant", "tool"]
    results = [part for part in got.messages[-1].content if isinstance(part, ToolResult)]
    assert [result.call_id for result in results] == ["c1", "c2"]
    assert got.messages[1].thinking == "Ask both."
    assert [call.replay is not None for call in got.messages[1].tool_calls] == [True, False]


def test_a_call_without_its_signature_is_refused(simulator: Simulator, client: genai.Client) -> None:
    part = types.Part(function_call=types.FunctionCall(name="weather", args={}))
    answer = types.Part(function_response=types.FunctionResponse(name="weather", response={"result": "1"}))
    contents = [
        types.Content(role="user", parts=[types.Part(text="Go")]),
        types.Content(role="model", parts=[part]),
        types.Content(role="user", parts=[answer]),
    ]
    with pytest.raises(errors.ClientError, match="missing a thought_signature"):
        client.models.generate_content(model=MODEL, contents=contents)


def test_a_function_of_the_users_is_called(simulator: Simulator, client: genai.Client) -> None:
    def weather(town: str) -> str:
        """Weather of a town."""
        return f"7 °C in {town}"

    call = ToolCall(id="c1", name="weather", arguments='{"town":"Köln"}')
    simulator.reply(Reply(tool_calls=(call,)), Reply(text="Cold."))
    seen = client.models.generate_content(
        model=MODEL, contents="Köln?", config=types.GenerateContentConfig(tools=[weather])
    )
    assert seen.text == "Cold."
    (result,) = asked(simulator).messages[-1].content
    assert isinstance(result, ToolResult)
    assert result.content == (Text(text="7 °C in Köln"),)


def test_sources_and_probabilities_are_read(simulator: Simulator, client: genai.Client) -> None:
    cited = Citation(url="https://a.example", title="a", start=0, end=4)
    events: list[ChatEvent] = [
        Started(id="r"),
        PartStarted(index=0, part=Text(text="")),
        PartDelta(index=0, text="Süß!"),
        PartEnded(index=0, citations=(cited,)),
        LogprobsReported(tokens=(TokenLogprob(token="Süß", logprob=-0.5),)),
        UsageReported(usage=Usage(input_uncached=1, output_visible=1)),
        Finished(reason=FinishReason.CONTENT_FILTER, raw="SAFETY"),
    ]
    simulator.script(lambda request: events)
    seen = client.models.generate_content(model=MODEL, contents="Hi")
    assert seen.candidates is not None
    (one,) = seen.candidates
    assert one.finish_reason == types.FinishReason.SAFETY
    assert one.grounding_metadata is not None
    (support,) = one.grounding_metadata.grounding_supports or []
    assert support.segment is not None
    assert (support.segment.end_index, support.segment.text) == (6, "Süß!")
    assert one.logprobs_result is not None
    assert (one.logprobs_result.chosen_candidates or [])[0].token == "Süß"


@pytest.mark.parametrize(
    ("why", "code", "status"),
    [
        (Why.OVER_RATE, 429, "RESOURCE_EXHAUSTED"),
        (Why.OVERLOADED, 503, "UNAVAILABLE"),
        (Why.SERVER_ERROR, 500, "INTERNAL"),
        (Why.CONTEXT_TOO_LONG, 400, "INVALID_ARGUMENT"),
    ],
)
def test_refusals_are_understood(
    simulator: Simulator, client: genai.Client, why: Why, code: int, status: str
) -> None:
    simulator.refuse(why)
    with pytest.raises(errors.APIError) as caught:
        client.models.generate_content(model=MODEL, contents="Hi")
    assert (caught.value.code, caught.value.status) == (code, status)
    with pytest.raises(errors.APIError):
        list(client.models.generate_content_stream(model=MODEL, contents="Hi"))


def test_a_wrong_key_and_an_unknown_model_are_refused(simulator: Simulator, client: genai.Client) -> None:
    other = connect(simulator, "AIzaWrong")
    with pytest.raises(errors.ClientError, match="API key not valid"):
        other.models.generate_content(model=MODEL, contents="Hi")
    other.close()
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model="gpt-5", contents="Hi")
    assert caught.value.code == 404


def test_a_stream_that_breaks_says_so(simulator: Simulator, client: genai.Client) -> None:
    simulator.moderate(output=("stop",))
    simulator.reply(Reply(text="one two stop three"))
    with pytest.raises(errors.APIError):
        list(client.models.generate_content_stream(model=MODEL, contents="Hi"))


def test_vectors_counts_and_models_are_given(client: genai.Client) -> None:
    config = types.EmbedContentConfig(task_type="RETRIEVAL_QUERY", output_dimensionality=8)
    seen = client.models.embed_content(model="gemini-embedding-001", contents=["a", "b"], config=config)
    assert [len(one.values or []) for one in seen.embeddings or []] == [8, 8]
    assert client.models.count_tokens(model=MODEL, contents="two words").total_tokens == 2
    models = list(client.models.list())
    assert f"models/{MODEL}" in [model.name for model in models]
    one = client.models.get(model=MODEL)
    assert (one.input_token_limit, one.output_token_limit) == (1048576, 65536)
