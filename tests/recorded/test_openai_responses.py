"""Every recorded reply of this wire decodes to what an official client made of it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from baimo.dialect.protocols import ChatDecoder, Site
from baimo.dialects.openai_responses import DIALECT
from baimo.errors import Error, ProviderError
from baimo.types.chat import ChatResponse
from baimo.types.content import Thinking
from baimo.types.events import ChatEvent
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest
from tests.recorded.cases import Recorded, load, name, select

REPLIES = select(lambda _, path: "/responses" in path and not path.endswith(("/compact", "/input_tokens")))
REPLIES = [folder for folder in REPLIES if load(folder).method != "DELETE"]
COUNTS = select(lambda _, path: path.endswith("/responses/input_tokens"))
ASKED = [folder for folder in REPLIES if load(folder).request and load(folder).head.status < 400]

QUIRKS: dict[str, dict[str, Any]] = {
    "deepseek": {"reasoning_replay": "items"},
    "xai": {"reasoning_replay": "items"},
}


def site(case: Recorded) -> Site:
    quirks = DIALECT.quirks({"cache_marks": True, **QUIRKS.get(case.provider, {})})
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
    assert len(REPLIES) > 105
    assert len(ASKED) > 95
    assert len(COUNTS) == 1


@pytest.mark.parametrize("folder", REPLIES, ids=name)
def test_a_recorded_reply_decodes_to_what_its_client_saw(folder: Path) -> None:
    case = load(folder)
    response, error = play(DIALECT.decoder(case.head, site(case)), [case.body])
    expected = case.expected
    if expected.get("error"):
        assert isinstance(error, ProviderError)
        assert error.status == case.head.status
        assert error.message in expected["error"]["message"] or error.message in case.body.decode()
        return
    assert error is None
    check(response, expected)


def check(response: ChatResponse, expected: dict[str, Any]) -> None:
    assert response.text == expected["text"]
    assert response.model == expected["model"]
    thought = [p.text for p in response.message.content if isinstance(p, Thinking)]
    if "reasoning" in expected:
        assert "".join(thought).replace("\n\n", "") == expected["reasoning"].replace("\n\n", "")
    else:
        assert not any(thought)
    raw = (expected.get("incomplete") or {}).get("reason") or expected["status"]
    assert response.choices[0].finish_raw == raw
    calls = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in response.tool_calls]
    assert calls == expected["tool_calls"]
    usage, told = response.usage, expected["usage"]
    if told is None:
        assert usage.input is None
        return
    assert (usage.input, usage.output) == (told["input_tokens"], told["output_tokens"])
    assert usage.cache_read == told["input_tokens_details"]["cached_tokens"]
    assert usage.reasoning == told["output_tokens_details"]["reasoning_tokens"]


@pytest.mark.parametrize("folder", REPLIES, ids=name)
def test_a_recorded_reply_may_be_cut_anywhere(folder: Path) -> None:
    case = load(folder)
    whole, error = play(DIALECT.decoder(case.head, site(case)), [case.body])
    dice = random.Random(case.id)
    for times in (1, 3, 40):
        found, same = play(DIALECT.decoder(case.head, site(case)), cut(case.body, times, dice))
        assert found == whole
        assert (type(same), str(same)) == (type(error), str(error))


@pytest.mark.parametrize("folder", ASKED, ids=name)
def test_a_recorded_request_goes_out_again_as_it_came(folder: Path) -> None:
    case = load(folder)
    wire = HttpRequest(
        method="POST", origin="https://recorded.example", target=case.path.encode(), body=case.request
    )
    request = DIALECT.decode_request(wire)
    again = DIALECT.encode_request(request, site(case))
    assert isinstance(again.body, bytes)
    assert plain(json.loads(again.body)) == plain(json.loads(case.request))
    assert not again.notes
    assert DIALECT.decode_request(again) == request


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """A body in one of the forms that mean the same."""
    body = without_nothing(body)
    if isinstance(body.get("input"), str):
        body["input"] = [{"role": "user", "content": body["input"]}]
    body["input"] = [plain_item(item) for item in body.get("input", ())]
    if not body.get("stream"):
        body.pop("stream", None)
    if body.get("reasoning") == {}:
        del body["reasoning"]
    if body.get("tools") == []:
        del body["tools"]
    return body


def plain_item(item: dict[str, Any]) -> dict[str, Any]:
    if item.get("type") == "message":
        item = {key: value for key, value in item.items() if key != "type"}
    content = item.get("content")
    if isinstance(content, str) and "role" in item:
        item = {**item, "content": [{"type": "text", "text": content}]}
    elif isinstance(content, list) and "role" in item:
        item = {**item, "content": [plain_text(part) for part in content]}
    return item


def plain_text(part: dict[str, Any]) -> dict[str, Any]:
    part = {key: value for key, value in part.items() if key not in ("logprobs",) and value != []}
    return {**part, "type": "text"} if part["type"] in ("input_text", "output_text") else part


def without_nothing(value: Any) -> Any:
    """Without nulls, which ask for nothing."""
    if isinstance(value, dict):
        return {name: without_nothing(one) for name, one in value.items() if one is not None}
    return [without_nothing(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("folder", COUNTS, ids=name)
def test_a_recorded_count_is_the_number_that_its_client_saw(folder: Path) -> None:
    case = load(folder)
    count = DIALECT.decode_count(case.head, case.body, site(case))
    assert count.tokens == case.expected["input_tokens"]
