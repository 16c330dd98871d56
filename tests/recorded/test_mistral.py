"""Recorded requests of Mistral go round with what its row says of the model; strangers are not sent to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from baimo.catalogue import load as catalogue
from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.types.content import Thinking
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest
from tests.conformance.playing import play
from tests.recorded.cases import FOLDER, load, name, select

CHAT = [f for f in select(lambda _, path: path == "/v1/chat/completions") if f.parent.name == "mistral"]
EMBED = [f for f in select(lambda _, path: path == "/v1/embeddings") if f.parent.name == "mistral"]
FIXTURES = FOLDER.parent / "fixtures" / "mistral"


def site(model: str) -> Site:
    """The row's own."""
    row = catalogue.provider("mistral")
    (endpoint,) = row.endpoints
    quirks = DIALECT.quirks(endpoint.quirks_for(model))
    return Site(base_url=endpoint.base_url, provider="mistral", quirks=quirks)


def test_the_recordings_are_there() -> None:
    assert (len(CHAT), len(EMBED)) >= (26, 3)


_DEFAULTS = {
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "n": 1,
    "stream": False,
    "safe_prompt": False,
    "prefix": False,
    "index": 0,
    "type": "function",
}


def wishes(value: Any) -> Any:
    """A body without what the wire takes for granted, each content in its shortest form."""
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], dict) and value[0].keys() == {"type", "text"}:
            return value[0]["text"]
        return [wishes(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "image_url" and isinstance(value["image_url"], str):
        return {"type": "image_url", "image_url": {"url": value["image_url"]}}
    if value.get("type") == "thinking":
        return {"thinking": "".join([piece["text"] for piece in value["thinking"]])}
    found = {key: wishes(item) for key, item in value.items() if _DEFAULTS.get(key, ...) != item}
    return {key: item for key, item in found.items() if item not in (None, [], "")}


def word(body: dict[str, Any]) -> dict[str, Any]:
    """`any` and `required` mean the same; without tools there is nothing to choose."""
    if not body.get("tools"):
        return {name: value for name, value in body.items() if name != "tool_choice"}
    return {**body, "tool_choice": "required"} if body.get("tool_choice") == "any" else body


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_a_recorded_request_survives_both_ways(folder: Path) -> None:
    case = load(folder)
    wire = HttpRequest(method="POST", origin="", target=case.path.encode(), body=case.request)
    request = DIALECT.decode_request(wire)
    again = DIALECT.encode_request(request, site(request.model))
    assert isinstance(again.body, bytes)
    assert again.target.decode() == case.path
    assert wishes(json.loads(again.body)) == wishes(word(json.loads(case.request)))
    assert not again.notes


@pytest.mark.parametrize("folder", CHAT, ids=name)
def test_reasoning_is_told_from_the_answer(folder: Path) -> None:
    case = load(folder)
    events, error = play(DIALECT.decoder(case.head, site("magistral-medium-latest")), [case.body])
    if "error" in case.expected:
        assert error is not None
        return
    response = fold(events)
    assert response.text == case.expected["text"]
    if b'"type":"thinking"' in case.body:
        assert isinstance(response.message.content[0], Thinking)
        assert response.thinking
        assert response.thinking not in response.text


@pytest.mark.parametrize("folder", EMBED, ids=name)
def test_a_recorded_request_for_vectors_survives_both_ways(folder: Path) -> None:
    case = load(folder)
    wire = HttpRequest(method="POST", origin="", target=case.path.encode(), body=case.request)
    request = DIALECT.decode_embed_request(wire)
    again = DIALECT.encode_embed(request, site(request.model))
    assert isinstance(again.body, bytes)
    told = json.loads(case.request)
    inputs = told["input"] if isinstance(told["input"], list) else [told["input"]]
    assert json.loads(again.body) == {**told, "input": inputs}
    assert len(DIALECT.decode_embed(request, case.head, case.body).vectors) == len(inputs)


def test_a_documented_request_survives_both_ways() -> None:
    told = json.loads((FIXTURES / "chat.request.json").read_text("utf-8"))
    body = json.dumps(told["body"]).encode()
    request = DIALECT.decode_request(HttpRequest(method="POST", origin="", target=b"/", body=body))
    again = DIALECT.encode_request(request, site(request.model))
    assert isinstance(again.body, bytes)
    assert wishes(json.loads(again.body)) == wishes(word(told["body"]))
