"""The official client, as it comes, understands what the dialect's other direction serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from baimo import errors
from baimo.types.chat import ChatRequest, FinishReason, TokenLogprob
from baimo.types.content import Audio, Citation, Part, Refusal, Text, Thinking, ToolCall
from baimo.types.embeddings import EmbedRequest, EmbedResponse
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
from baimo.types.models import ModelInfo
from baimo.types.usage import Usage
from tests.oracles.openai.server import Provider, provider

ASK: Any = {"model": "m-1", "messages": [{"role": "user", "content": "Héllo 你好"}]}
TOOLS: Any = [
    {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}},
    {"type": "custom", "custom": {"name": "shell"}},
]


@pytest.fixture
def served() -> Iterator[Provider]:
    with provider() as server:
        yield server


@pytest.fixture
def client(served: Provider) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="fake-key", base_url=served.url, max_retries=0, timeout=10) as made:
        yield made


def part(index: int, begun: Part, *texts: str, choice: int = 0, **ended: Any) -> list[ChatEvent]:
    deltas = [PartDelta(index=index, text=text, choice=choice) for text in texts]
    return [
        PartStarted(index=index, part=begun, choice=choice),
        *deltas,
        PartEnded(index=index, choice=choice, **ended),
    ]


def reply(*parts: list[ChatEvent], reason: FinishReason = FinishReason.STOP) -> list[ChatEvent]:
    inner = [event for events in parts for event in events]
    usage = Usage(input_uncached=13, cache_read=8, output_visible=4, reasoning=2)
    return [
        Started(id="chatcmpl-9", model="m-1-dated", created=1780000000),
        *inner,
        UsageReported(usage=usage),
        Finished(reason=reason),
    ]


HELLO = reply(part(0, Text(text=""), "Hel", "lo 😀"))


def test_a_whole_reply_is_read(served: Provider, client: openai.OpenAI) -> None:
    served.script.events = HELLO
    seen = client.chat.completions.create(**ASK)
    assert (seen.id, seen.model, seen.created) == ("chatcmpl-9", "m-1-dated", 1780000000)
    assert seen.choices[0].message.content == "Hello 😀"
    assert seen.choices[0].message.role == "assistant"
    assert seen.choices[0].finish_reason == "stop"
    assert seen.usage is not None
    assert (seen.usage.prompt_tokens, seen.usage.completion_tokens, seen.usage.total_tokens) == (21, 6, 27)
    assert seen.usage.prompt_tokens_details is not None
    assert seen.usage.prompt_tokens_details.cached_tokens == 8
    assert seen.usage.completion_tokens_details is not None
    assert seen.usage.completion_tokens_details.reasoning_tokens == 2


def test_what_the_client_asks_is_understood(served: Provider, client: openai.OpenAI) -> None:
    served.script.events = HELLO
    client.chat.completions.create(
        **ASK,
        max_completion_tokens=9,
        temperature=0.5,
        stop=["a", "b"],
        seed=3,
        n=2,
        tools=TOOLS,
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        parallel_tool_calls=False,
        reasoning_effort="low",
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {}, "strict": True}},
        extra_body={"top_secret": [1]},
    )
    (asked,) = served.script.asked
    assert isinstance(asked, ChatRequest)
    assert asked.messages[0].text == "Héllo 你好"
    assert (asked.max_tokens, asked.temperature, asked.stop, asked.seed, asked.n) == (
        9,
        0.5,
        ("a", "b"),
        3,
        2,
    )
    assert [tool.name for tool in asked.tools if hasattr(tool, "name")] == ["get_weather", "shell"]
    assert asked.tool_choice is not None
    assert asked.tool_choice.allowed == ("get_weather",)
    assert asked.reasoning is not None
    assert asked.reasoning.effort == "low"
    assert asked.foreign is not None
    assert bytes(asked.foreign.json) == b'{"top_secret":[1]}'


def test_a_stream_is_read(served: Provider, client: openai.OpenAI) -> None:
    served.script.events = HELLO
    chunks = list(client.chat.completions.create(**ASK, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello 😀"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "stop"
    assert all(chunk.usage is None and chunk.id == "chatcmpl-9" for chunk in chunks)


def test_usage_comes_with_a_stream_only_when_asked_for(served: Provider, client: openai.OpenAI) -> None:
    served.script.events = HELLO
    chunks = list(client.chat.completions.create(**ASK, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 27
    assert all(chunk.usage is None for chunk in chunks[:-1])


CALLS = reply(
    [
        PartStarted(index=0, part=ToolCall(id="call_1", name="get_weather", arguments="")),
        PartStarted(index=1, part=ToolCall(id="call_2", name="shell", arguments="", kind="custom")),
        PartDelta(index=0, text='{"city":'),
        PartDelta(index=1, text="ls "),
        PartDelta(index=0, text='"Zürich"}'),
        PartDelta(index=1, text="-l"),
        PartEnded(index=0),
        PartEnded(index=1),
    ],
    reason=FinishReason.TOOL_CALLS,
)


def test_tool_calls_are_read_whole(served: Provider, client: openai.OpenAI) -> None:
    served.script.events = CALLS
    choice = client.chat.completions.create(**ASK, tools=TOOLS).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    function, custom = choice.message.tool_calls or ()
    assert function.type == "function"
    assert (function.id, function.function.name, function.function.arguments) == (
        "call_1",
        "get_weather",
        '{"city":"Zürich"}',
    )
    assert custom.type == "custom"
    assert (custom.id, custom.custom.name, custom.custom.input) == ("call_2", "shell", "ls -l")


def test_the_clients_own_accumulation_of_a_stream_agrees(served: Provider, client: openai.OpenAI) -> None:
    events = [e for e in CALLS if getattr(e, "index", 0) == 0]
    served.script.events = events
    with client.chat.completions.stream(**ASK, tools=TOOLS[:1]) as stream:
        final = stream.get_final_completion()
    (call,) = final.choices[0].message.tool_calls or ()
    assert (call.id, call.function.name, call.function.arguments) == (
        "call_1",
        "get_weather",
        '{"city":"Zürich"}',
    )
    assert final.choices[0].finish_reason == "tool_calls"


def test_interleaved_tool_calls_of_a_stream_keep_their_indexes(
    served: Provider, client: openai.OpenAI
) -> None:
    served.script.events = CALLS
    pieces: dict[int, str] = {}
    for chunk in client.chat.completions.create(**ASK, tools=TOOLS, stream=True):
        for call in chunk.choices[0].delta.tool_calls or ():
            custom = (call.model_extra or {}).get("custom")
            text = call.function.arguments if call.function else (custom or {}).get("input")
            pieces[call.index] = pieces.get(call.index, "") + (text or "")
    assert pieces == {0: '{"city":"Zürich"}', 1: "ls -l"}


@pytest.mark.parametrize("stream", [False, True])
def test_two_choices_stay_apart(served: Provider, client: openai.OpenAI, stream: bool) -> None:
    served.script.events = [
        Started(id="x"),
        PartStarted(index=0, part=Text(text=""), choice=1),
        PartStarted(index=0, part=Text(text="")),
        PartDelta(index=0, text="B", choice=1),
        PartDelta(index=0, text="A"),
        Finished(reason=FinishReason.LENGTH, choice=1),
        Finished(reason=FinishReason.STOP),
    ]
    found: dict[int, tuple[str, str | None]] = {0: ("", None), 1: ("", None)}
    if stream:
        for chunk in client.chat.completions.create(**ASK, n=2, stream=True):
            (one,) = chunk.choices
            text, finish = found[one.index]
            found[one.index] = (text + (one.delta.content or ""), one.finish_reason or finish)
    else:
        for choice in client.chat.completions.create(**ASK, n=2).choices:
            found[choice.index] = (choice.message.content or "", choice.finish_reason)
    assert found == {0: ("A", "stop"), 1: ("B", "length")}


def test_log_probabilities_are_read(served: Provider, client: openai.OpenAI) -> None:
    top = TokenLogprob(token="您", logprob=-1.5, bytes=(230, 130, 168))
    token = TokenLogprob(token="你", logprob=-0.25, bytes=(228, 189, 160), top=(top,))
    served.script.events = [*HELLO[:2], LogprobsReported(tokens=(token,)), *HELLO[2:]]
    for logprobs in (
        client.chat.completions.create(**ASK, logprobs=True, top_logprobs=1).choices[0].logprobs,
        *(
            chunk.choices[0].logprobs
            for chunk in client.chat.completions.create(**ASK, logprobs=True, stream=True)
            if chunk.choices[0].logprobs
        ),
    ):
        assert logprobs is not None
        (seen,) = logprobs.content or ()
        assert (seen.token, seen.logprob, seen.bytes) == ("你", -0.25, [228, 189, 160])
        assert seen.top_logprobs[0].token == "您"


def test_a_refusal_is_read(served: Provider, client: openai.OpenAI) -> None:
    served.script.events = reply(part(0, Refusal(text=""), "I ", "won't."), reason=FinishReason.REFUSAL)
    choice = client.chat.completions.create(**ASK).choices[0]
    assert (choice.message.refusal, choice.message.content, choice.finish_reason) == (
        "I won't.",
        None,
        "stop",
    )
    with client.chat.completions.stream(**ASK) as stream:
        assert stream.get_final_completion().choices[0].message.refusal == "I won't."


def test_speech_is_read(served: Provider, client: openai.OpenAI) -> None:
    sound = [
        PartStarted(index=0, part=Audio(id="audio_1")),
        PartDelta(index=0, data=b"RIF", text="Hi"),
        PartDelta(index=0, data=b"F"),
        PartEnded(index=0, expires_at=1780003600),
    ]
    served.script.events = reply(sound)
    audio = client.chat.completions.create(**ASK, modalities=["text", "audio"]).choices[0].message.audio
    assert audio is not None
    assert (audio.id, audio.data, audio.transcript, audio.expires_at) == (
        "audio_1",
        "UklGRg==",
        "Hi",
        1780003600,
    )


def test_reasoning_and_citations_are_there_for_who_looks(served: Provider, client: openai.OpenAI) -> None:
    citation = Citation(url="https://a.example", title="A", start=0, end=5)
    thinking = part(0, Thinking(), "Hm.")
    served.script.events = reply(thinking, part(1, Text(text=""), "Hello", citations=(citation,)))
    message = client.chat.completions.create(**ASK).choices[0].message
    assert (message.model_extra or {})["reasoning_content"] == "Hm."
    assert message.annotations is not None
    assert message.annotations[0].url_citation.url == "https://a.example"
    assert message.annotations[0].url_citation.end_index == 5


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (errors.InvalidRequestError, openai.BadRequestError),
        (errors.ContextTooLongError, openai.BadRequestError),
        (errors.ContentFilteredError, openai.BadRequestError),
        (errors.AuthError, openai.AuthenticationError),
        (errors.PermissionDeniedError, openai.PermissionDeniedError),
        (errors.NotFoundError, openai.NotFoundError),
        (errors.QuotaError, openai.RateLimitError),
        (errors.RateLimitedError, openai.RateLimitError),
        (errors.ServerError, openai.InternalServerError),
        (errors.OverloadedError, openai.InternalServerError),
    ],
)
def test_our_errors_are_its_exceptions(
    served: Provider,
    client: openai.OpenAI,
    ours: type[errors.ProviderError],
    theirs: type[openai.APIStatusError],
) -> None:
    served.script.error = ours("so it is", request_id="req_7", retry_after=1.5)
    with pytest.raises(theirs) as caught:
        client.chat.completions.create(**ASK)
    assert caught.value.request_id == "req_7"
    assert "so it is" in caught.value.message
    assert caught.value.response.headers["retry-after-ms"] == "1500"


def test_a_bad_request_is_refused_with_the_field(served: Provider, client: openai.OpenAI) -> None:
    bad: Any = {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}, {"role": "ghost", "content": "x"}],
    }
    with pytest.raises(openai.BadRequestError, match=r"messages\[1\]\.role"):
        client.chat.completions.create(**bad)


def test_a_failure_in_mid_stream_is_an_exception(served: Provider, client: openai.OpenAI) -> None:
    served.script.events = HELLO
    served.script.fails_after = 3
    served.script.error = errors.ServerError("the engine broke")
    text = ""
    with pytest.raises(openai.APIError, match="the engine broke"):
        for chunk in client.chat.completions.create(**ASK, stream=True):
            text += chunk.choices[0].delta.content or ""
    assert text == "Hel"


@pytest.mark.parametrize("form", [None, "float", "base64"])
def test_embeddings_are_read_in_either_form(served: Provider, client: openai.OpenAI, form: Any) -> None:
    vectors = [[0.5, -0.25, 1.0], [0.0, 0.125, -1.0]]
    served.script.embedded = EmbedResponse(vectors=vectors, usage=Usage(input_uncached=4), model="e-1")
    extra = {} if form is None else {"encoding_format": form}
    seen = client.embeddings.create(model="e", input=["a", "b"], dimensions=3, **extra)
    if form == "base64":
        assert all(isinstance(entry.embedding, str) for entry in seen.data)
    else:
        assert [entry.embedding for entry in seen.data] == vectors
    assert [entry.index for entry in seen.data] == [0, 1]
    assert (seen.model, seen.usage.prompt_tokens) == ("e-1", 4)
    (asked,) = served.script.asked
    assert isinstance(asked, EmbedRequest)
    assert (asked.inputs, asked.dimensions) == (("a", "b"), 3)
    assert asked.encoding == (form or "base64")


def test_models_are_listed(served: Provider, client: openai.OpenAI) -> None:
    served.script.models = (
        ModelInfo(id="m-1", provider="baimo", created=5),
        ModelInfo(id="m-2", provider="baimo"),
    )
    seen = list(client.models.list())
    assert [(model.id, model.owned_by) for model in seen] == [("m-1", "baimo"), ("m-2", "baimo")]
    assert seen[0].created == 5
