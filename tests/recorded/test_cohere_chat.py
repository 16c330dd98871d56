"""Recorded and documented replies of Cohere's own wire decode to what an official client made of them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.cohere_chat import DIALECT
from baimo.errors import AuthError, Error
from baimo.types.chat import ChatResponse
from baimo.types.content import Text, Thinking
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play
from tests.recorded.cases import FOLDER, Recorded, load, name, select

CHAT = select(lambda _, path: path == "/v2/chat")
EMBED = select(lambda _, path: path == "/v2/embed")
COUNT = select(lambda _, path: path == "/v1/tokenize")
MODELS = select(lambda _, path: path.startswith("/v1/models/command"))
SITE = Site(base_url="https://recorded.example", provider="cohere", codes="cohere")

FIXTURES = FOLDER.parent / "fixtures" / "cohere"
"""Documented samples beside the recordings."""


def test_the_recordings_are_there() -> None:
    assert (len(CHAT), len(EMBED), len(COUNT), len(MODELS)) >= (34, 2, 1, 1)
    assert list(FIXTURES.glob("*.json"))


def decode(case: Recorded, pieces: list[bytes]) -> tuple[ChatResponse, Error | None]:
    events, error = play(DIALECT.decoder(case.head, SITE), pieces)
    return fold(events), error


def thoughts(response: ChatResponse, *, planned: bool) -> str:
    """The reasoning that stood in blocks, or the plan that stood beside them."""
    found = [part for part in response.message.content if isinstance(part, Thinking)]
    return "".join([part.text for part in found if (part.replay is not None) is planned])


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_reply_decodes_to_what_its_client_saw(folder: Path) -> None:
    case = load(folder)
    response, error = decode(case, [case.body])
    told = case.expected
    if "error" in told:
        assert isinstance(error, AuthError)
        assert error.status == case.head.status
        assert error.request_id == json.loads(case.body)["id"]
        return
    assert error is None
    assert response.text == told["text"]
    assert thoughts(response, planned=False) == told.get("reasoning", "")
    assert thoughts(response, planned=True) == told.get("tool_plan", "")
    assert response.choices[0].finish_raw == told["finish_reason"]
    calls = [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in response.tool_calls]
    assert calls == told["tool_calls"]
    assert (response.finish_reason == "tool_calls") is bool(calls)
    check_usage(response, told["usage"])
    check_citations(case, response)


def check_usage(response: ChatResponse, told: dict[str, Any]) -> None:
    usage, tokens = response.usage, told["tokens"]
    assert usage.input == tokens["input_tokens"]
    assert usage.output == tokens["output_tokens"]
    assert usage.reasoning == tokens.get("reasoning_tokens")
    assert usage.cache_read == told.get("cached_tokens")
    billed = told["billed_units"]
    assert (usage.billed_input, usage.billed_output) == (billed["input_tokens"], billed["output_tokens"])


def check_citations(case: Recorded, response: ChatResponse) -> None:
    """Every citation of a whole reply, and of a stream's events, is about the words that it names."""
    entries = [json.loads(line[5:]) for line in case.body.split(b"\n") if line.startswith(b"data: {")]
    wire = [e["delta"]["message"]["citations"] for e in entries if e.get("type") == "citation-start"]
    if not entries:
        wire = json.loads(case.body)["message"].get("citations") or []
    assert len(wire) == case.expected.get("citations", len(wire))
    texts = [part for part in response.message.content if isinstance(part, Text)]
    found = [(part.text[c.start : c.end], c.source) for part in texts for c in part.citations]
    assert found == [(entry["text"], source["id"]) for entry in wire for source in entry["sources"]]


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_reply_may_be_cut_anywhere(folder: Path) -> None:
    case = load(folder)
    whole, error = decode(case, [case.body])
    dice = random.Random(case.id)
    for times in (1, 3, 40):
        places = sorted(dice.sample(range(1, len(case.body)), times))
        pieces = [case.body[a:b] for a, b in zip([0, *places], [*places, len(case.body)], strict=True)]
        again, same = decode(case, pieces)
        assert again == whole
        assert str(same) == str(error)


def posted(case: Recorded) -> HttpRequest:
    return HttpRequest(
        method=case.method, origin="https://recorded.example", target=case.path.encode(), body=case.request
    )


def plain(value: Any) -> Any:
    """A body in which one text alone is a string, and no content is none."""
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], dict) and value[0].keys() == {"type", "text"}:
            return value[0]["text"]
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {
            key: plain(item)
            for key, item in value.items()
            if item is not None and (key, item) != ("content", [])
        }
    return value


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_request_survives_both_ways(folder: Path) -> None:
    case = load(folder)
    request = DIALECT.decode_request(posted(case))
    again = DIALECT.encode_request(request, SITE)
    assert isinstance(again.body, bytes)
    assert again.target.decode() == case.path
    wanted = {"stream": False, **json.loads(case.request)}
    assert plain(json.loads(again.body)) == plain(wanted)
    assert not again.notes
    assert DIALECT.decode_request(again) == request


@pytest.mark.parametrize("folder", EMBED, ids=name)
def test_recorded_embeddings_decode_to_what_their_client_saw(folder: Path) -> None:
    case = load(folder)
    request = DIALECT.decode_embed_request(posted(case))
    response = DIALECT.decode_embed(request, case.head, case.body)
    assert [len(response.vectors), len(response.vectors[0])] == case.expected["types"]["float"]
    assert response.usage.input == case.expected["usage"]["billed_units"]["input_tokens"]
    again = DIALECT.encode_embed(request, SITE)
    assert isinstance(again.body, bytes)
    assert json.loads(again.body) == {"embedding_types": ["float"], **json.loads(case.request)}


@pytest.mark.parametrize("folder", COUNT, ids=name)
def test_recorded_tokens_are_counted(folder: Path) -> None:
    case = load(folder)
    request = DIALECT.decode_count_request(posted(case))
    found = DIALECT.decode_count(case.head, case.body, SITE)
    assert "".join(found.pieces) == request.text
    assert found.tokens == len(found.pieces)


@pytest.mark.parametrize("folder", MODELS, ids=name)
def test_a_recorded_model_is_described(folder: Path) -> None:
    case = load(folder)
    asked = DIALECT.decode_describe_request(posted(case))
    found = DIALECT.decode_describe(asked, case.head, case.body, SITE)
    assert (found.id, found.context, found.max_output) == ("command-a-03-2025", 288000, 8192)
    assert found.capabilities[:2] == ("chat", "json_mode")


def fixture(file: str) -> Recorded:
    """A documented sample."""
    if file.endswith(".sse"):
        head = WireHead(200, ((b"content-type", b"text/event-stream"),))
        return Recorded("", "", "", "", b"", head, (FIXTURES / file).read_bytes(), {})
    told = json.loads((FIXTURES / file).read_text("utf-8"))
    head = WireHead(told["status"], ((b"content-type", b"application/json"),))
    return Recorded("", "", "", "", b"", head, json.dumps(told["body"]).encode(), {})


@pytest.mark.parametrize(
    ("file", "text", "thinking", "finish"),
    [
        ("chat.response.json", "Hello!", "Hmm.", "stop"),
        ("chat.stream.sse", "Hello!", "", "stop"),
        ("chat-tools.response.json", "", "I will look it up.", "tool_calls"),
        ("chat-tools.stream.sse", "", "I will look.", "tool_calls"),
    ],
)
def test_a_documented_reply_is_understood(file: str, text: str, thinking: str, finish: str) -> None:
    case = fixture(file)
    response, error = decode(case, [case.body])
    assert error is None
    assert (response.text, response.thinking, response.finish_reason.value) == (text, thinking, finish)
    assert response.usage.input == 71


def test_a_documented_refusal_is_an_error() -> None:
    case = fixture("401.error.json")
    assert isinstance(decode(case, [case.body])[1], AuthError)


def test_a_documented_request_survives_both_ways() -> None:
    told = json.loads((FIXTURES / "chat.request.json").read_text("utf-8"))
    wire = HttpRequest(
        method="POST", origin="http://h", target=b"/v2/chat", body=json.dumps(told["body"]).encode()
    )
    with pytest.raises(Error, match="no tools are offered"):
        DIALECT.encode_request(DIALECT.decode_request(wire), SITE)
    told["body"]["tools"] = [{"type": "function", "function": {"name": "f", "parameters": {"a": 1}}}]
    wire = HttpRequest(
        method="POST", origin="http://h", target=b"/v2/chat", body=json.dumps(told["body"]).encode()
    )
    again = DIALECT.encode_request(DIALECT.decode_request(wire), SITE)
    assert isinstance(again.body, bytes)
    assert json.loads(again.body) == told["body"]
