"""Cohere's own Python package, as it comes, finds in the simulated service what it asks a real one for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import cohere
import httpx
import pytest
from cohere.core.api_error import ApiError

from baimo.dialects.cohere_chat.message import PLANNED
from baimo.errors import ServerError
from baimo.simulator.making import wav
from baimo.testing import Reply, Simulator
from baimo.types.chat import ChatRequest, FinishReason, Reasoning, TokenLogprob
from baimo.types.content import Citation, Image, Text, Thinking, ToolCall, ToolResult
from baimo.types.embeddings import EmbedRequest
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
from baimo.types.tools import FunctionTool, ToolChoice
from baimo.types.usage import Usage
from baimo.wire.multipart import parse_form

MODEL = "command-a-03-2025"
ASK: list[Any] = [{"role": "user", "content": "Héllo 你好"}]
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "weather", "description": "W", "parameters": {"type": "object", "properties": {}}},
}
SOON = {"max_retries": 0}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("cohere") as made:
        yield made


@contextmanager
def opened(simulator: Simulator, key: str) -> Iterator[cohere.ClientV2]:
    """A client whose connections are closed in the end, which it leaves to others."""
    with httpx.Client(timeout=10) as carrier:
        yield cohere.ClientV2(api_key=key, base_url=simulator.origin_of("cohere"), httpx_client=carrier)


@pytest.fixture
def client(simulator: Simulator) -> Iterator[cohere.ClientV2]:
    with opened(simulator, simulator.credentials_of("cohere")["api_key"]) as made:
        yield made


def asked(simulator: Simulator) -> ChatRequest:
    """What the simulator understood last."""
    got = simulator.last.asked
    assert isinstance(got, ChatRequest)
    return got


def test_a_whole_reply_is_read(simulator: Simulator, client: cohere.ClientV2) -> None:
    usage = Usage(input_uncached=21, cache_read=5, output_visible=4, reasoning=2)
    simulator.reply(Reply(text="Hello 😀", usage=usage))
    seen = client.chat(model=MODEL, messages=ASK)
    assert seen.message.content is not None
    assert [block.text for block in seen.message.content if block.type == "text"] == ["Hello 😀"]
    assert (seen.finish_reason, bool(seen.id)) == ("COMPLETE", True)
    assert seen.usage is not None and seen.usage.tokens is not None
    assert (seen.usage.tokens.input_tokens, seen.usage.tokens.output_tokens) == (26, 6)
    assert seen.usage.cached_tokens == 5
    got = asked(simulator)
    assert (got.messages[0].text, got.tools, got.stream) == ("Héllo 你好", (), False)


def test_a_stream_is_read_piece_by_piece(simulator: Simulator, client: cohere.ClientV2) -> None:
    simulator.reply(Reply(text="one two three", usage=Usage(input_uncached=3, output_visible=5)))
    events = list(client.chat_stream(model=MODEL, messages=ASK))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["message-start", "content-start"]
    assert kinds[-2:] == ["content-end", "message-end"]
    assert kinds.count("content-delta") > 2
    pieces = [event.delta.message.content.text for event in events if event.type == "content-delta"]
    assert "".join(pieces) == "one two three"
    last = events[-1]
    assert (last.delta.finish_reason, last.delta.usage.tokens.output_tokens) == ("COMPLETE", 5)


def test_the_parameters_arrive(simulator: Simulator, client: cohere.ClientV2) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    client.chat(
        model=MODEL,
        messages=[{"role": "system", "content": "Be brief."}, *ASK],
        temperature=0,
        p=0.9,
        k=20,
        frequency_penalty=0.5,
        seed=7,
        max_tokens=64,
        stop_sequences=["END"],
        logprobs=True,
        safety_mode="STRICT",
        response_format={"type": "json_object", "json_schema": schema},
        thinking={"type": "enabled", "token_budget": 100},
    )
    got = asked(simulator)
    assert (got.temperature, got.top_p, got.top_k, got.seed, got.max_tokens) == (0, 0.9, 20, 7, 64)
    assert (got.frequency_penalty, got.stop, got.logprobs) == (0.5, ("END",), True)
    assert got.reasoning == Reasoning(enabled=True, budget=100)
    assert got.response_format is not None and got.response_format.schema == schema
    assert got.foreign is not None
    assert json.loads(bytes(got.foreign.json)) == {"safety_mode": "STRICT"}


@pytest.mark.parametrize("stream", [False, True])
def test_thinking_comes_in_blocks_of_its_own(
    simulator: Simulator, client: cohere.ClientV2, stream: bool
) -> None:
    simulator.reply(Reply(thinking="Let me see.", text="42"))
    if stream:
        events = list(client.chat_stream(model=MODEL, messages=ASK))
        blocks = [event.delta.message.content for event in events if event.type == "content-delta"]
        assert "".join(block.thinking or "" for block in blocks) == "Let me see."
        assert "".join(block.text or "" for block in blocks) == "42"
        return
    content = client.chat(model=MODEL, messages=ASK).message.content
    assert content is not None
    assert [block.type for block in content] == ["thinking", "text"]
    assert content[0].thinking == "Let me see."


def said(*parts: ChatEvent, reason: FinishReason = FinishReason.STOP) -> list[ChatEvent]:
    usage = UsageReported(usage=Usage(input_uncached=1, output_visible=1))
    return [Started(id="r-1", created=5), *parts, usage, Finished(reason=reason)]


def planned(*calls: ToolCall) -> list[ChatEvent]:
    """A plan, then calls."""
    plan: list[ChatEvent] = [
        PartStarted(index=0, part=Thinking(replay=PLANNED)),
        PartDelta(index=0, text="I will ask."),
        PartEnded(index=0),
    ]
    for index, call in enumerate(calls, 1):
        plan += [
            PartStarted(index=index, part=ToolCall(id=call.id, name=call.name, arguments="")),
            PartDelta(index=index, text=call.arguments[:5]),
            PartDelta(index=index, text=call.arguments[5:]),
            PartEnded(index=index),
        ]
    return said(*plan, reason=FinishReason.TOOL_CALLS)


CALLS = (
    ToolCall(id="w_1", name="weather", arguments='{"town": "Köln"}'),
    ToolCall(id="w_2", name="weather", arguments='{"town": "北京"}'),
)


def call_of(event: Any) -> Any:
    return event.delta.message.tool_calls


@pytest.mark.parametrize("stream", [False, True])
def test_several_calls_are_planned_and_their_results_come_back(
    simulator: Simulator, client: cohere.ClientV2, stream: bool
) -> None:
    answers = [planned(*CALLS), said(*_cited())]
    simulator.script(lambda request: answers.pop(0))
    messages = list(ASK)
    options: dict[str, Any] = {"model": MODEL, "tools": [TOOL], "strict_tools": True}
    if stream:
        events = list(client.chat_stream(messages=messages, **options))
        plan = "".join(e.delta.message.tool_plan for e in events if e.type == "tool-plan-delta")
        begun = {e.index: call_of(e) for e in events if e.type == "tool-call-start"}
        told = [
            {
                "id": begun[index].id,
                "type": "function",
                "function": {
                    "name": begun[index].function.name,
                    "arguments": "".join(
                        call_of(e).function.arguments
                        for e in events
                        if e.type == "tool-call-delta" and e.index == index
                    ),
                },
            }
            for index in begun
        ]
        messages.append({"role": "assistant", "tool_plan": plan, "tool_calls": told})
    else:
        message = client.chat(messages=messages, tool_choice="REQUIRED", **options).message
        assert asked(simulator).tool_choice == ToolChoice(mode="required")
        plan, told = message.tool_plan or "", [call.model_dump() for call in message.tool_calls or ()]
        messages.append(message.model_dump(exclude_none=True))
    assert plan == "I will ask."
    assert [(one["id"], json.loads(one["function"]["arguments"])["town"]) for one in told] == [
        ("w_1", "Köln"),
        ("w_2", "北京"),
    ]
    (tool,) = asked(simulator).tools
    assert isinstance(tool, FunctionTool)
    assert (tool.name, tool.strict) == ("weather", True)
    for ident in ("w_1", "w_2"):
        document = {"type": "document", "document": {"data": {"sky": "rain"}}}
        messages.append({"role": "tool", "tool_call_id": ident, "content": [document]})
    answer = client.chat(messages=messages, **options).message
    assert answer.citations is not None
    (citation,) = answer.citations
    assert (citation.start, citation.end, citation.text) == (3, 7, "rain")
    assert citation.sources is not None
    assert (citation.sources[0].type, citation.sources[0].id) == ("tool", "w_1:0")
    history = asked(simulator).messages
    assert history[1].thinking == "I will ask."
    assert history[1].tool_calls == CALLS
    result = history[2].content[0]
    assert isinstance(result, ToolResult)
    assert isinstance(result.content[0], Text)
    assert json.loads(result.content[0].text) == {"sky": "rain"}


def _cited() -> list[ChatEvent]:
    cited = Citation(start=3, end=7, source="w_1:0", quote="rain")
    text = PartDelta(index=0, text="It rains.")
    return [PartStarted(index=0, part=Text(text="")), text, PartEnded(index=0, citations=(cited,))]


def test_citations_come_in_a_stream(simulator: Simulator, client: cohere.ClientV2) -> None:
    simulator.script(lambda request: said(*_cited()))
    events = list(client.chat_stream(model=MODEL, messages=ASK, documents=["Rain all day."]))
    (citation,) = [event.delta.message.citations for event in events if event.type == "citation-start"]
    assert (citation.text, citation.sources[0].document) == ("rain", {"text": "rain"})
    got = asked(simulator).foreign
    assert got is not None and json.loads(bytes(got.json)) == {"documents": ["Rain all day."]}


def test_probabilities_are_read(simulator: Simulator, client: cohere.ClientV2) -> None:
    token = LogprobsReported(tokens=(TokenLogprob(token="Hi", logprob=-0.5),))
    text = [
        PartStarted(index=0, part=Text(text="")),
        PartDelta(index=0, text="Hi"),
        token,
        PartEnded(index=0),
    ]
    simulator.script(lambda request: said(*text))
    (seen,) = client.chat(model=MODEL, messages=ASK, logprobs=True).logprobs or ()
    assert (seen.text, seen.logprobs) == ("Hi", [-0.5])
    events = list(client.chat_stream(model=MODEL, messages=ASK, logprobs=True))
    (told,) = [e.logprobs for e in events if e.type == "content-delta" and e.logprobs is not None]
    assert told.logprobs == [-0.5]


def test_pictures_arrive_as_they_are(simulator: Simulator, client: cohere.ClientV2) -> None:
    url = "data:image/png;base64,iVBORw=="
    blocks = [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": url}}]
    client.chat(model="command-a-plus-05-2026", messages=[{"role": "user", "content": blocks}])
    content = asked(simulator).messages[0].content
    assert content == (Text(text="What?"), Image(data=b"\x89PNG", media_type="image/png"))


@pytest.mark.parametrize("forms", [["float"], ["float", "base64"]])
def test_vectors_are_made(simulator: Simulator, client: cohere.ClientV2, forms: list[str]) -> None:
    seen = client.embed(
        model="embed-v4.0",
        input_type="search_query",
        texts=["a", "b"],
        embedding_types=forms,
        output_dimension=4,
    )
    assert seen.embeddings.float_ is not None
    assert [len(vector) for vector in seen.embeddings.float_] == [4, 4]
    assert (seen.embeddings.base64 is not None) is ("base64" in forms)
    got = simulator.last.asked
    assert isinstance(got, EmbedRequest)
    assert got.extra["input_type"] == "search_query"


def test_texts_are_ranked(client: cohere.ClientV2) -> None:
    seen = client.rerank(
        model="rerank-v3.5", query="capital", documents=["Ruby", "the capital", "a capital"], top_n=2
    )
    assert [(one.index, one.relevance_score) for one in seen.results] == [(1, 1.0), (2, 1.0)]
    assert seen.meta is not None and seen.meta.billed_units is not None
    assert seen.meta.billed_units.search_units == 1


def test_sound_is_heard(simulator: Simulator, client: cohere.ClientV2) -> None:
    seen = client.audio.transcriptions.create(
        model="cohere-transcribe-03-2026",
        language="en",
        file=("note.wav", wav(b"Hello you"), "audio/wav"),
        temperature=0.5,
    )
    assert seen.text == "Hello you"
    sent = parse_form(simulator.last.headers["content-type"], simulator.last.body)
    assert {part.name: part.data for part in sent} == {
        "model": b"cohere-transcribe-03-2026",
        "language": b"en",
        "temperature": b"0.5",
        "file": wav(b"Hello you"),
    }
    with pytest.raises(cohere.NotFoundError):
        client.audio.transcriptions.create(model=MODEL, language="en", file=("a.wav", b"RIFF", "audio/wav"))


def test_tokens_and_models_are_told(client: cohere.ClientV2) -> None:
    counted = client.tokenize(model=MODEL, text="Hello you", offline=False)
    assert (len(counted.tokens), "".join(counted.token_strings)) == (3, "Hello you")
    listed = client.models.list(page_size=1000).models
    assert MODEL in [model.name for model in listed]
    shown = client.models.get(MODEL)
    assert (shown.name, shown.context_length, "chat" in (shown.endpoints or ())) == (MODEL, 288000, True)


@pytest.mark.parametrize(
    ("why", "status", "kind"),
    [
        ("wrong_secret", 401, cohere.UnauthorizedError),
        ("unknown_model", 404, cohere.NotFoundError),
        ("over_rate", 429, cohere.TooManyRequestsError),
        ("invalid_request", 400, cohere.BadRequestError),
        ("expired_token", 498, cohere.InvalidTokenError),
        ("server_error", 500, cohere.InternalServerError),
        ("overloaded", 503, cohere.ServiceUnavailableError),
    ],
)
def test_a_refusal_is_its_exception(
    simulator: Simulator, client: cohere.ClientV2, why: str, status: int, kind: type[ApiError]
) -> None:
    simulator.refuse(why)
    options: Any = {"request_options": SOON}
    calls: list[Callable[[], object]] = [
        lambda: client.chat(model=MODEL, messages=ASK, **options),
        lambda: list(client.chat_stream(model=MODEL, messages=ASK, **options)),
        lambda: client.embed(model="embed-v4.0", texts=["a"], input_type="search_query", **options),
    ]
    for call in calls:
        with pytest.raises(kind) as caught:
            call()
        assert caught.value.status_code == status
        assert caught.value.body["message"]


def test_a_failure_in_mid_stream_is_told_in_the_last_event(
    simulator: Simulator, client: cohere.ClientV2
) -> None:
    def breaking(request: ChatRequest) -> Iterator[str]:
        yield "So far"
        raise ServerError("it broke")

    simulator.script(breaking)
    last = list(client.chat_stream(model=MODEL, messages=ASK))[-1]
    assert (last.type, last.delta.finish_reason) == ("message-end", "ERROR")
    assert last.delta.error == "internal server error"


def test_a_wrong_key_opens_nothing(simulator: Simulator) -> None:
    with (
        opened(simulator, "fake-other") as other,
        pytest.raises(cohere.UnauthorizedError, match="invalid api token"),
    ):
        other.chat(model=MODEL, messages=ASK, request_options={"max_retries": 0})


def test_a_conversation_without_results_is_refused(client: cohere.ClientV2) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    with pytest.raises(cohere.BadRequestError, match="have no results"):
        client.chat(model=MODEL, messages=[*ASK, {"role": "assistant", "tool_calls": [call]}])
