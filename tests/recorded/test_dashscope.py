"""Recorded and documented exchanges of DashScope's own wire decode to what its client made of them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.dashscope import DIALECT
from baimo.errors import Error, ProviderError
from baimo.types.chat import ChatResponse
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play
from tests.recorded.cases import FOLDER, Recorded, load, name, select

CHAT = select(lambda method, path: path.endswith("/services/aigc/text-generation/generation"))
EMBED = select(lambda method, path: path.endswith("/services/embeddings/text-embedding/text-embedding"))
SITE = Site(base_url="https://dashscope.aliyuncs.com/api/v1", provider="qwen", codes="qwen")
REFUSED = select(lambda method, path: path.endswith("/services/rerank/text-rerank/text-rerank"))

FIXTURES = FOLDER.parent / "fixtures" / "qwen"
"""Documented samples beside the recordings, and what the official client sent."""


def samples(file: str, key: str) -> list[dict[str, Any]]:
    path = FIXTURES / file
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))[key] if path.exists() else []
    return found


def test_the_recordings_are_there() -> None:
    assert (len(CHAT), len(EMBED), len(REFUSED)) >= (11, 2, 3)
    assert samples("cases.json", "cases")
    assert samples("sdk-wire.json", "samples")


def asked_of(case: Recorded) -> HttpRequest:
    told = json.loads((FOLDER / case.id / "request.json").read_text("utf-8"))
    fields = tuple((key.encode(), value.encode()) for key, value in told["headers"])
    return HttpRequest(
        method="POST",
        origin="https://dashscope.aliyuncs.com",
        target=case.path.encode(),
        headers=fields,
        body=case.request,
    )


def decode(case: Recorded, pieces: list[bytes]) -> tuple[ChatResponse, Error | None]:
    request = DIALECT.decode_request(asked_of(case))
    events, error = play(DIALECT.decoder_for(request, case.head, SITE), pieces)
    return fold(events), error


def joined(calls: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """The fragments of calls that the client was shown, put together by their index."""
    found: dict[int, list[str]] = {}
    for number, call in enumerate(calls):
        whole = found.setdefault(call.get("index", number), ["", "", ""])
        function = call["function"]
        for place, more in enumerate((call.get("id"), function.get("name"), function.get("arguments"))):
            whole[place] += more or ""
    return [(ident, name, arguments) for ident, name, arguments in found.values()]


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_reply_decodes_to_what_its_client_saw(folder: Path) -> None:
    case = load(folder)
    response, error = decode(case, [case.body])
    assert error is None
    told = case.expected
    # The client joins whole texts as if they were pieces; ours has the last one.
    repeats = told.get("incremental") is False
    assert response.text == told["text"] or (repeats and told["text"].endswith(response.text))
    assert response.choices[0].finish_raw == told["finish_reason"]
    calls = [(call.id, call.name, call.arguments) for call in response.tool_calls]
    assert calls == joined(told["tool_calls"])
    assert response.usage.input == told["usage"]["input_tokens"]
    assert response.usage.output == told["usage"]["output_tokens"]
    assert response.usage.cache_read == told["usage"]["prompt_tokens_details"]["cached_tokens"]


def test_whole_texts_of_a_stream_become_one_text() -> None:
    (folder,) = [folder for folder in CHAT if load(folder).expected.get("incremental") is False]
    response, _ = decode(load(folder), [load(folder).body])
    assert response.text == "1, 2, 3, 4, 5."


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_reply_may_be_cut_anywhere(folder: Path) -> None:
    case = load(folder)
    whole = decode(case, [case.body])
    dice = random.Random(case.id)
    for times in (1, 3, 40):
        places = sorted(dice.sample(range(1, len(case.body)), times))
        pieces = [case.body[a:b] for a, b in zip([0, *places], [*places, len(case.body)], strict=True)]
        assert decode(case, pieces) == whole


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_request_survives_both_ways(folder: Path) -> None:
    case = load(folder)
    request = DIALECT.decode_request(asked_of(case))
    again = DIALECT.encode_request(request, SITE)
    assert isinstance(again.body, bytes)
    assert again.target.decode() == case.path
    wanted = json.loads(case.request)
    for message in wanted["input"].get("messages", ()):
        message.setdefault("content", "")  # left out beside calls; it means the same
    assert json.loads(again.body) == wanted
    assert DIALECT.decode_request(again) == request


@pytest.mark.parametrize("folder", EMBED, ids=name)
def test_recorded_embeddings_decode_to_what_their_client_saw(folder: Path) -> None:
    case = load(folder)
    request = DIALECT.decode_embed_request(asked_of(case))
    response = DIALECT.decode_embed(request, case.head, case.body)
    assert len(response.vectors) == case.expected["vectors"]
    assert [len(vector) for vector in response.vectors] == case.expected["dimensions"]
    assert response.usage.input == case.expected["usage"]["total_tokens"]
    again = DIALECT.encode_embed(request, SITE)
    assert isinstance(again.body, bytes)
    assert json.loads(again.body) == json.loads(case.request)


def test_a_recorded_refusal_has_its_class() -> None:
    (folder,) = [folder for folder in REFUSED if load(folder).head.status == 400]
    case = load(folder)
    _, error = play(DIALECT.decoder(case.head, SITE), [case.body])
    assert isinstance(error, ProviderError)
    assert (error.status, error.provider_code) == (400, case.expected["error"]["code"])
    assert error.message == case.expected["error"]["message"]
    assert type(error).__name__ == "NotFoundError"


NATIVE = [sample for sample in samples("cases.json", "cases") if sample["name"].startswith("native")]

KINDS = {
    "invalid": "InvalidRequestError",
    "quota": "QuotaError",
    "auth": "AuthError",
    "rate_limit": "RateLimitedError",
    "rate_limit_or_quota": "RateLimitedError",
    "content_filter": "ContentFilteredError",
    "server": "ServerError",
}


@pytest.mark.parametrize("sample", NATIVE, ids=lambda sample: sample["name"])
def test_a_documented_reply_is_understood(sample: dict[str, Any]) -> None:
    told, expect = sample["response"], sample["expect"]
    fields = tuple((key.encode(), value.encode()) for key, value in told["headers"].items())
    parameters = (sample["request"] or {}).get("parameters", {})
    output = "cumulative" if parameters.get("incremental_output") is False else "incremental"
    site = Site(base_url="https://h", codes="qwen", quirks=DIALECT.quirks({"output": output}))
    decoder = DIALECT.decoder(WireHead(told["status"], fields), site)
    events, error = play(decoder, [told["body_utf8"].encode()])
    response = fold(events)
    if not expect["ok"]:
        assert isinstance(error, ProviderError)
        assert type(error).__name__ == KINDS[expect["error_kind"]]
        assert (error.retryable, error.provider_code) == (expect["retryable"], expect["provider_code"])
        assert expect["message_contains"] in error.message
        assert response.text == expect.get("partial_text", "")
        return
    assert error is None
    assert (response.text, response.thinking or None) == (expect["text"], expect["reasoning"])
    assert response.choices[0].finish_raw == expect["finish_raw"]
    counts = expect["usage"]
    assert (response.usage.input, response.usage.output) == (counts["input"], counts["output"])
    assert (response.usage.cache_read, response.usage.reasoning) == (counts["cached"], counts["reasoning"])


SENT = [sample for sample in samples("sdk-wire.json", "samples") if sample["name"] != "embedding"]


@pytest.mark.parametrize("sample", SENT, ids=lambda sample: sample["name"])
def test_what_the_official_client_sends_survives_both_ways(sample: dict[str, Any]) -> None:
    (sent,) = sample["requests"]
    fields = tuple((key.encode(), value.encode()) for key, value in sent["headers"].items())
    wire = HttpRequest(
        method="POST",
        origin="https://dashscope.aliyuncs.com",
        target=sent["target"].encode(),
        headers=fields,
        body=json.dumps(sent["body_json"]).encode(),
    )
    again = DIALECT.encode_request(DIALECT.decode_request(wire), SITE)
    assert isinstance(again.body, bytes)
    assert again.target == wire.target
    wanted = sent["body_json"]
    search = wanted["parameters"].get("search_options")
    if search is not None:
        search["enable_source"] = False  # what is left out is said
    assert json.loads(again.body) == wanted
