"""The face of the Gemini API: its key, its models, its rules on signatures, its refusals."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.gemini import DIALECT
from baimo.dialects.openai_chat import DIALECT as COMPATIBLE
from baimo.errors import (
    AuthError,
    Error,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.simulator import faces
from baimo.simulator.engine import Moderation, Simulation
from baimo.simulator.faces.gemini import GeminiFace
from baimo.simulator.reply import Reply
from baimo.simulator.words import Credentials, Face, Head, Piece, Why
from baimo.testing import Simulator
from baimo.types.chat import ChatResponse, Message, Role
from baimo.types.content import Text, Thinking, ToolCall, ToolResult
from baimo.types.fold import fold
from baimo.types.tools import FunctionTool
from baimo.wire.http import HttpRequest, SocketRequest, WireHead
from tests.conformance.playing import play

KEY = "AIzaFakeFakeFakeFakeFakeFakeFakeFake1234"
ASK: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
HERE = Site(base_url="http://127.0.0.1:8/v1beta", codes="google", provider="gemini")
MODEL = "gemini-3.8-flash"


def post(body: Any = ASK, method: str = "generateContent", model: str = MODEL, **fields: str) -> HttpRequest:
    return send("POST", f"/v1beta/models/{model}:{method}", body, **fields)


def send(verb: str, target: str, body: Any = None, **fields: str) -> HttpRequest:
    head = {
        "host": "127.0.0.1:8",
        "x-goog-api-key": KEY,
        **{k.replace("_", "-"): v for k, v in fields.items()},
    }
    return HttpRequest(
        method=verb,
        origin="http://127.0.0.1:8",
        target=target.encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in head.items() if value),
        body=msgspec.json.encode(body) if body is not None else b"",
    )


def answer(simulation: Simulation, request: HttpRequest) -> tuple[WireHead, bytes]:
    """Head and body of what comes back."""
    head, pieces = WireHead(0), []
    for act in simulation.call("gemini", request, wall=1_790_000_000.0, mono=0.0).acts():
        if isinstance(act, Head):
            head = act.head
        elif isinstance(act, Piece):
            pieces.append(act.data)
    return head, b"".join(pieces)


def read(simulation: Simulation, request: HttpRequest) -> tuple[ChatResponse, Error | None]:
    """What our own client makes of it."""
    head, body = answer(simulation, request)
    dialect: Any = COMPATIBLE if b"/openai/" in request.target else DIALECT
    events, error = play(dialect.decoder(head, HERE), [body])
    return fold(events), error


@pytest.fixture
def simulation() -> Simulation:
    made = Simulation([GeminiFace()])
    made.script = lambda request: Reply(thinking="Hm.", text="Hello")
    return made


def test_the_face_is_found_by_its_name_and_is_one() -> None:
    face: Face = faces.make("gemini")
    assert (face.name, face.credentials()) == ("gemini", {"api_key": KEY})
    tables = face.configuration("http://127.0.0.1:8")
    assert {name: table["base_url"] for name, table in tables.items()} == {
        "native": "http://127.0.0.1:8/v1beta",
        "compatible": "http://127.0.0.1:8/v1beta/openai",
    }
    assert faces.make("gemini", Credentials(given={"api_key": "fake"})).credentials() == {"api_key": "fake"}
    assert face.operation(SocketRequest(origin="ws://h", target=b"/")) is None


@pytest.mark.parametrize(
    "method", ["generateContent", "streamGenerateContent?alt=sse", "streamGenerateContent"]
)
def test_it_answers_whole_and_streamed(simulation: Simulation, method: str) -> None:
    response, error = read(simulation, post(method=method))
    assert error is None
    assert (response.text, response.thinking) == ("Hello", "Hm.")


def test_the_compatible_neighbour_answers_too(simulation: Simulation) -> None:
    ask = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
    target = "/v1beta/openai/chat/completions"
    request = send("POST", target, ask, authorization=f"Bearer {KEY}", x_goog_api_key="")
    assert read(simulation, request)[0].text == "Hello"
    _, error = read(simulation, send("POST", target, {**ask, "model": "gpt-5"}))
    assert isinstance(error, NotFoundError)
    assert answer(simulation, send("GET", "/v1beta/openai/models"))[0].status == 200
    assert answer(simulation, send("POST", "/v1beta/openai/embeddings", {}))[0].status == 404


@pytest.mark.parametrize("target", [f"?key={KEY}", f"?alt=sse&key={KEY}"])
def test_the_key_may_stand_in_the_address(simulation: Simulation, target: str) -> None:
    request = send("POST", f"/v1/models/{MODEL}:streamGenerateContent{target}", ASK, x_goog_api_key="")
    assert read(simulation, request)[1] is None
    assert [one.caller for one in simulation.log.all()] == ["…1234"]


@pytest.mark.parametrize(
    ("request_", "kind", "words"),
    [
        (post(x_goog_api_key="AIzaWrong"), AuthError, "API key not valid"),
        (post(x_goog_api_key=""), PermissionDeniedError, "unregistered callers"),
        (post(model="gpt-5"), NotFoundError, "models/gpt-5 is not found"),
        (post(model="gemini-embedding-001"), NotFoundError, "not found"),
        (post({"content": "a"}, method="embedContent"), NotFoundError, "not found"),
        (post(method="fly"), NotFoundError, "nothing is served"),
        (post({"contents": []}), InvalidRequestError, "contents: is required"),
        (send("GET", "/v1beta/models/gpt-5"), NotFoundError, "models/gpt-5"),
    ],
)
def test_what_is_wrong_is_refused_in_googles_words(
    simulation: Simulation, request_: HttpRequest, kind: type[ProviderError], words: str
) -> None:
    _, error = read(simulation, request_)
    assert type(error) is kind
    assert words in error.message


def test_another_host_gets_a_page(simulation: Simulation) -> None:
    head, body = answer(simulation, post(host="evil.example"))
    assert (head.status, body[:7]) == (404, b"<title>")
    assert read(simulation, post(host="generativelanguage.googleapis.com"))[1] is None


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        (Why.OVER_RATE, RateLimitedError),
        (Why.OVER_QUOTA, QuotaError),
        (Why.OVERLOADED, OverloadedError),
        (Why.SERVER_ERROR, ServerError),
        (Why.INPUT_MODERATED, InvalidRequestError),
        (Why.EXPIRED_TOKEN, AuthError),
    ],
)
def test_refusals_have_their_classes(simulation: Simulation, why: Why, kind: type[ProviderError]) -> None:
    simulation.refuse(why)
    _, error = read(simulation, post())
    assert type(error) is kind
    head, body = simulation.faces["gemini"].refuse(why, post(), retry_after=2.5)
    assert head.status >= 400
    assert msgspec.json.decode(body)["error"]["details"][-1]["retryDelay"] == "2.5s"


def test_an_answer_may_stop_in_the_middle(simulation: Simulation) -> None:
    simulation.moderation = Moderation(output=("ell",))
    response, error = read(simulation, post(method="streamGenerateContent?alt=sse"))
    assert isinstance(error, ServerError)
    assert response.thinking == "Hm."


CALL = {"functionCall": {"name": "f", "args": {}}}
ANSWER = {"functionResponse": {"name": "f", "response": {"result": "1"}}}


def turns(*calls: dict[str, Any], answers: int = 1) -> dict[str, Any]:
    return {
        "contents": [
            {"role": "user", "parts": [{"text": "Go"}]},
            {"role": "model", "parts": list(calls)},
            {"role": "user", "parts": [ANSWER] * answers},
        ]
    }


def test_a_call_that_comes_back_unsigned_is_refused(simulation: Simulation) -> None:
    _, error = read(simulation, post(turns(CALL)))
    assert isinstance(error, InvalidRequestError)
    assert error.provider_code == "missing_signature"
    assert read(simulation, post(turns(CALL), model="gemini-2.5-flash"))[1] is None


def test_an_unsigned_call_of_an_earlier_turn_is_taken(simulation: Simulation) -> None:
    body = turns(CALL)
    body["contents"] += [
        {"role": "model", "parts": [{"text": "1"}]},
        {"role": "user", "parts": [{"text": "Thanks"}]},
    ]
    assert read(simulation, post(body))[1] is None


def test_a_false_signature_is_refused(simulation: Simulation) -> None:
    _, error = read(simulation, post(turns({**CALL, "thoughtSignature": "ZmFsc2U="})))
    assert isinstance(error, InvalidRequestError)
    assert "Corrupted" in error.message


def test_only_the_first_of_parallel_calls_is_signed_and_asked_for(simulation: Simulation) -> None:
    calls = (ToolCall(id="a", name="f", arguments="{}"), ToolCall(id="b", name="f", arguments="{}"))
    simulation.script = lambda request: Reply(tool_calls=calls)
    response, _ = read(simulation, post())
    signed = [part.replay for part in response.message.content if isinstance(part, ToolCall)]
    assert [one is not None for one in signed] == [True, False]
    assert signed[0] is not None
    kept = msgspec.json.decode(signed[0].json)
    assert read(simulation, post(turns({**CALL, **kept}, CALL, answers=2)))[1] is None


def test_each_call_must_be_answered(simulation: Simulation) -> None:
    _, error = read(simulation, post(turns(CALL, CALL), model="gemini-2.5-flash"))
    assert isinstance(error, InvalidRequestError)
    assert "number of function response parts" in error.message


def test_a_level_is_for_models_that_know_it(simulation: Simulation) -> None:
    body = {**ASK, "generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}}
    assert read(simulation, post(body))[1] is None
    _, error = read(simulation, post(body, model="gemini-2.5-flash"))
    assert isinstance(error, InvalidRequestError)


def test_vectors_counts_and_models_are_given(simulation: Simulation) -> None:
    with Simulator("gemini") as sim, sim.client() as client:
        assert len(client.embed("gemini/gemini-embedding-001", ["a", "b"], dimensions=8).vectors) == 2
        assert client.count_tokens("gemini/gemini-3.8-flash", "two words").tokens == 2
        assert "gemini-3.8-flash" in [model.id for model in client.models("gemini")]
    _, body = answer(simulation, send("GET", f"/v1beta/models/{MODEL}"))
    assert DIALECT.decode_describe(MODEL, WireHead(200), body, HERE).context == 1048576


TOOL = FunctionTool(name="weather", parameters={"type": "object", "properties": {"town": {"type": "string"}}})


@pytest.mark.parametrize("stream", [True, False])
def test_three_turns_of_tools_and_thoughts_pass_the_provider(stream: bool) -> None:
    """What the model said goes back as it came, so that each signature is at its place."""
    with Simulator("gemini") as sim, sim.client() as client:
        messages: list[Any] = [Message(role=Role.USER, content=(Text(text="Köln or Rome?"),))]
        for number, town in enumerate(("Köln", "Rome", "")):
            call = ToolCall(
                id=f"c{number}", name="weather", arguments=msgspec.json.encode({"town": town}).decode()
            )
            sim.reply(
                Reply(thinking="Look.", tool_calls=(call,)) if town else Reply(thinking="So.", text="Rome.")
            )
            options: dict[str, Any] = {"tools": [TOOL], "reasoning": "high"}
            if stream:
                with client.stream("gemini/gemini-3.8-flash", messages, **options) as s:
                    for _ in s:
                        pass
                    response = s.response
            else:
                response = client.chat("gemini/gemini-3.8-flash", messages, **options)
            assert any(isinstance(part, Thinking) for part in response.message.content)
            messages.append(response.message)
            for one in response.tool_calls:
                result = ToolResult(call_id=one.id, name=one.name, content=(Text(text="7 °C"),))
                messages.append(Message(role=Role.TOOL, content=(result,)))
        assert response.text == "Rome."
        assert [message.role.value for message in messages] == [
            "user",
            *["assistant", "tool"] * 2,
            "assistant",
        ]
