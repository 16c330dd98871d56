"""Recorded and documented traffic of Bedrock's Converse decodes to what AWS's own client made of it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from baimo.auth.sigv4 import SigV4
from baimo.catalogue import load as catalogue
from baimo.dialect.protocols import Site
from baimo.dialects.bedrock_converse import DIALECT
from baimo.errors import Error, PermissionDeniedError, ProviderError, RateLimitedError
from baimo.types.chat import ChatResponse
from baimo.types.content import Opaque
from baimo.types.fold import fold
from baimo.types.secret import Secret
from baimo.wire.eventstream import FrameDecoder, encode_frame
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play
from tests.recorded.cases import FOLDER, load, name, select

CHAT = select(lambda _, path: path.endswith(("/converse", "/converse-stream")))
COUNTS = select(lambda _, path: path.endswith("/count-tokens"))
STREAMS = select(lambda _, path: path.endswith("-stream"))
SITE = Site(base_url="https://recorded.example", provider="bedrock", codes="aws")

FIXTURES = FOLDER.parent / "fixtures" / "bedrock"
"""Documented samples beside the recordings."""


def test_the_recordings_are_there() -> None:
    assert (len(CHAT), len(COUNTS)) >= (56, 5)
    assert list(FIXTURES.glob("*.json"))


def decode(head: WireHead, pieces: list[bytes]) -> tuple[ChatResponse, Error | None]:
    events, error = play(DIALECT.decoder(head, SITE), pieces)
    return fold(events), error


def calls_of(response: ChatResponse) -> list[dict[str, Any]]:
    """All calls, those that the provider made itself among them: its client does not tell them apart."""
    own = [
        {"id": call.id, "name": call.name, "arguments": json.loads(call.arguments)}
        for call in response.tool_calls
    ]
    for part in response.message.content:
        block = json.loads(bytes(part.json)).get("toolUse") if isinstance(part, Opaque) else None
        if block:
            own.append({"id": block["toolUseId"], "name": block["name"], "arguments": block["input"]})
    return sorted(own, key=lambda call: call["id"])


def told_calls(told: dict[str, Any]) -> list[dict[str, Any]]:
    calls = [dict(call) for call in told["tool_calls"]]
    for call in calls:
        if isinstance(call["arguments"], str):
            call["arguments"] = json.loads(call["arguments"] or "{}")
    return sorted(calls, key=lambda call: call["id"])


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_reply_decodes_to_what_its_client_saw(folder: Path) -> None:
    case = load(folder)
    response, error = decode(case.head, [case.body])
    told = case.expected
    if "error" in told:
        assert isinstance(error, ProviderError)
        assert error.status == told["error"]["status_code"]
        assert told["error"]["message"].endswith(error.message)
        assert error.provider_code in (told["error"]["error_code"], "400")
        return
    assert error is None
    assert response.text == told["text"]
    assert response.thinking == told.get("reasoning", "")
    assert response.choices[0].finish_raw == told["finish_reason"]
    assert calls_of(response) == told_calls(told)
    usage = told.get("usage") or {}
    assert response.usage.input_uncached == usage.get("inputTokens")
    assert response.usage.output == usage.get("outputTokens")
    assert response.usage.cache_read == usage.get("cacheReadInputTokens")
    assert response.usage.cache_write_5m == usage.get("cacheWriteInputTokens")
    assert response.usage.total == usage.get("totalTokens")


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_reply_may_be_cut_anywhere(folder: Path) -> None:
    case = load(folder)
    whole, error = decode(case.head, [case.body])
    dice = random.Random(case.id)
    for times in (1, 3, 40):
        places = sorted(dice.sample(range(1, len(case.body)), times))
        pieces = [case.body[a:b] for a, b in zip([0, *places], [*places, len(case.body)], strict=True)]
        again, fault = decode(case.head, pieces)
        assert (again, str(fault)) == (whole, str(error))


@pytest.mark.parametrize("folder", STREAMS, ids=name)
def test_a_recorded_stream_is_written_again_byte_for_byte(folder: Path) -> None:
    """Streams of InvokeModel too: their framing is the same."""
    case = load(folder)
    if case.head.status == 200:
        decoder = FrameDecoder()
        frames = decoder.feed(case.body)
        decoder.end()
        assert frames
        assert b"".join(encode_frame(*frame) for frame in frames) == case.body


_NO_WISH = (None, "", [], {})


def wishes(value: Any) -> Any:
    """A body without fields that are there but empty, and a schema written as text as what it says."""
    if not isinstance(value, dict):
        return value
    said = {name: wishes(one) for name, one in value.items() if one not in _NO_WISH}
    if isinstance(said.get("schema"), str):
        said["schema"] = json.loads(said["schema"])
    return said


def site_for(model: str) -> Site:
    """The site with the quirks that the catalogue knows of the model."""
    (endpoint, *_) = catalogue.find("bedrock").endpoints
    return Site(base_url=SITE.base_url, quirks=DIALECT.quirks(endpoint.quirks_for(model)))


def body_of(folder: Path) -> HttpRequest:
    case = load(folder)
    return HttpRequest(
        method="POST", origin="https://recorded.example", target=case.path.encode(), body=case.request
    )


def is_json(folder: Path) -> bool:
    """One request was masked by its recorder so that it is no JSON any more."""
    try:
        json.loads(load(folder).request)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("folder", [f for f in CHAT if is_json(f)], ids=name)
def test_a_recorded_request_survives_both_ways(folder: Path) -> None:
    case = load(folder)
    request = DIALECT.decode_request(body_of(folder))
    again = DIALECT.encode_request(request, site_for(request.model))
    assert isinstance(again.body, bytes)
    assert again.target.decode() == case.path.replace(":", "%3A")
    assert wishes(json.loads(again.body)) == wishes(json.loads(case.request))
    assert DIALECT.decode_request(again) == request


@pytest.mark.parametrize("folder", COUNTS, ids=name)
def test_a_recorded_count_is_understood(folder: Path) -> None:
    case = load(folder)
    if case.head.status == 200:
        assert DIALECT.decode_count(case.head, case.body, SITE).tokens == case.expected["input_tokens"]
    else:
        with pytest.raises(ProviderError) as caught:
            DIALECT.decode_count(case.head, case.body, SITE)
        assert caught.value.status == 400
    if b'"converse"' in case.request:
        count = DIALECT.decode_count_request(body_of(folder))
        assert wishes(json.loads(DIALECT.encode_count(count, SITE).body)) == {  # type: ignore[arg-type]
            "input": {"converse": {"messages": json.loads(case.request)["input"]["converse"]["messages"]}}
        }


def fixture(file: str) -> tuple[WireHead, bytes]:
    """Head and body of a documented sample."""
    told = json.loads((FIXTURES / file).read_text("utf-8"))
    fields = tuple((key.encode(), value.encode()) for key, value in told["headers"].items())
    return WireHead(told["status"], fields), json.dumps(told["body"]).encode()


def test_a_documented_stream_and_the_same_whole_are_understood_alike() -> None:
    stream = WireHead(200, ((b"content-type", b"application/vnd.amazon.eventstream"),))
    streamed, error = decode(stream, [(FIXTURES / "converse-tools.eventstream.bin").read_bytes()])
    assert error is None
    whole, error = decode(*_pair("converse-tools.response.json"))
    assert error is None
    assert (streamed.thinking, streamed.text) == ("Think.", "Hi 你")
    assert (whole.thinking, whole.text) == ("Think.", "Checking.")
    assert streamed.message.content[0] == whole.message.content[0]
    for response in (whole, streamed):
        (call,) = response.tool_calls
        assert (call.id, call.name, json.loads(call.arguments)) == (
            "tooluse_1",
            "get_weather",
            {"city": "Paris"},
        )
        assert (response.usage.input, response.usage.output) == (30, 12)


def test_a_documented_cache_is_told_apart() -> None:
    response, _ = decode(*_pair("converse.response.json"))
    usage = response.usage
    assert (usage.input_uncached, usage.cache_read, usage.cache_write_5m, usage.total) == (30, 100, 0, 142)


def test_documented_refusals_are_errors() -> None:
    assert isinstance(decode(*_pair("403-access.error.json"))[1], PermissionDeniedError)
    assert isinstance(decode(*_pair("429-throttling.error.json"))[1], RateLimitedError)
    _, error = decode(*_pair("400-validation.error.json"))
    assert isinstance(error, ProviderError)
    assert error.provider_code == "ValidationException"


def _pair(file: str) -> tuple[WireHead, list[bytes]]:
    head, body = fixture(file)
    return head, [body]


def test_a_documented_request_survives_both_ways() -> None:
    told = json.loads((FIXTURES / "converse.request.json").read_text("utf-8"))
    wire = HttpRequest(
        method="POST", origin="http://h", target=told["path"].encode(), body=json.dumps(told["body"]).encode()
    )
    request = DIALECT.decode_request(wire)
    assert (request.model, request.top_k) == ("anthropic.claude-3-5-sonnet-20240620-v1:0", 4)
    again = DIALECT.encode_request(request, site_for(request.model))
    assert isinstance(again.body, bytes)
    assert again.target == wire.target
    assert json.loads(again.body) == told["body"]


def test_the_documented_signatures_are_ours() -> None:
    told = json.loads((FIXTURES / "sigv4-vector.json").read_text("utf-8"))
    origin, _, target = told["url"].partition(".com")
    for case in told["cases"]:
        request = HttpRequest(
            method=told["method"],
            origin=f"{origin}.com",
            target=target.encode(),
            headers=tuple((n.encode(), case["headers"][n].encode()) for n in ("Content-Type", "X-Amz-Date")),
            body=told["body"].encode(),
        )
        names = ("access_key", "secret_key")
        secrets = {name: Secret(told[name]) for name in names}
        if case["session_token"]:
            secrets["session_token"] = Secret(case["session_token"])
        signer = SigV4(service=told["service"], region=told["region"])
        signed = signer.sign(request, secrets, 0.0)
        sent = {name.decode(): value.decode() for name, value in signed.headers}
        assert {name: sent[name] for name in case["headers"]} == case["headers"]
        assert signer.explain(request, secrets, 0.0)[1].text
