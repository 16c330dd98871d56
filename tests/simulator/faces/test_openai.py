"""The face of OpenAI, and of whoever is OpenAI under another name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import (
    AuthError,
    ContentFilteredError,
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
from baimo.simulator.engine import Moderation, Simulation
from baimo.simulator.faces.openai import OPENAI, OpenAIFace
from baimo.simulator.scripts import fixed
from baimo.simulator.words import Credentials, Face, Head, Piece, Why
from baimo.types.chat import ChatResponse
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest, SocketRequest, WireHead
from tests.conformance.playing import play

KEY = "sk-fake-0000000000000000000000001234"
ASK: dict[str, Any] = {"model": "gpt-x", "messages": [{"role": "user", "content": "Hi"}]}


def post(body: Any = ASK, path: str = "/v1/chat/completions", *, key: str | None = KEY) -> HttpRequest:
    fields = ((b"host", b"127.0.0.1"),)
    if key is not None:
        fields = (*fields, (b"authorization", f"Bearer {key}".encode()))  # type: ignore[assignment]
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HttpRequest(
        method="POST", origin="http://127.0.0.1", target=path.encode(), headers=fields, body=raw
    )


def answer(simulation: Simulation, request: HttpRequest) -> tuple[WireHead, bytes]:
    """Head and body of what comes back."""
    (name,) = simulation.faces
    head, pieces = WireHead(0), []
    for act in simulation.call(name, request, wall=1_790_000_000.0, mono=0.0).acts():
        if isinstance(act, Head):
            head = act.head
        elif isinstance(act, Piece):
            pieces.append(act.data)
    return head, b"".join(pieces)


def read(simulation: Simulation, request: HttpRequest, **site: Any) -> tuple[ChatResponse, Error | None]:
    """What our own client makes of it."""
    head, body = answer(simulation, request)
    at = Site(base_url="http://127.0.0.1/v1", **site)
    events, error = play(DIALECT.decoder(head, at), [body])
    return fold(events), error


@pytest.fixture
def simulation() -> Simulation:
    return Simulation([OpenAIFace()])


def test_the_face_is_found_by_its_name_and_is_one() -> None:
    face: Face = faces.make("openai")
    assert face.name == "openai"
    assert face.hosts == ("api.openai.com",)
    assert face.credentials() == {"api_key": KEY}
    table = {"base_url": "http://127.0.0.1:8/v1", "api_key": KEY}
    assert face.configuration("http://127.0.0.1:8") == {
        "chat": table,
        "responses": {"endpoint": "responses", **table},
    }


@pytest.mark.parametrize("stream", [False, True])
def test_a_question_is_answered(simulation: Simulation, stream: bool) -> None:
    simulation.script = fixed("Hello!")
    response, error = read(simulation, post({**ASK, "stream": stream}))
    assert error is None
    assert (response.text, response.finish_reason, response.model) == ("Hello!", "stop", "gpt-x")


def test_a_key_that_was_given_opens_as_well_and_is_told_from_the_other() -> None:
    simulation = Simulation([OpenAIFace(Credentials(given={"api_key": "fake-aaaa", "second": "fake-bbbb"}))])
    for key in ("fake-aaaa", "fake-bbbb"):
        assert read(simulation, post(key=key))[1] is None
    assert [received.caller for received in simulation.log.all()] == ["…aaaa", "…bbbb"]
    assert isinstance(read(simulation, post())[1], AuthError)


@pytest.mark.parametrize(
    ("request_", "kind", "status", "code"),
    [
        (post(key="fake-wrong"), AuthError, 401, "invalid_api_key"),
        (post(key=None), AuthError, 401, "invalid_request_error"),
        (post(key=""), AuthError, 401, "invalid_request_error"),
        (post({**ASK, "model": "nobody"}), NotFoundError, 404, "model_not_found"),
        (post({**ASK, "messages": []}), InvalidRequestError, 400, "invalid_request_error"),
        (post(b"{"), InvalidRequestError, 400, "invalid_request_error"),
        (post(path="/v1/nothing"), NotFoundError, 404, "invalid_request_error"),
        (post(path="/v2/chat/completions"), NotFoundError, 404, "invalid_request_error"),
        (post(path="/v1/completions"), NotFoundError, 404, "invalid_request_error"),
    ],
)
def test_a_refusal_has_openais_status_and_code(
    simulation: Simulation, request_: HttpRequest, kind: type[Error], status: int, code: str
) -> None:
    _, error = read(simulation, request_)
    assert isinstance(error, ProviderError)
    assert (error.status, error.provider_code) == (status, code)
    if status != 404 or code == "model_not_found":
        assert type(error) is kind


def test_a_wrong_key_is_not_repeated(simulation: Simulation) -> None:
    _, body = answer(simulation, post(key="fake-key-of-somebody"))
    assert b"****body" in body
    assert b"fake-key" not in body


@pytest.mark.parametrize(
    ("why", "kind", "status"),
    [
        (Why.UNKNOWN_KEY, AuthError, 401),
        (Why.OVER_QUOTA, QuotaError, 429),
        (Why.OVER_RATE, RateLimitedError, 429),
        (Why.OVER_CONCURRENCY, RateLimitedError, 429),
        (Why.INPUT_MODERATED, ContentFilteredError, 400),
        (Why.SERVER_ERROR, ServerError, 500),
        (Why.OVERLOADED, OverloadedError, 503),
        (Why.SKEWED_CLOCK, InvalidRequestError, 400),
    ],
)
def test_every_reason_is_read_as_what_it_was(why: Why, kind: type[Error], status: int) -> None:
    head, body = OpenAIFace().refuse(why, post(), detail="so it is", retry_after=1.5)
    assert head.status == status
    assert head.get(b"retry-after-ms") == "1500"
    _, error = play(DIALECT.decoder(head, Site(base_url="http://h")), [body])
    assert type(error) is kind


def test_every_reason_of_the_table_is_a_reason() -> None:
    for why, refusal in OPENAI.items():
        assert 400 <= refusal.status < 600, why


@pytest.mark.parametrize("stream", [False, True])
def test_moderated_output_ends_with_its_finish_reason(simulation: Simulation, stream: bool) -> None:
    simulation.script = fixed("good bad ugly")
    simulation.moderation = Moderation(output=("bad",))
    response, error = read(simulation, post({**ASK, "stream": stream}))
    assert error is None
    assert response.finish_reason == "content_filter"
    assert "ugly" not in response.text


def test_moderated_input_is_refused(simulation: Simulation) -> None:
    simulation.moderation = Moderation(input=("Hi",))
    assert isinstance(read(simulation, post())[1], ContentFilteredError)


@pytest.mark.parametrize(
    ("why", "kind"),
    [(Why.SERVER_ERROR, ServerError), (Why.OVERLOADED, OverloadedError), (Why.OVER_RATE, RateLimitedError)],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_in_the_middle_is_an_error_in_the_reply(why: Why, kind: type[Error], stream: bool) -> None:
    face, request = OpenAIFace(), post({**ASK, "stream": stream})
    encoder = face.encoder(request, face.chat_request(request))
    items = face.interrupt(why, request, encoder)
    _, error = play(DIALECT.decoder(encoder.head(), Site(base_url="http://h")), items)
    assert type(error) is kind


def test_vectors_are_made(simulation: Simulation) -> None:
    body = {"model": "text-embedding-3-small", "input": ["a", "b"]}
    head, reply = answer(simulation, post(body, "/v1/embeddings"))
    asked = EmbedRequest(model="m", inputs=("a", "b"))
    vectors = DIALECT.decode_embed(asked, head, reply).vectors
    assert len(vectors) == 2
    assert vectors[0] != vectors[1]


def test_vectors_of_an_unknown_model_are_refused(simulation: Simulation) -> None:
    head, _ = answer(simulation, post({"model": "nobody", "input": "a"}, "/v1/embeddings"))
    assert head.status == 404


def test_the_models_are_listed(simulation: Simulation) -> None:
    request = msgspec.structs.replace(post(path="/v1/models"), method="GET")
    head, body = answer(simulation, request)
    site = Site(base_url="http://h", provider="openai")
    assert [model.id for model in DIALECT.decode_models(head, body, site)] == [
        "gpt-6-luna",
        "text-embedding-3-small",
    ]


def test_nobody_ranks_who_does_not_say_so(simulation: Simulation) -> None:
    asked = post({"model": "gpt-4o", "query": "q", "documents": ["a"]}, "/v1/rerank")
    assert OpenAIFace().operation(asked) is None
    assert answer(simulation, asked)[0].status == 404


def test_a_fault_behind_the_models_name_is_no_other_model(simulation: Simulation) -> None:
    head, _ = answer(simulation, post({**ASK, "model": "gpt-x!503"}))
    assert head.status == 503


def test_a_socket_asks_for_nothing_here() -> None:
    request = SocketRequest(origin="ws://127.0.0.1", target=b"/v1/chat/completions")
    assert OpenAIFace().operation(request) is None


def test_another_provider_of_this_wire_is_a_few_words() -> None:
    face = OpenAIFace(
        name="acme",
        hosts=("api.acme.example",),
        endpoints={"chat": "/api/v2", "beta": "/beta"},
        secret="api_password",
        key="fake",
        models=("*",),
        listed=("a",),
    )
    simulation = Simulation([face])
    assert read(simulation, post(path="/api/v2/chat/completions", key="fake"))[1] is None
    assert set(face.configuration("http://h")) == {"chat", "beta"}
    assert face.configuration("http://h")["beta"] == {"base_url": "http://h/beta", "api_password": "fake"}
