"""The face of Ollama: its own API, the compatible one, models that are there and those to be pulled."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import ChatDialect, Site
from baimo.dialects.ollama import DIALECT
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
    StreamInterrupted,
    UnsupportedError,
)
from baimo.simulator import faces
from baimo.simulator.engine import Moderation, Simulation
from baimo.simulator.faces.ollama import OllamaFace
from baimo.simulator.reply import Reply
from baimo.simulator.words import Credentials, Face, Head, Piece, Why
from baimo.testing import Simulator
from baimo.types.chat import ChatResponse
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.types.images import ImagesRequest
from baimo.wire.http import HttpRequest, SocketRequest, WireHead
from tests.conformance.playing import play

KEY = "fake-ollama-key-1234"
ASK: dict[str, Any] = {"model": "llama3.2", "messages": [{"role": "user", "content": "Hi"}], "stream": False}
QUESTION = {"model": "deepseek-r1:1.5b", "prompt": "Why?", "stream": False}
HERE = Site(base_url="http://127.0.0.1:11434", codes="ollama")


def post(body: Any = ASK, path: str = "/api/chat", method: str = "POST", **fields: str) -> HttpRequest:
    head = {"host": "127.0.0.1:11434", **fields}
    return HttpRequest(
        method=method,
        origin="http://127.0.0.1:11434",
        target=path.encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in head.items()),
        body=msgspec.json.encode(body) if body is not None else b"",
    )


def answer(simulation: Simulation, request: HttpRequest) -> tuple[WireHead, bytes]:
    """Head and body of what comes back."""
    head, pieces = WireHead(0), []
    for act in simulation.call("ollama", request, wall=1_790_000_000.0, mono=0.0).acts():
        if isinstance(act, Head):
            head = act.head
        elif isinstance(act, Piece):
            pieces.append(act.data)
    return head, b"".join(pieces)


def read(simulation: Simulation, request: HttpRequest) -> tuple[ChatResponse, Error | None]:
    """What our own client makes of it."""
    head, body = answer(simulation, request)
    dialect: ChatDialect = COMPATIBLE if request.target.startswith(b"/v1") else DIALECT
    events, error = play(dialect.decoder(head, HERE), [body])
    return fold(events), error


@pytest.fixture
def simulation() -> Simulation:
    made = Simulation([OllamaFace()])
    made.script = lambda request: Reply(thinking="Hm.", text="Hello")
    return made


def test_the_face_is_found_by_its_name_and_is_one() -> None:
    face: Face = faces.make("ollama")
    assert (face.name, face.hosts, face.credentials()) == ("ollama", ("ollama.com",), {"api_key": KEY})
    tables = face.configuration("http://127.0.0.1:8")
    assert {name: table["base_url"] for name, table in tables.items()} == {
        "native": "http://127.0.0.1:8",
        "generate": "http://127.0.0.1:8",
        "server": "http://127.0.0.1:8/v1",
    }
    other = faces.make("ollama", Credentials(given={"api_key": "fake-other"}))
    assert other.credentials() == {"api_key": "fake-other"}


@pytest.mark.parametrize("body", [ASK, {**ASK, "stream": True}])
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
def test_both_apis_answer_whole_and_streamed(simulation: Simulation, body: Any, path: str) -> None:
    response, error = read(simulation, post(body, path))
    assert error is None
    assert (response.text, response.thinking) == ("Hello", "Hm.")


def test_the_compatible_api_says_reasoning_as_ollama_does(simulation: Simulation) -> None:
    for stream in (True, False):
        _, body = answer(simulation, post({**ASK, "stream": stream}, "/v1/chat/completions"))
        assert b'"reasoning":' in body
        assert b"reasoning_content" not in body
        assert b'"system_fingerprint":"fp_ollama"' in body


def test_a_question_is_answered_in_its_own_form(simulation: Simulation) -> None:
    _, body = answer(simulation, post(QUESTION, "/api/generate"))
    told = msgspec.json.decode(body)
    assert (told["response"], told["thinking"], told["done_reason"]) == ("Hello", "Hm.", "stop")


def test_nothing_asked_loads_the_model(simulation: Simulation) -> None:
    _, body = answer(simulation, post({**ASK, "messages": []}))
    assert msgspec.json.decode(body)["done_reason"] == "load"


def test_a_key_is_not_needed_but_a_wrong_one_is_refused(simulation: Simulation) -> None:
    assert read(simulation, post(authorization=f"Bearer {KEY}"))[1] is None
    assert [one.caller for one in simulation.log.all()] == ["…1234"]
    _, error = read(simulation, post(authorization="Bearer fake-wrong"))
    assert isinstance(error, AuthError)
    assert error.message == "unauthorized"


def test_another_host_is_turned_away_without_a_word(simulation: Simulation) -> None:
    head, body = answer(simulation, post(host="evil.example"))
    assert (head.status, body) == (403, b"")
    assert read(simulation, post(host="ollama.com"))[1] is None


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions", "/api/embed", "/v1/embeddings"])
def test_a_model_that_was_not_pulled_is_not_there(simulation: Simulation, path: str) -> None:
    body = {**ASK, "model": "smollm2:135m", "input": "a"}
    head, raw = answer(simulation, post(body, path))
    assert head.status == 404
    assert b"model 'smollm2:135m' not found" in raw
    answer(simulation, post({"model": "smollm2:135m"}, "/api/pull"))
    assert answer(simulation, post(body, path))[0].status == 200


def test_a_fault_at_the_end_of_a_name_is_not_part_of_it(simulation: Simulation) -> None:
    _, error = read(simulation, post({**ASK, "model": "llama3.2!cut@0", "stream": True}))
    assert isinstance(error, StreamInterrupted)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"think": True}, '"llama3.2" does not support thinking'),
        ({"model": "gemma3:4b", "tools": [{"type": "function", "function": {"name": "f"}}]}, "support tools"),
        ({"model": "bge-m3"}, '"bge-m3" does not support chat'),
        ({"options": {"seed": "x"}}, "seed"),
        ({"messages": [{"role": "user", "content": [1]}]}, "content"),
    ],
)
def test_what_a_model_cannot_do_is_refused(simulation: Simulation, changes: Any, words: str) -> None:
    _, error = read(simulation, post({**ASK, **changes}))
    assert isinstance(error, InvalidRequestError)
    assert error.status == 400
    assert words in error.message


@pytest.mark.parametrize("think", [True, "high", False, None])
def test_a_thinking_model_may_be_told_how_to_think(simulation: Simulation, think: Any) -> None:
    assert read(simulation, post({**ASK, "model": "qwen3", "think": think}))[1] is None


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        (Why.WRONG_SECRET, AuthError),
        (Why.UNKNOWN_KEY, AuthError),
        (Why.EXPIRED_TOKEN, AuthError),
        (Why.MISSING_HEADER, AuthError),
        (Why.SKEWED_CLOCK, InvalidRequestError),
        (Why.WRONG_HOST, PermissionDeniedError),
        (Why.WRONG_APP_ID, InvalidRequestError),
        (Why.MISSING_PROJECT_SCOPE, InvalidRequestError),
        (Why.UNKNOWN_MODEL, NotFoundError),
        (Why.UNKNOWN_DOMAIN, NotFoundError),
        (Why.UNKNOWN_DEPLOYMENT, NotFoundError),
        (Why.NO_SUCH_ADDRESS, NotFoundError),
        (Why.OVER_QUOTA, QuotaError),
        (Why.OVER_RATE, RateLimitedError),
        (Why.OVER_CONCURRENCY, OverloadedError),
        (Why.OVERLOADED, OverloadedError),
        (Why.INPUT_MODERATED, InvalidRequestError),
        (Why.OUTPUT_MODERATED, InvalidRequestError),
        (Why.INVALID_REQUEST, InvalidRequestError),
        (Why.SERVER_ERROR, ServerError),
    ],
)
@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
def test_every_refusal_is_read_as_what_it_is(
    simulation: Simulation, why: Why, kind: type[ProviderError], path: str
) -> None:
    simulation.refuse(why)
    _, error = read(simulation, post(ASK, path))
    assert isinstance(error, kind) or (path.startswith("/v1") and isinstance(error, RateLimitedError))


def test_a_limit_tells_when_to_come_back() -> None:
    head, _ = OllamaFace().refuse(Why.OVER_RATE, post(), retry_after=2.5)
    assert head.get(b"retry-after") == "2.5"


def test_a_failure_in_mid_stream_is_a_line_here_and_silence_there(simulation: Simulation) -> None:
    simulation.moderation = Moderation(output=("Hello",))
    response, error = read(simulation, post({**ASK, "stream": True}))
    assert isinstance(error, ServerError)
    assert response.thinking == "Hm."
    _, silent = read(simulation, post({**ASK, "stream": True}, "/v1/chat/completions"))
    assert isinstance(silent, StreamInterrupted)
    _, whole = read(simulation, post(ASK, "/v1/chat/completions"))
    assert isinstance(whole, ProviderError)
    face = OllamaFace()
    (line,) = face.interrupt(Why.SERVER_ERROR, post(), face.encoder(post(), face.chat_request(post())))
    assert line == b'{"error":"an error was encountered while running the model"}\n'


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/nothing"), ("POST", "/v1/responses"), ("GET", "/api/chat")]
)
def test_other_addresses_are_not_there(simulation: Simulation, method: str, path: str) -> None:
    head, body = answer(simulation, post(None, path, method))
    assert (head.status, body) == (404, b"404 page not found")


def test_a_socket_is_not_served() -> None:
    assert OllamaFace().operation(SocketRequest(origin="ws://127.0.0.1", target=b"/api/chat")) is None


def test_vectors_come_in_every_form(simulation: Simulation) -> None:
    asked = EmbedRequest(model="nomic-embed-text", inputs=("a", "b"))
    body = {"model": asked.model, "input": ["a", "b"]}
    native = DIALECT.decode_embed(asked, *answer(simulation, post(body, "/api/embed")))
    neighbour = COMPATIBLE.decode_embed(asked, *answer(simulation, post(body, "/v1/embeddings")))
    assert native.vectors == neighbour.vectors
    _, old = answer(simulation, post({"model": asked.model, "prompt": "a"}, "/api/embeddings"))
    assert msgspec.json.decode(old)["embedding"] == native.vectors[0]


def test_what_is_there_is_listed_and_told_of(simulation: Simulation) -> None:
    listed = DIALECT.decode_models(*answer(simulation, post(None, "/api/tags", "GET")), HERE)
    assert "deepseek-r1:1.5b" in {model.id for model in listed}
    neighbour = COMPATIBLE.decode_models(*answer(simulation, post(None, "/v1/models", "GET")), HERE)
    assert {model.id for model in neighbour} == {model.id for model in listed}
    shown = DIALECT.decode_describe("qwen3", *answer(simulation, post({"model": "qwen3"}, "/api/show")), HERE)
    assert (shown.context, "thinking" in shown.capabilities) == (40960, True)
    with pytest.raises(NotFoundError):
        DIALECT.decode_describe("x", *answer(simulation, post({"model": "x"}, "/api/show")), HERE)


def test_the_server_says_what_it_is(simulation: Simulation) -> None:
    assert answer(simulation, post(None, "/", "GET"))[1] == b"Ollama is running"
    assert b'"version"' in answer(simulation, post(None, "/api/version", "GET"))[1]
    assert b'"size_vram"' in answer(simulation, post(None, "/api/ps", "GET"))[1]


def test_a_pull_tells_its_progress_or_why_it_fails(simulation: Simulation) -> None:
    def pull(name: str) -> list[str]:
        head, body = answer(simulation, post({"model": name}, "/api/pull"))
        decoder = DIALECT.pull_decoder(head, HERE)
        return [progress.status for progress in decoder.feed(body) + decoder.end()]

    assert pull("qwen3:0.6b")[-1] == "success"
    assert pull("qwen3:0.6b")[0] == "pulling manifest"
    listed = DIALECT.decode_models(*answer(simulation, post(None, "/api/tags", "GET")), HERE)
    assert [model.id for model in listed].count("qwen3:0.6b") == 1
    with pytest.raises(NotFoundError, match="manifest"):
        pull("nope")
    silent = {"model": "smollm2:135m", "stream": False}
    assert answer(simulation, post(silent, "/api/pull"))[1] == b'{"status":"success"}\n'
    head, _ = answer(simulation, post({"model": "nope", "stream": False}, "/api/pull"))
    assert head.status == 500


def test_a_model_that_draws_does_so_by_both_apis(simulation: Simulation) -> None:
    asked = ImagesRequest(model="x/z-image-turbo", prompt="a fox")
    for stream in (True, False):
        body = {"model": asked.model, "prompt": "a fox", "stream": stream}
        head, told = answer(simulation, post(body, "/api/generate"))
        assert head.media_type == ("application/x-ndjson" if stream else "application/json")
        made = DIALECT.decode_images(asked, head, told, HERE).images
        assert made[0].media_type == "image/png"
    head, told = answer(simulation, post({"model": asked.model, "prompt": "a fox"}, "/v1/images/generations"))
    assert COMPATIBLE.decode_images(asked, head, told, HERE).images == made
    wrong = post({"model": "llama3.2", "prompt": "a fox"}, "/v1/images/generations")
    assert b"does not support image generation" in answer(simulation, wrong)[1]
    head, _ = answer(simulation, post({"model": asked.model, "messages": []}))
    assert head.status == 400
    assert read(simulation, post({**QUESTION, "width": "wide"}, "/api/generate"))[1] is None


def test_our_own_client_has_pictures_of_both_apis() -> None:
    for endpoint in ("native", "server"):
        with Simulator("ollama") as sim, sim.client(endpoints={"ollama": endpoint}) as client:
            made = client.images("ollama/x/z-image-turbo", "a red fox", size="64x32")
            assert [one.media_type for one in made.images] == ["image/png"]
            with pytest.raises(UnsupportedError):
                client.images("ollama/x/z-image-turbo", "a red fox", n=2)
