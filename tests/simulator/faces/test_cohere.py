"""The face of Cohere: its own API and the compatible one, ranks, tokens, models, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import ChatDialect, Site
from baimo.dialects.cohere_chat import DIALECT
from baimo.dialects.openai_chat import DIALECT as COMPATIBLE
from baimo.errors import (
    AuthError,
    ContextTooLongError,
    Error,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.simulator import faces
from baimo.simulator.engine import Moderation, Simulation
from baimo.simulator.faces.cohere import CohereFace
from baimo.simulator.making import wav
from baimo.simulator.reply import Reply
from baimo.simulator.words import Credentials, Face, Head, Piece, Why
from baimo.testing import Simulator
from baimo.types.chat import ChatRequest, ChatResponse, Message, Reasoning
from baimo.types.content import Text, ToolCall, ToolResult
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest, SocketRequest, WireHead
from tests.conformance.playing import play

KEY = "fakecoherekey00000000000000000000001234"
ASK: dict[str, Any] = {"model": "command-a-03-2025", "messages": [{"role": "user", "content": "Hi"}]}
HERE = Site(base_url="http://127.0.0.1", codes="cohere")
CALL = {"id": "c_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLED = [*ASK["messages"], {"role": "assistant", "tool_calls": [CALL]}]


def post(body: Any = ASK, path: str = "/v2/chat", method: str = "POST", **fields: str) -> HttpRequest:
    head = {"host": "127.0.0.1:8000", "authorization": f"Bearer {KEY}", **fields}
    return HttpRequest(
        method=method,
        origin="http://127.0.0.1:8000",
        target=path.encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in head.items()),
        body=msgspec.json.encode(body) if body is not None else b"",
    )


def answer(simulation: Simulation, request: HttpRequest) -> tuple[WireHead, bytes]:
    """Head and body of what comes back."""
    head, pieces = WireHead(0), []
    for act in simulation.call("cohere", request, wall=1_790_000_000.0, mono=0.0).acts():
        if isinstance(act, Head):
            head = act.head
        elif isinstance(act, Piece):
            pieces.append(act.data)
    return head, b"".join(pieces)


def read(simulation: Simulation, request: HttpRequest) -> tuple[ChatResponse, Error | None]:
    """What our own client makes of it."""
    head, body = answer(simulation, request)
    dialect: ChatDialect = COMPATIBLE if request.target.startswith(b"/compat") else DIALECT
    events, error = play(dialect.decoder(head, HERE), [body])
    return fold(events), error


@pytest.fixture
def simulation() -> Simulation:
    made = Simulation([CohereFace()])
    made.script = lambda request: Reply(thinking="Hm.", text="Hello")
    return made


def test_the_face_is_found_by_its_name_and_is_one() -> None:
    face: Face = faces.make("cohere", Credentials(given={"api_key": "fake-other-key"}))
    assert face.credentials() == {"api_key": "fake-other-key"}
    assert face.configuration("http://h")["compatible"]["base_url"] == "http://h/compatibility/v1"
    assert face.operation(SocketRequest(origin="", target=b"/", headers=(), frames=())) is None


@pytest.mark.parametrize("stream", [True, False])
def test_its_own_api_answers_with_reasoning(simulation: Simulation, stream: bool) -> None:
    response, error = read(simulation, post({**ASK, "stream": stream}))
    assert error is None
    assert (response.thinking, response.text) == ("Hm.", "Hello")


@pytest.mark.parametrize("stream", [True, False])
def test_the_compatible_api_answers_in_its_own_form(simulation: Simulation, stream: bool) -> None:
    path = "/compatibility/v1/chat/completions"
    response, error = read(simulation, post({**ASK, "stream": stream}, path))
    assert (error, response.text) == (None, "Hello")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"authorization": "Bearer wrong"}, AuthError),
        ({"authorization": ""}, AuthError),
        ({"host": "api.other.example"}, PermissionDeniedError),
        ({"host": "api.cohere.com"}, None),
    ],
)
def test_a_caller_is_checked(
    simulation: Simulation, fields: dict[str, str], kind: type[Error] | None
) -> None:
    _, error = read(simulation, post(ASK, **fields))
    assert type(error) is (kind or type(None))


RESULT = {"role": "tool", "tool_call_id": "c_1", "content": "1"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "nope"}, "model 'nope' not found"),
        ({"model": "embed-v4.0"}, "not found"),
        ({"messages": CALLED}, "have no results"),
        ({"messages": [*CALLED, ASK["messages"][0]]}, "have no results"),
        ({"messages": [*ASK["messages"], RESULT]}, "not found in previous tool calls"),
        ({"messages": [*CALLED, RESULT, RESULT]}, "not found in previous tool calls"),
        ({"documents": ["x"], "response_format": {"type": "json_object"}}, "not supported with RAG"),
        ({"tool_choice": "REQUIRED"}, "only be specified with tools"),
        ({"messages": []}, "messages: must hold"),
    ],
)
def test_what_the_real_one_refuses_is_refused(
    simulation: Simulation, change: dict[str, Any], words: str
) -> None:
    _, error = read(simulation, post({**ASK, **change}))
    assert isinstance(error, (InvalidRequestError, NotFoundError))
    assert words in error.message


def test_a_conversation_with_tools_is_taken(simulation: Simulation) -> None:
    _, error = read(simulation, post({**ASK, "messages": [*CALLED, RESULT]}))
    assert error is None


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        (Why.EXPIRED_TOKEN, AuthError),
        (Why.UNKNOWN_KEY, AuthError),
        (Why.OVER_QUOTA, QuotaError),
        (Why.OVER_RATE, RateLimitedError),
        (Why.OVERLOADED, OverloadedError),
        (Why.SERVER_ERROR, ServerError),
        (Why.CONTEXT_TOO_LONG, ContextTooLongError),
        (Why.NO_SUCH_ADDRESS, NotFoundError),
        (Why.SKEWED_CLOCK, InvalidRequestError),
    ],
)
def test_a_refusal_is_worded_as_cohere_words_it(simulation: Simulation, why: Why, kind: type[Error]) -> None:
    simulation.refuse(why)
    assert type(read(simulation, post())[1]) is kind


def test_a_limit_tells_when_to_come_back() -> None:
    head, _ = CohereFace().refuse(Why.OVER_RATE, post(), retry_after=1.5)
    assert (head.status, head.get(b"retry-after")) == (429, "1.5")


def test_an_answer_that_may_not_go_on_ends_with_a_reason(simulation: Simulation) -> None:
    simulation.moderation = Moderation(output=("Hello",))
    response, error = read(simulation, post({**ASK, "stream": True}))
    assert error is None
    assert response.choices[0].finish_raw == "ERROR_TOXIC"


def test_a_failure_in_the_middle_is_told(simulation: Simulation) -> None:

    def breaking(request: ChatRequest) -> Iterator[str]:
        yield "Hello"
        raise ServerError("x")

    simulation.script = breaking
    _, error = read(simulation, post({**ASK, "stream": True}))
    assert isinstance(error, ServerError)
    assert error.message == "internal server error"


def test_vectors_are_made_by_both_apis(simulation: Simulation) -> None:
    body = {"model": "embed-v4.0", "texts": ["a"], "input_type": "search_query"}
    head, told = answer(simulation, post(body, "/v2/embed"))
    assert len(DIALECT.decode_embed(EmbedRequest(model="e", inputs=("a",)), head, told).vectors) == 1
    compatible = {"model": "embed-v4.0", "input": ["a"]}
    head, told = answer(simulation, post(compatible, "/compatibility/v1/embeddings"))
    assert len(COMPATIBLE.decode_embed(EmbedRequest(model="e", inputs=("a",)), head, told).vectors) == 1
    assert answer(simulation, post({**body, "model": "command-a-03-2025"}, "/v2/embed"))[0].status == 404
    assert answer(simulation, post({**body, "input_type": 1}, "/v2/embed"))[0].status == 400


def test_texts_are_ranked(simulation: Simulation) -> None:
    body = {"model": "rerank-v3.5", "query": "capital", "documents": ["Ruby", "a capital"], "top_n": 1}
    head, told = answer(simulation, post(body, "/v2/rerank"))
    assert head.status == 200
    assert msgspec.json.decode(told)["results"] == [{"index": 1, "relevance_score": 1.0}]
    assert answer(simulation, post({**body, "model": "command-a"}, "/v2/rerank"))[0].status == 404


def test_tokens_and_models_are_told(simulation: Simulation) -> None:
    _, told = answer(simulation, post({"model": "command-a-03-2025", "text": "Hello you"}, "/v1/tokenize"))
    assert DIALECT.decode_count(WireHead(200), told, HERE).pieces == ("Hell", "o yo", "u")
    _, told = answer(simulation, post(None, "/v1/models?page_size=1000", "GET"))
    assert "rerank-v3.5" in [model.id for model in DIALECT.decode_models(WireHead(200), told, HERE)]
    _, told = answer(simulation, post(None, "/v1/models/embed-v4.0", "GET"))
    assert DIALECT.decode_describe("embed-v4.0", WireHead(200), told, HERE).context == 128000
    assert answer(simulation, post(None, "/v1/models/nope", "GET"))[0].status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v2/chat"), ("POST", "/v1/chat"), ("GET", "/compatibility/v1/models"), ("POST", "/other")],
)
def test_nothing_else_is_served(simulation: Simulation, method: str, path: str) -> None:
    assert answer(simulation, post(ASK, path, method))[0].status == 404


def test_three_turns_with_tools_and_reasoning_are_taken() -> None:
    calls = (ToolCall(id="c_1", name="now", arguments="{}"), ToolCall(id="c_2", name="now", arguments="{}"))
    with Simulator("cohere") as sim, sim.client() as client:
        sim.reply(Reply(thinking="Ask.", tool_calls=calls), Reply(thinking="So.", text="It is ten."), "Bye.")
        messages: list[Any] = [Message(role="user", content="What time?")]  # type: ignore[arg-type]
        for turn in range(3):
            options: Any = {"tools": [FunctionTool(name="now")], "reasoning": {"budget": 100}}
            answer = client.chat("cohere/command-a-reasoning-08-2025", messages, **options)
            messages.append(answer.message)
            if answer.tool_calls:
                told = (Text(text="10:00"),)
                results = tuple([ToolResult(call_id=call.id, content=told) for call in answer.tool_calls])
                messages.append(Message(role="tool", content=results))  # type: ignore[arg-type]
            elif turn == 1:
                messages.append(Message(role="user", content="Thanks."))  # type: ignore[arg-type]
        assert answer.text == "Bye."
        last = sim.last.asked
        assert isinstance(last, ChatRequest)
        thoughts = [message.thinking for message in last.messages if message.role == "assistant"]
        assert thoughts == ["Ask.", "So."]
        assert last.reasoning == Reasoning(enabled=True, budget=100)


def test_our_own_client_ranks_counts_and_lists() -> None:
    with Simulator("cohere") as sim, sim.client() as client:
        ranks = client.rerank("cohere/rerank-v3.5", "capital", ["Ruby", "a capital"], top_n=1)
        assert [(one.index, one.document) for one in ranks.results] == [(1, "a capital")]
        assert (ranks.searches, ranks.cost) == (1, None)
        assert client.count_tokens("cohere/command-a-03-2025", "Hello").tokens == 2
        assert client.describe("cohere/command-a-03-2025").context == 288000
        assert "embed-v4.0" in [model.id for model in client.models("cohere")]
        vectors = client.embed("cohere/embed-v4.0", ["a"] * 97, extra={"input_type": "clustering"})
        assert len(vectors.vectors) == 97


def test_sound_that_was_spoken_here_is_heard() -> None:
    with Simulator("cohere") as sim, sim.client() as client:
        told = client.transcribe("cohere/cohere-transcribe-03-2026", wav(b"Hello"), language="en")
        assert (told.text, told.model, told.provider) == ("Hello", "cohere-transcribe-03-2026", "cohere")
        with pytest.raises(NotFoundError):
            client.transcribe("cohere/command-a-03-2025", wav(b"Hello"), language="en")
