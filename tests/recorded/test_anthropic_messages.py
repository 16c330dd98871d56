"""Recorded and documented exchanges of Anthropic's wire decode to what an official client made of them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.anthropic_messages import DIALECT
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
)
from baimo.types.chat import ChatResponse
from baimo.types.content import Opaque
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play
from tests.recorded.cases import FOLDER, Recorded, load, name, select


def is_bedrock(path: str) -> bool:
    return path.startswith("/model/") and ".anthropic." in f".{path}" and path.endswith("/invoke")


CHAT = select(
    lambda method, path: (
        (method == "POST" and path == "/v1/messages") or "awPredict" in path or is_bedrock(path)
    )
)
CHAT = [folder for folder in CHAT if folder.parent.name in ("anthropic", "vertex", "bedrock")]
COUNT = select(lambda _, path: path == "/v1/messages/count_tokens")
GOOD = [folder for folder in CHAT if load(folder).head.status == 200]
BAD = [folder for folder in (*CHAT, *COUNT) if load(folder).head.status != 200]
FIXTURES = FOLDER.parent / "fixtures" / "anthropic"
"""Documented samples beside the recordings."""

SITE = Site(base_url="https://api.anthropic.com", provider="anthropic", codes="anthropic")
VERTEX = Site(
    base_url="https://us-east5-aiplatform.googleapis.com/v1/projects/example-project/locations/us-east5"
    "/publishers/anthropic/models",
    provider="vertex",
    quirks=DIALECT.quirks(
        {
            "body_version": "vertex-2023-10-16",
            "paths": {"chat": "/{model}:rawPredict", "stream": "/{model}:streamRawPredict"},
        }
    ),
)
BEDROCK = Site(
    base_url="https://bedrock-runtime.us-east-1.amazonaws.com",
    provider="bedrock",
    quirks=DIALECT.quirks({"body_version": "bedrock-2023-05-31", "paths": {"chat": "/model/{model}/invoke"}}),
)
SITES = {"anthropic": SITE, "vertex": VERTEX, "bedrock": BEDROCK}


def test_the_recordings_are_there() -> None:
    assert (len(CHAT), len(COUNT)) >= (67, 2)
    assert len(BAD) >= 5
    assert list(FIXTURES.glob("*.json"))


def decode(head: WireHead, pieces: list[bytes]) -> tuple[ChatResponse, Error | None, list[str]]:
    decoder = DIALECT.decoder(head, SITE)
    events, error = play(decoder, pieces)
    return fold(events), error, [note.code for note in getattr(decoder, "notes", ())]


@pytest.mark.parametrize("folder", GOOD, ids=name)
def test_a_recorded_reply_decodes_to_what_its_client_saw(folder: Path) -> None:
    case = load(folder)
    response, error, _ = decode(case.head, [case.body])
    assert error is None
    told = case.expected
    assert response.text == (told.get("text") or "")
    assert response.thinking == (told.get("reasoning") or "")
    calls = [
        {"id": call.id, "name": call.name, "arguments": json.loads(call.arguments)}
        for call in response.tool_calls
    ]
    assert calls == told.get("tool_calls", [])
    assert response.choices[0].finish_raw == told["finish_reason"]
    assert response.model == told.get("model", response.model)
    check_usage(response, told["usage"])
    check_blocks(response, told.get("block_types", []))


def check_usage(response: ChatResponse, told: dict[str, Any]) -> None:
    usage = response.usage
    assert usage.input_uncached == told["input_tokens"]
    assert usage.output == told["output_tokens"]
    assert usage.cache_read == told.get("cache_read_input_tokens")
    written = told.get("cache_creation_input_tokens")
    assert (usage.cache_write_5m or 0) + (usage.cache_write_1h or 0) == (written or 0)
    assert usage.reasoning == (told.get("output_tokens_details") or {}).get("thinking_tokens")


def check_blocks(response: ChatResponse, kinds: list[str]) -> None:
    """Every block is a part, in its order."""
    found = []
    for part in response.message.content:
        kind = {"Text": "text", "ToolCall": "tool_use", "Thinking": "thinking"}.get(type(part).__name__)
        found.append(msgspec.json.decode(part.json)["type"] if isinstance(part, Opaque) else kind)
    assert found == [kind.replace("redacted_", "") for kind in kinds] or not kinds


@pytest.mark.parametrize("folder", GOOD, ids=name)
def test_a_recorded_reply_may_be_cut_anywhere(folder: Path) -> None:
    case = load(folder)
    whole = decode(case.head, [case.body])
    dice = random.Random(case.id)
    for times in (1, 3, 40):
        places = sorted(dice.sample(range(1, len(case.body)), times))
        pieces = [case.body[a:b] for a, b in zip([0, *places], [*places, len(case.body)], strict=True)]
        assert decode(case.head, pieces) == whole
    events = case.body.split(b"\n\n")
    assert decode(case.head, [one + b"\n\n" for one in events if one]) == whole


KINDS = {
    "AuthenticationError": AuthError,
    "BadRequestError": InvalidRequestError,
    "NotFoundError": NotFoundError,
    "PermissionDeniedError": PermissionDeniedError,
    "AccessDeniedException": PermissionDeniedError,
    "ClientError": PermissionDeniedError,
}


@pytest.mark.parametrize("folder", BAD, ids=name)
def test_a_recorded_refusal_is_the_error_that_its_client_saw(folder: Path) -> None:
    case = load(folder)
    _, error, _ = decode(case.head, [case.body])
    assert isinstance(error, ProviderError)
    assert type(error) is KINDS[case.expected["error"]["class"]]
    assert error.status == case.head.status
    content = json.loads(case.body)
    assert error.message == (content.get("error", content).get("message") or content["message"])


def body_of(case: Recorded, path: str) -> HttpRequest:
    return HttpRequest(
        method="POST",
        origin="https://recorded.example",
        target=path.encode(),
        headers=beta_of(case),
        body=case.request,
    )


def beta_of(case: Recorded) -> tuple[tuple[bytes, bytes], ...]:
    told = json.loads((FOLDER / case.id / "request.json").read_text("utf-8"))["headers"]
    return tuple([(key.encode(), value.encode()) for key, value in told if key == "anthropic-beta"])


def wishes(value: Any, *, top: bool = True) -> Any:
    """What a body asks for: one text as a list of it, without fields that are there but say nothing."""
    if isinstance(value, list):
        return [wishes(one, top=False) for one in value]
    if not isinstance(value, dict):
        return value
    fields = {key: wishes(one, top=False) for key, one in value.items() if one is not None}
    for key in ("content", "system"):
        if isinstance(fields.get(key), str):
            fields[key] = [{"type": "text", "text": fields[key]}]
    for key in ("stream", "is_error"):
        if fields.get(key) is False:
            del fields[key]
    for key in ("tools", "system"):
        if top and fields.get(key) == []:
            del fields[key]
    return fields


@pytest.mark.parametrize("folder", GOOD, ids=name)
def test_a_recorded_request_survives_both_ways(folder: Path) -> None:
    case = load(folder)
    path = case.path.replace("%3A", ":")
    site = SITES[folder.parent.name]
    request = DIALECT.decode_request(body_of(case, path))
    again = DIALECT.encode_request(request, site)
    assert isinstance(again.body, bytes)
    assert again.target.decode() == path
    assert wishes(json.loads(again.body)) == wishes(json.loads(case.request))
    assert [field for field in again.headers if field[0] == b"anthropic-beta"] == list(beta_of(case))
    assert DIALECT.decode_request(again) == request


@pytest.mark.parametrize("folder", [folder for folder in COUNT if load(folder).head.status == 200], ids=name)
def test_a_recorded_count_is_read(folder: Path) -> None:
    case = load(folder)
    asked = DIALECT.decode_count_request(body_of(case, case.path))
    assert asked.model
    assert DIALECT.decode_count(case.head, case.body, SITE).tokens == json.loads(case.body)["input_tokens"]


def fixture(file: str) -> tuple[WireHead, bytes]:
    """Head and body of a documented sample."""
    if file.endswith(".sse"):
        return WireHead(200, ((b"content-type", b"text/event-stream"),)), (FIXTURES / file).read_bytes()
    told = json.loads((FIXTURES / file).read_text("utf-8"))
    fields = tuple((key.encode(), value.encode()) for key, value in told["headers"].items())
    return WireHead(told["status"], fields), json.dumps(told["body"]).encode()


SAMPLES: dict[str, tuple[str, str, str, int, int]] = {
    "messages-basic.response.json": ("Hi 你!", "", "stop", 152, 6),
    "messages-basic.stream.sse": ("Hello!", "", "stop", 25, 15),
    "messages-tools.response.json": ("Checking both.", "", "tool_calls", 12, 6),
    "messages-tools.stream.sse": ("Checking.", "", "tool_calls", 25, 89),
    "messages-thinking.response.json": ("42", "Let me think.", "stop", 20, 30),
    "messages-thinking.stream.sse": ("42", "Let me think.", "stop", 25, 40),
    "messages-stop-sequence.response.json": ("one two ", "", "stop", 12, 6),
    "messages-refusal.response.json": ("", "", "refusal", 12, 6),
}


@pytest.mark.parametrize("file", SAMPLES)
def test_a_documented_reply_is_understood(file: str) -> None:
    head, body = fixture(file)
    response, error, _ = decode(head, [body])
    assert error is None
    usage = response.usage
    finish = response.finish_reason.value
    assert (response.text, response.thinking, finish, usage.input, usage.output) == SAMPLES[file]


def test_what_documented_replies_tell_besides_is_kept() -> None:
    tools, _, _ = decode(*_pair("messages-tools.response.json"))
    assert [call.arguments for call in tools.tool_calls] == ['{"city":"Paris"}', "{}"]
    streamed, _, _ = decode(*_pair("messages-tools.stream.sse"))
    assert [call.arguments for call in streamed.tool_calls] == ['{"city": "Paris"}', "{}"]
    basic, _, _ = decode(*_pair("messages-basic.response.json"))
    assert (basic.usage.cache_read, basic.usage.cache_write_5m) == (100, 40)
    thought, _, _ = decode(*_pair("messages-thinking.response.json"))
    assert thought.usage.reasoning == 25
    _, _, notes = decode(*_pair("messages-stop-sequence.response.json"))
    assert notes == ["stopped_at"]
    refused, _, notes = decode(*_pair("messages-refusal.response.json"))
    assert (refused.refusal, notes) == ("Declined.", ["refused"])


def _pair(file: str) -> tuple[WireHead, list[bytes]]:
    head, body = fixture(file)
    return head, [body]


@pytest.mark.parametrize(
    ("file", "kind", "retryable"),
    [
        ("400-invalid.error.json", InvalidRequestError, False),
        ("401-auth.error.json", AuthError, False),
        ("404-model.error.json", NotFoundError, False),
        ("413-too-large.error.json", InvalidRequestError, False),
        ("429-rate.error.json", RateLimitedError, True),
        ("429-spend.error.json", QuotaError, False),
        ("529-overloaded.error.json", OverloadedError, True),
    ],
)
def test_a_documented_refusal_is_the_right_error(
    file: str, kind: type[ProviderError], retryable: bool
) -> None:
    _, error, _ = decode(*_pair(file))
    assert type(error) is kind
    assert error.retryable is retryable
    assert error.request_id == "req_011C"


@pytest.mark.parametrize("file", ["messages-basic", "messages-full", "messages-2023"])
def test_a_documented_request_survives_both_ways(file: str) -> None:
    told = json.loads((FIXTURES / f"{file}.request.json").read_text("utf-8"))
    wire = HttpRequest(
        method="POST", origin="http://h", target=b"/v1/messages", body=json.dumps(told["body"]).encode()
    )
    request = DIALECT.decode_request(wire)
    if file == "messages-full":  # which no provider takes: a forced tool while the model thinks
        site = Site(base_url="http://h", quirks=DIALECT.quirks({"thinking_limits": False}))
    else:
        site = SITE
    again = DIALECT.encode_request(request, site)
    assert isinstance(again.body, bytes)
    assert wishes(json.loads(again.body)) == wishes(told["body"])


def test_documented_counts_and_models_are_understood() -> None:
    assert DIALECT.decode_count(*fixture("count-tokens.response.json"), SITE).tokens == 14
    (model,) = DIALECT.decode_models(*fixture("models.response.json"), SITE)
    assert (model.id, model.context, model.max_output) == ("claude-opus-5-5", 200000, 64000)
