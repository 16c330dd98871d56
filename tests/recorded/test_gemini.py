"""Recorded exchanges with the Gemini API and Vertex AI, and documented samples, are read as meant."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from baimo.catalogue.load import find
from baimo.dialect.protocols import Site
from baimo.dialects.gemini import DIALECT
from baimo.dialects.gemini.embeddings import METHOD
from baimo.dialects.gemini.schemas import decode_schema
from baimo.dialects.gemini.words import camel
from baimo.errors import (
    AuthError,
    Error,
    InputError,
    NotFoundError,
    OverloadedError,
    ProviderError,
    RateLimitedError,
)
from baimo.types.chat import ChatResponse, FinishReason
from baimo.types.content import ToolCall
from baimo.types.counting import CountRequest
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play
from tests.recorded.cases import FOLDER, Recorded, load, name, select


def _is(method: str, *endings: str) -> list[Path]:
    found = select(lambda verb, path: verb == method and path.partition("?")[0].endswith(endings))
    return [folder for folder in found if folder.parent.name in ("gemini", "vertex")]


CHAT = _is("POST", ":generateContent", ":streamGenerateContent")
EMBED = _is("POST", ":batchEmbedContents", ":embedContent", ":predict")
COUNT = _is("POST", ":countTokens")
MODELS = _is("GET", "/models")
SITE = Site(base_url="https://recorded.example/v1beta", provider="gemini", codes="google")
ROW = find("gemini").endpoints[0]


def site_for(model: str) -> Site:
    """The site with what the catalogue knows of a model; addresses of any kind may be given to Vertex AI."""
    return replace(SITE, quirks=DIALECT.quirks({**ROW.quirks_for(model), "web_addresses": True}))


FIXTURES = FOLDER.parent / "fixtures" / "gemini"
"""Documented samples beside the recordings."""


def test_the_recordings_are_there() -> None:
    assert (len(CHAT), len(EMBED), len(COUNT), len(MODELS)) >= (140, 8, 2, 2)
    assert list(FIXTURES.glob("*.json"))


def decode(case: Recorded, pieces: list[bytes] | None = None) -> tuple[ChatResponse, Error | None]:
    events, error = play(DIALECT.decoder(case.head, SITE), pieces or [case.body])
    return fold(events), error


def counts(usage: dict[str, Any], ours: str) -> int | None:
    """A count of the client's, which writes names in either way."""
    found: int | None = camel(usage).get(ours)
    return found


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_reply_decodes_to_what_its_client_saw(folder: Path) -> None:
    case = load(folder)
    response, error = decode(case)
    told = case.expected
    if "error" in told:
        assert isinstance(error, ProviderError)
        assert error.status == told["http_status"] == case.head.status
        assert error.message[:40] in told["error"]["message"]
        return
    assert error is None
    assert (response.text, response.thinking) == (told["text"], told.get("reasoning", ""))
    assert response.choices[0].finish_raw == told["finish_reason"]
    calls = [(call.name, json.loads(call.arguments)) for call in response.tool_calls]
    assert calls == [(call["name"], call["arguments"]) for call in told["tool_calls"]]
    for call, seen in zip(response.tool_calls, told["tool_calls"], strict=True):
        assert call.id == seen["id"] or (seen["id"] is None and call.id.startswith("gemini-call-"))
    if response.finish_reason is FinishReason.TOOL_CALLS:
        assert calls
    usage = told.get("usage")
    if usage:
        assert counts(usage, "totalTokenCount") in (response.usage.total, None)
        assert response.usage.reasoning == counts(usage, "thoughtsTokenCount")
        assert response.usage.cache_read == counts(usage, "cachedContentTokenCount")
        prompt = (counts(usage, "promptTokenCount") or 0) + (counts(usage, "toolUsePromptTokenCount") or 0)
        assert response.usage.input == prompt or not prompt


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_reply_may_be_cut_anywhere(folder: Path) -> None:
    case = load(folder)
    whole, error = decode(case)
    dice = random.Random(case.id)
    for times in (1, 3, 40):
        places = sorted(dice.sample(range(1, len(case.body)), times))
        pieces = [case.body[a:b] for a, b in zip([0, *places], [*places, len(case.body)], strict=True)]
        again, failure = decode(case, pieces)
        assert again == whole
        assert str(failure) == str(error)


def body_of(case: Recorded) -> HttpRequest:
    query = "?alt=sse" if case.head.media_type == "text/event-stream" else ""
    return HttpRequest(
        method="POST",
        origin="https://recorded.example",
        target=f"{case.path}{query}".encode(),
        body=case.request,
    )


_OPEN = ("args", "response", "properties", "default", "example", "enum", "data")


def alike(value: Any) -> Any:
    """A body with names written in one way, and without what says nothing: the service's own defaults."""
    if isinstance(value, list):
        return [alike(one) for one in value]
    if not isinstance(value, dict):
        return value
    fields = {key: one if key in _OPEN else alike(one) for key, one in camel(value).items()}
    if "contents" in fields:
        fields.pop("model", None)  # it stands in the address as well
        fields["contents"] = listed(fields["contents"])
        for content in fields["contents"]:
            content.setdefault("role", "user")
    if "parameters" in fields:
        fields["parametersJsonSchema"] = decode_schema(fields.pop("parameters"))
    if "responseSchema" in fields:
        fields["responseJsonSchema"] = decode_schema(fields.pop("responseSchema"))
    if "functionCall" in fields:
        fields["functionCall"].setdefault("args", {})
    if fields.get("responseMimeType") == "text/plain":
        del fields["responseMimeType"]
    if fields.get("responseModalities") == ["TEXT"]:
        del fields["responseModalities"]
    if fields.get("candidateCount") == 1:
        del fields["candidateCount"]
    if fields.get("includeThoughts") is False:
        del fields["includeThoughts"]
    if "tools" in fields:
        fields["tools"] = flat(listed(fields["tools"]))
    if "parts" in fields:
        fields["parts"] = listed(fields["parts"])
    if isinstance(fields.get("data"), str):
        fields["data"] = fields["data"].replace("-", "+").replace("_", "/")
    return {
        key: one for key, one in fields.items() if one not in (None, {}, []) or key in ("args", "response")
    }


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def flat(tools: list[dict[str, Any]]) -> list[Any]:
    """Each tool for itself, whatever list it stands in."""
    found: list[Any] = []
    for tool in tools:
        declared = tool.get("functionDeclarations") or []
        found += listed(declared)
        found += [{key: one} for key, one in tool.items() if key != "functionDeclarations"]
    return sorted(found, key=lambda tool: json.dumps(tool, sort_keys=True))


REQUESTS = [folder for folder in CHAT if load(folder).request.strip()]
REFUSED = [f"vertex/{number}-generatecontent-400-gemini-2.5-pro" for number in ("029", "030")]
"""What the service refused is refused by us as well: a role, a temperature."""


@pytest.mark.parametrize("folder", [f for f in REQUESTS if name(f) not in REFUSED], ids=name)
def test_a_recorded_request_survives_both_ways(folder: Path) -> None:
    case = load(folder)
    request = DIALECT.decode_request(body_of(case))
    again = DIALECT.encode_request(request, site_for(request.model))
    assert isinstance(again.body, bytes)
    model = re.search(r"/((?:models)/[^:]+:\w+)", case.path)
    assert model is not None
    assert again.target.decode().partition("?")[0] == f"/v1beta/{model[1]}"
    assert alike(json.loads(again.body)) == alike(json.loads(case.request))
    twice = DIALECT.decode_request(again)
    assert twice == replace(request, foreign=twice.foreign)


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_service_refused_we_refuse(case: str) -> None:
    with pytest.raises(InputError, match=r"role|temperature is 1000"):
        DIALECT.encode_request(DIALECT.decode_request(body_of(load(FOLDER / case))), SITE)


@pytest.mark.parametrize("folder", EMBED, ids=name)
def test_recorded_embeddings_decode_to_what_their_client_saw(folder: Path) -> None:
    case = load(folder)
    request = DIALECT.decode_embed_request(body_of(case))
    response = DIALECT.decode_embed(request, case.head, case.body)
    assert len(response.vectors) == case.expected["vectors"]
    assert [len(vector) for vector in response.vectors] == case.expected["dimensions"]
    assert response.vectors[0][:3] == pytest.approx(case.expected["first3"])
    form = {"batchEmbedContents": "batch", "embedContent": "content"}.get(request.extra[METHOD], "predict")
    again = DIALECT.encode_embed(request, replace(SITE, quirks=DIALECT.quirks({"embed_form": form})))
    assert isinstance(again.body, bytes)
    wanted = json.loads(case.request)
    for one in wanted.get("requests", ()):
        one["content"].pop("role", None)
        wanted.pop("model", None)  # each text names it
    assert json.loads(again.body) == wanted


@pytest.mark.parametrize("folder", COUNT, ids=name)
def test_a_recorded_count_is_what_its_client_saw(folder: Path) -> None:
    case = load(folder)
    count = DIALECT.decode_count(case.head, case.body, SITE)
    assert count.tokens == json.loads(case.body)["totalTokens"]
    assert DIALECT.decode_count_request(body_of(case)).text


@pytest.mark.parametrize("folder", MODELS, ids=name)
def test_recorded_models_are_those_that_their_client_saw(folder: Path) -> None:
    case = load(folder)
    models = DIALECT.decode_models(case.head, case.body, SITE)
    assert [f"models/{model.id}" for model in models] == case.expected["ids"]
    assert all(model.context for model in models)


def fixture(file: str) -> tuple[WireHead, bytes]:
    """Head and body of a documented sample."""
    if file.endswith(".sse"):
        return WireHead(200, ((b"content-type", b"text/event-stream"),)), (FIXTURES / file).read_bytes()
    told = json.loads((FIXTURES / file).read_text("utf-8"))
    fields = tuple((key.encode(), value.encode()) for key, value in told["headers"].items())
    return WireHead(told["status"], fields), json.dumps(told["body"]).encode()


def play_fixture(file: str) -> tuple[ChatResponse, Error | None]:
    head, body = fixture(file)
    events, error = play(DIALECT.decoder(head, SITE), [body])
    return fold(events), error


SAMPLES: dict[str, tuple[str, str, str]] = {
    "generate.response.json": ("Hi 你!", "", "stop"),
    "generate.stream.sse": ("Hello 你!", "", "stop"),
    "generate-tools.response.json": ("", "Checking.", "tool_calls"),
    "generate-thinking-tools.stream.sse": ("", "**Plan**\n\nUse the tool.", "tool_calls"),
    "generate-maxtokens.response.json": ("Once", "", "length"),
    "generate-safety.response.json": ("", "", "content_filter"),
    "generate-blocked-prompt.response.json": ("", "", "content_filter"),
}


@pytest.mark.parametrize("file", SAMPLES)
def test_a_documented_reply_is_understood(file: str) -> None:
    response, error = play_fixture(file)
    assert error is None
    assert (response.text, response.thinking, response.finish_reason.value) == SAMPLES[file]


def test_only_the_first_documented_call_carries_a_signature() -> None:
    response, _ = play_fixture("generate-tools.response.json")
    calls = [part for part in response.message.content if isinstance(part, ToolCall)]
    assert [call.replay is not None for call in calls] == [True, False]


FAILURES: dict[str, type[ProviderError]] = {
    "400-key.error.json": AuthError,
    "404-model.error.json": NotFoundError,
    "429-quota.error.json": RateLimitedError,
    "503-overloaded.error.json": OverloadedError,
}


@pytest.mark.parametrize("file", FAILURES)
def test_a_documented_failure_is_an_error(file: str) -> None:
    _, error = play_fixture(file)
    assert type(error) is FAILURES[file]
    assert error.retry_after == (27.0 if file.startswith("429") else None)


@pytest.mark.parametrize("file", ["generate.request.json", "generate-tools.request.json"])
def test_a_documented_request_survives_both_ways(file: str) -> None:
    told = json.loads((FIXTURES / file).read_text("utf-8"))
    wire = HttpRequest(
        method="POST",
        origin="https://h.example",
        target=told["path"].encode(),
        body=json.dumps(told["body"]).encode(),
    )
    request = DIALECT.decode_request(wire)
    site = replace(SITE, quirks=DIALECT.quirks({"thinking": "level"}))
    again = DIALECT.encode_request(request, site)
    assert isinstance(again.body, bytes)
    assert alike(json.loads(again.body)) == alike(told["body"])


def test_documented_models_vectors_and_counts_are_understood() -> None:
    (model,) = DIALECT.decode_models(*fixture("models.response.json"), SITE)
    assert (model.id, model.context, model.max_output) == ("gemini-3-pro", 1048576, 65536)
    assert "thinking" in model.capabilities
    two = EmbedRequest(model="gemini-embedding-001", inputs=("a", "b"))
    assert len(DIALECT.decode_embed(two, *fixture("embed.response.json")).vectors) == 2
    assert DIALECT.decode_count(*fixture("count.response.json"), SITE).tokens == 3
    assert DIALECT.encode_count(CountRequest(model="m", text="a"), SITE).target.endswith(b"/m:countTokens")
