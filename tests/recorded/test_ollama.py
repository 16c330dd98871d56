"""Recorded and documented replies of Ollama's own wire decode to what an official client made of them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from baimo.dialect.protocols import Site
from baimo.dialects.ollama import DIALECT
from baimo.errors import Error, NotFoundError, OverloadedError, ProviderError
from baimo.types.chat import ChatResponse
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.types.models import PullProgress
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play
from tests.recorded.cases import FOLDER, Recorded, load, name, select

CHAT = select(lambda _, path: path in ("/api/chat", "/api/generate"))
EMBED = select(lambda _, path: path == "/api/embed")
PULL = select(lambda _, path: path == "/api/pull")
SITE = Site(base_url="http://recorded.example", provider="ollama", codes="ollama")

FIXTURES = FOLDER.parent / "fixtures" / "ollama"
"""Documented samples beside the recordings."""
STREAM = WireHead(200, ((b"content-type", b"application/x-ndjson"),))


def test_the_recordings_are_there() -> None:
    assert (len(CHAT), len(EMBED), len(PULL)) >= (5, 2, 1)
    assert list(FIXTURES.glob("*.json"))


def decode(head: WireHead, pieces: list[bytes], site: Site = SITE) -> tuple[ChatResponse, Error | None]:
    events, error = play(DIALECT.decoder(head, site), pieces)
    return fold(events), error


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_reply_decodes_to_what_its_client_saw(folder: Path) -> None:
    case = load(folder)
    response, error = decode(case.head, [case.body])
    assert error is None
    told = case.expected
    assert (response.text, response.thinking) == (told["text"], told.get("reasoning", ""))
    assert response.choices[0].finish_raw == told["finish_reason"]
    assert response.model == told["model"]
    calls = [{"name": call.name, "arguments": json.loads(call.arguments)} for call in response.tool_calls]
    assert calls == told["tool_calls"]
    assert (response.finish_reason == "tool_calls") is bool(calls)
    assert response.usage.input == told["usage"]["prompt_eval_count"]
    assert response.usage.output == told["usage"]["eval_count"]


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_reply_may_be_cut_anywhere(folder: Path) -> None:
    case = load(folder)
    whole = decode(case.head, [case.body])
    dice = random.Random(case.id)
    for times in (1, 3, 40):
        places = sorted(dice.sample(range(1, len(case.body)), times))
        pieces = [case.body[a:b] for a, b in zip([0, *places], [*places, len(case.body)], strict=True)]
        assert decode(case.head, pieces) == whole


def body_of(case: Recorded) -> HttpRequest:
    return HttpRequest(
        method="POST", origin="http://recorded.example", target=case.path.encode(), body=case.request
    )


_NO_WISH = (None, "", [], {})


def wishes(body: bytes) -> dict[str, Any]:
    """What a body asks for, without fields that are there but empty."""
    fields: dict[str, Any] = json.loads(body)
    return {name: value for name, value in fields.items() if value not in _NO_WISH or name == "messages"}


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_request_survives_both_ways(folder: Path) -> None:
    case = load(folder)
    request = DIALECT.decode_request(body_of(case))
    again = DIALECT.encode_request(request, SITE)
    assert isinstance(again.body, bytes)
    assert again.target.decode() == case.path
    assert wishes(again.body) == wishes(case.request)
    assert DIALECT.decode_request(again) == request


@pytest.mark.parametrize("folder", EMBED, ids=name)
def test_recorded_embeddings_decode_to_what_their_client_saw(folder: Path) -> None:
    case = load(folder)
    request = DIALECT.decode_embed_request(body_of(case))
    response = DIALECT.decode_embed(request, case.head, case.body)
    assert len(response.vectors) == case.expected["vectors"]
    assert [len(vector) for vector in response.vectors] == case.expected["dimensions"]
    assert response.usage.input == case.expected["prompt_eval_count"]


@pytest.mark.parametrize("folder", PULL, ids=name)
def test_a_recorded_pull_ends_with_success(folder: Path) -> None:
    case = load(folder)
    assert DIALECT.decode_pull_request(body_of(case))[1] is True
    decoder = DIALECT.pull_decoder(case.head, SITE)
    progress = decoder.feed(case.body) + decoder.end()
    assert progress[0] == PullProgress(status="pulling manifest")
    assert progress[-1].status == "success"
    assert any(step.completed == step.total and step.digest for step in progress)


def fixture(file: str) -> tuple[WireHead, bytes]:
    """Head and body of a documented sample."""
    if file.endswith(".ndjson"):
        return STREAM, (FIXTURES / file).read_bytes()
    told = json.loads((FIXTURES / file).read_text("utf-8"))
    fields = tuple((key.encode(), value.encode()) for key, value in told["headers"].items())
    return WireHead(told["status"], fields), json.dumps(told["body"]).encode()


SAMPLES: dict[str, tuple[str, str, str]] = {
    "chat.response.json": ("Hello! How are you today?", "", "stop"),
    "chat.stream.ndjson": ("The sky 是蓝色的", "", "stop"),
    "chat-thinking.stream.ndjson": ("Three.", "Okay, count.", "stop"),
    "chat-tools.stream.ndjson": ("", "Use tool", "tool_calls"),
    "chat-length.response.json": ("Once upon", "", "length"),
    "chat-load.response.json": ("", "", "stop"),
    "chat-unload.response.json": ("", "", "stop"),
    "generate-deepseek.response.json": ("Because of Rayleigh scattering.", "The user asks why.", "stop"),
    "generate-deepseek.stream.ndjson": ("Because of Rayleigh scattering.", "The user asks why.", "stop"),
}


@pytest.mark.parametrize("file", SAMPLES)
def test_a_documented_reply_is_understood(file: str) -> None:
    head, body = fixture(file)
    response, error = decode(head, [body])
    assert error is None
    assert (response.text, response.thinking, response.finish_reason.value) == SAMPLES[file]


def test_reasoning_in_tags_is_split_by_the_quirk() -> None:
    head, body = fixture("generate-deepseek-inline-think.response.json")
    site = replace(SITE, quirks=DIALECT.quirks({"think_tags": True}))
    response, _ = decode(head, [body], site)
    assert (response.text, response.thinking) == ("Because of Rayleigh scattering.", "The user asks why.")


def test_a_documented_failure_is_an_error() -> None:
    response, error = decode(*_pair("chat-midstream-error.stream.ndjson"))
    assert response.text == "Yes"
    assert isinstance(error, ProviderError)
    assert isinstance(decode(*_pair("404-model.error.json"))[1], NotFoundError)
    assert isinstance(decode(*_pair("503-busy.error.json"))[1], OverloadedError)
    _, thinking = decode(*_pair("400-thinking.error.json"))
    assert isinstance(thinking, ProviderError)
    assert thinking.provider_code == "no_thinking"


def _pair(file: str) -> tuple[WireHead, list[bytes]]:
    head, body = fixture(file)
    return head, [body]


@pytest.mark.parametrize(
    "file", ["chat.request.json", "chat-tools.request.json", "generate-deepseek.request.json"]
)
def test_a_documented_request_survives_both_ways(file: str) -> None:
    told = json.loads((FIXTURES / file).read_text("utf-8"))
    wire = HttpRequest(
        method="POST",
        origin="http://h",
        target=told["path"].encode(),
        body=json.dumps(told["body"]).encode(),
    )
    again = DIALECT.encode_request(DIALECT.decode_request(wire), SITE)
    assert isinstance(again.body, bytes)
    assert again.target == wire.target
    assert json.loads(again.body) == told["body"]


def test_documented_models_and_vectors_are_understood() -> None:
    (model,) = DIALECT.decode_models(*fixture("tags.response.json"), SITE)
    assert (model.id, model.context, model.parameters) == ("deepseek-r1:1.5b", 131072, "1.8B")
    shown = DIALECT.decode_describe("m", *fixture("show.response.json"), SITE)
    assert (shown.context, shown.capabilities) == (131072, ("completion", "tools", "thinking"))
    two = EmbedRequest(model="m", inputs=("a", "b"))
    assert len(DIALECT.decode_embed(two, *fixture("embed.response.json")).vectors) == 2
    one = EmbedRequest(model="m", inputs=("a",))
    vectors = DIALECT.decode_embed(one, *fixture("embeddings-legacy.response.json")).vectors
    assert vectors == [[0.5, -0.25, 1.0]]
    decoder = DIALECT.pull_decoder(STREAM, SITE)
    assert decoder.feed(fixture("pull.stream.ndjson")[1])[-1].status == "success"
