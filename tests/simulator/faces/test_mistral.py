"""The face of Mistral: reasoning in parts, fields that it does not know, ids of calls, texts filled in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import (
    AuthError,
    ContextTooLongError,
    Error,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.simulator import faces
from baimo.simulator.engine import Simulation
from baimo.simulator.faces.mistral import MistralFace
from baimo.simulator.reply import Reply
from baimo.simulator.words import Face, Head, Piece, Why
from baimo.testing import Simulator
from baimo.types.chat import ChatResponse, Message
from baimo.types.content import Text, ToolCall, ToolResult
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play

KEY = "fakemistralkey000000000000001234"
ASK: dict[str, Any] = {"model": "mistral-small-latest", "messages": [{"role": "user", "content": "Hi"}]}
HERE = Site(base_url="http://127.0.0.1/v1")


def post(
    body: Any = ASK, path: str = "/v1/chat/completions", method: str = "POST", key: str = KEY
) -> HttpRequest:
    return HttpRequest(
        method=method,
        origin="http://127.0.0.1",
        target=path.encode(),
        headers=((b"host", b"127.0.0.1"), (b"authorization", f"Bearer {key}".encode())),
        body=msgspec.json.encode(body),
    )


def answer(simulation: Simulation, request: HttpRequest) -> tuple[WireHead, bytes]:
    """Head and body of what comes back."""
    head, pieces = WireHead(0), []
    for act in simulation.call("mistral", request, wall=1_790_000_000.0, mono=0.0).acts():
        if isinstance(act, Head):
            head = act.head
        elif isinstance(act, Piece):
            pieces.append(act.data)
    return head, b"".join(pieces)


def read(simulation: Simulation, request: HttpRequest) -> tuple[ChatResponse, Error | None]:
    head, body = answer(simulation, request)
    events, error = play(DIALECT.decoder(head, HERE), [body])
    return fold(events), error


@pytest.fixture
def simulation() -> Simulation:
    made = Simulation([MistralFace()])
    made.script = lambda request: Reply(thinking="Hm.", text="Hello")
    return made


def test_the_face_is_found_by_its_name_and_is_one() -> None:
    face: Face = faces.make("mistral")
    assert face.configuration("http://h")["chat"]["base_url"] == "http://h/v1"


@pytest.mark.parametrize("stream", [True, False])
def test_reasoning_is_a_part_of_the_content(simulation: Simulation, stream: bool) -> None:
    request = post({**ASK, "stream": stream})
    _, body = answer(simulation, request)
    assert b'{"type":"thinking","thinking":[{"type":"text","text":' in body
    assert b"reasoning_content" not in body
    response, error = read(simulation, request)
    assert (error, response.thinking, response.text) == (None, "Hm.", "Hello")
    assert response.usage.output


def test_an_answer_without_reasoning_is_a_string(simulation: Simulation) -> None:
    simulation.script = lambda request: "Hello"
    _, body = answer(simulation, post())
    assert msgspec.json.decode(body)["choices"][0]["message"]["content"] == "Hello"


CALL = {"id": "abc123XYZ", "type": "function", "function": {"name": "f", "arguments": "{}"}}
RESULT = {"role": "tool", "tool_call_id": "abc123XYZ", "content": "1"}
USER = ASK["messages"][0]


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"seed": 3}, 422, "Extra inputs are not permitted"),
        ({"model": "gpt-4"}, 400, "Invalid model: gpt-4"),
        ({"messages": [USER, {"role": "assistant", "content": "Hi"}]}, 400, "Expected last role"),
        ({"messages": [USER, {"role": "assistant", "tool_calls": [CALL]}]}, 400, "Not the same number"),
        (
            {"messages": [USER, {"role": "assistant", "tool_calls": [CALL]}, RESULT, RESULT, USER]},
            400,
            "Not the same number",
        ),
        (
            {"messages": [USER, {"role": "assistant", "tool_calls": [{**CALL, "id": "call_1"}]}, RESULT]},
            400,
            "Tool call id was call_1",
        ),
        ({"messages": []}, 400, "messages"),
    ],
)
def test_what_the_real_one_refuses_is_refused(
    simulation: Simulation, change: dict[str, Any], status: int, words: str
) -> None:
    if change.get("messages") == []:
        change = {"messages": [{"role": "boss"}]}
    _, error = read(simulation, post({**ASK, **change}))
    assert isinstance(error, ProviderError)
    assert error.status == status
    assert words in error.message


@pytest.mark.parametrize(
    "messages",
    [
        [USER, {"role": "assistant", "content": "So", "prefix": True}],
        [USER, {"role": "assistant", "tool_calls": [CALL]}, RESULT],
    ],
)
def test_a_good_history_is_taken(simulation: Simulation, messages: list[Any]) -> None:
    assert read(simulation, post({**ASK, "messages": messages}))[1] is None


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        (Why.WRONG_SECRET, AuthError),
        (Why.OVER_QUOTA, QuotaError),
        (Why.OVER_RATE, RateLimitedError),
        (Why.OVERLOADED, OverloadedError),
        (Why.SERVER_ERROR, ServerError),
        (Why.CONTEXT_TOO_LONG, ContextTooLongError),
        (Why.NO_SUCH_ADDRESS, NotFoundError),
        (Why.SKEWED_CLOCK, InvalidRequestError),
    ],
)
def test_a_refusal_is_worded_as_mistral_words_it(simulation: Simulation, why: Why, kind: type[Error]) -> None:
    simulation.refuse(why)
    assert type(read(simulation, post())[1]) is kind


def test_a_wrong_key_opens_nothing_and_a_limit_tells_when_to_come_back(simulation: Simulation) -> None:
    assert isinstance(read(simulation, post(key="other"))[1], AuthError)
    head, _ = MistralFace().refuse(Why.OVER_RATE, post(), retry_after=2)
    assert head.get(b"retry-after") == "2"


def test_a_failure_in_the_middle_is_told(simulation: Simulation) -> None:
    def breaking(request: object) -> Any:
        yield "Hello"
        raise ServerError("x")

    simulation.script = breaking
    assert isinstance(read(simulation, post({**ASK, "stream": True}))[1], ServerError)


def test_vectors_have_the_dimensions_that_were_asked_for(simulation: Simulation) -> None:
    for more, size in (({"output_dimension": 4}, 4), ({}, 16)):
        body = {"model": "mistral-embed", "input": ["a"], **more}
        head, told = answer(simulation, post(body, "/v1/embeddings"))
        (vector,) = DIALECT.decode_embed(EmbedRequest(model="m", inputs=("a",)), head, told).vectors
        assert len(vector) == size


def test_models_are_listed(simulation: Simulation) -> None:
    head, told = answer(simulation, post(path="/v1/models", method="GET"))
    assert "mistral-embed" in [model.id for model in DIALECT.decode_models(head, told, HERE)]
    assert answer(simulation, post(path="/v1/fim/completions", method="GET"))[0].status == 404


def test_a_text_is_filled_in_by_our_own_client() -> None:
    with Simulator("mistral") as sim, sim.client() as client:
        sim.reply("return a")
        answer = client.chat("mistral/codestral-latest", "def f(a):", seed=7, extra={"suffix": "# end"})
        assert answer.text == "return a"
        assert answer.sent is not None and answer.sent.target == b"/v1/fim/completions"
        assert not answer.notes


def test_three_turns_with_tools_and_reasoning_are_taken() -> None:
    tools = [FunctionTool(name="now")]
    calls = (ToolCall(id="call_with_a_long_id", name="now", arguments="{}"),)
    with Simulator("mistral") as sim, sim.client() as client:
        sim.reply(Reply(thinking="Ask.", tool_calls=calls), Reply(thinking="So.", text="It is ten."), "Bye.")
        messages: list[Any] = [Message(role="user", content="What time?")]  # type: ignore[arg-type]
        for turn in range(3):
            answer = client.chat("mistral/magistral-medium-latest", messages, tools=tools)
            messages.append(answer.message)
            if answer.tool_calls:
                told = (Text(text="10:00"),)
                results = tuple([ToolResult(call_id=call.id, content=told) for call in answer.tool_calls])
                messages.append(Message(role="tool", content=results))  # type: ignore[arg-type]
            elif turn == 1:
                messages.append(Message(role="user", content="Thanks."))  # type: ignore[arg-type]
        assert answer.text == "Bye."
        last = sim.last.asked
        assert last is not None
        assert [message.thinking for message in last.messages if message.role == "assistant"] == [
            "Ask.",
            "So.",
        ]
