"""Every recorded reply of this wire decodes to what an official client made of it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from baimo.catalogue import load as catalogue
from baimo.dialect.protocols import ChatDecoder, Site
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import Error, InputError, ProviderError
from baimo.types.chat import ChatRequest, ChatResponse, ResponseFormat
from baimo.types.embeddings import EmbedRequest
from baimo.types.events import ChatEvent
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest
from tests.recorded.cases import Recorded, load, name, select

CHAT = select(lambda _, path: path.endswith("/chat/completions") or path.endswith("/v1/chat"))
CHAT = [folder for folder in CHAT if folder.parent.name != "cohere"]
EMBED = select(lambda _, path: path.endswith("/embeddings") and "services" not in path)
EMBED = [folder for folder in EMBED if folder.parent.name != "ollama"]
MODELS = select(lambda method, path: method == "GET" and path.endswith("/models") and "v1beta" not in path)
MODELS = [folder for folder in MODELS if folder.parent.name != "gemini"]

QUIRKS: dict[str, Mapping[str, Any]] = {"vercel": catalogue.provider("vercel").endpoints[0].quirks}


def site(case: Recorded) -> Site:
    quirks = DIALECT.quirks(QUIRKS.get(case.provider, {}))
    return Site(base_url="https://recorded.example/v1", provider=case.provider, quirks=quirks)


def play(decoder: ChatDecoder, pieces: list[bytes]) -> tuple[ChatResponse, Error | None]:
    """What comes out, and how it ended."""
    events: list[ChatEvent] = []
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        events += decoder.end()
    except Error as error:
        events += decoder.early
        return fold(events), error
    return fold(events), None


def cut(body: bytes, times: int, dice: random.Random) -> list[bytes]:
    places = sorted(dice.sample(range(1, len(body)), min(times, len(body) - 1)))
    return [body[a:b] for a, b in zip([0, *places], [*places, len(body)], strict=True)]


def test_the_recordings_are_there() -> None:
    assert len(CHAT) > 280
    assert len(EMBED) > 10
    assert len(MODELS) > 3


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_reply_decodes_to_what_its_client_saw(folder: Path) -> None:
    case = load(folder)
    response, error = play(DIALECT.decoder(case.head, site(case)), [case.body])
    expected = case.expected
    if expected.get("error"):
        assert isinstance(error, ProviderError)
        assert error.status == case.head.status
        assert error.message in expected["error"]["message"] or error.message.split(":")[0] in str(expected)
    else:
        assert error is None
    if "text" in expected:
        check(response, expected)


def check(response: ChatResponse, expected: dict[str, Any]) -> None:
    assert response.text == (expected["text"] or "")
    if "reasoning" in expected:
        assert response.thinking == expected["reasoning"]
    if "refusal" in expected:
        assert response.refusal == expected["refusal"]
    assert response.choices[0].finish_raw == (expected["finish_reason"] or None)
    calls = [(call.name, call.arguments) for call in response.tool_calls]
    assert calls == [told_call(call) for call in expected["tool_calls"]]
    for call, told in zip(response.tool_calls, expected["tool_calls"], strict=True):
        assert call.id == told["id"] or (told["id"] in (None, "", "null") and call.id)
    check_usage(response, expected["usage"])


def told_call(call: dict[str, Any]) -> tuple[str, str]:
    if "custom" in call:
        return call["custom"]["name"], call["custom"]["input"]
    return call["name"], call["arguments"]


def check_usage(response: ChatResponse, told: dict[str, Any] | None) -> None:
    usage = response.usage
    if not told:
        assert usage.input is None
        return
    made = told.get("completion_tokens_details") or {}
    cached = (told.get("prompt_tokens_details") or {}).get("cached_tokens")
    beside = cached if cached is not None and cached > told["prompt_tokens"] else 0
    assert usage.input == told["prompt_tokens"] + beside
    if cached is not None:
        assert usage.cache_read == cached
    reasoning = made.get("reasoning_tokens")
    total, completion = told.get("total_tokens"), told["completion_tokens"]
    if reasoning and (reasoning == total - told["prompt_tokens"] - completion or completion < reasoning):
        assert usage.output in (completion, completion + reasoning)
    elif total is not None and not reasoning and total > told["prompt_tokens"] + completion:
        assert usage.total == total
    else:
        assert usage.output == completion
        assert reasoning is None or usage.reasoning == reasoning


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_reply_may_be_cut_anywhere(folder: Path) -> None:
    case = load(folder)
    whole, error = play(DIALECT.decoder(case.head, site(case)), [case.body])
    dice = random.Random(case.id)
    for times in (1, 3, 40):
        found, same = play(DIALECT.decoder(case.head, site(case)), cut(case.body, times, dice))
        assert found == whole
        assert (type(same), str(same)) == (type(error), str(error))


@pytest.mark.parametrize("folder", EMBED, ids=name)
def test_recorded_embeddings_decode_to_what_their_client_saw(folder: Path) -> None:
    case = load(folder)
    expected = case.expected
    inputs = tuple(["x"] * expected.get("vectors", 1))
    request = EmbedRequest(model="m", inputs=inputs)
    if expected.get("error"):
        with pytest.raises(ProviderError) as caught:
            DIALECT.decode_embed(request, case.head, case.body)
        assert caught.value.status == case.head.status
        return
    response = DIALECT.decode_embed(request, case.head, case.body)
    assert [len(vector) for vector in response.vectors[:1]] == expected["dimensions"][:1]
    assert response.vectors[0][:3] == pytest.approx(expected["first3"], abs=1e-6)
    if (expected.get("usage") or {}).get("prompt_tokens") is not None:
        assert response.usage.input == expected["usage"]["prompt_tokens"]


@pytest.mark.parametrize("folder", MODELS, ids=name)
def test_a_recorded_list_of_models_decodes_to_what_its_client_saw(folder: Path) -> None:
    case = load(folder)
    models = DIALECT.decode_models(case.head, case.body, site(case))
    assert len(models) == case.expected["count"]
    ids = [model.id for model in models]
    assert ids[: len(case.expected["ids"])] == case.expected["ids"]


ASKED = [folder for folder in CHAT if load(folder).request and load(folder).head.status < 400]
OPEN = Site(
    base_url="https://recorded.example/v1",
    quirks=DIALECT.quirks(
        {
            "max_tokens_field": "max_completion_tokens",
            "developer_role": True,
            "reasoning_replay": "always",
            "cache_marks": "cache_control",
            "search": "web_search_options",
            "extras": ["top_k", "min_p", "repetition_penalty", "allowed_tools", "video"],
        }
    ),
)


def without_defaults(request: ChatRequest) -> ChatRequest:
    """A request without the values that the wire takes for granted."""
    return replace(
        request,
        n=request.n if request.n != 1 else None,
        frequency_penalty=request.frequency_penalty or None,
        presence_penalty=request.presence_penalty or None,
        logprobs=request.logprobs or None,
        response_format=None
        if request.response_format == ResponseFormat(type="text")
        else request.response_format,
        tool_choice=request.tool_choice if request.tools else None,
    )


@pytest.mark.parametrize("folder", ASKED, ids=name)
def test_a_recorded_request_survives_both_ways(folder: Path) -> None:
    case = load(folder)
    wire = HttpRequest(
        method="POST", origin="https://recorded.example", target=case.path.encode(), body=case.request
    )
    if b'"tool_calls":[{' in case.request and b'"id"' not in case.request:
        with pytest.raises(InputError, match=r"messages\[1\]\.tool_calls\[0\]\.id"):
            DIALECT.decode_request(wire)
        return
    request = DIALECT.decode_request(wire)
    again = DIALECT.decode_request(DIALECT.encode_request(request, OPEN))
    assert again == without_defaults(request)
