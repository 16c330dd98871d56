"""What is read out of the SDK's requests, and how failures are worded for it."""

from __future__ import annotations

import msgspec
import pytest

from baimo.config.settings import load_settings
from baimo.dialects import openai_chat
from baimo.errors import (
    BudgetError,
    Error,
    LimitReachedError,
    MissingKeyError,
    NotFoundError,
    RateLimitedError,
    UnknownProviderError,
    UnsupportedError,
)
from baimo.integrations import openai_desk as desk
from baimo.integrations.openai_places import Places
from baimo.notes import Note
from baimo.serving.asked import read_asked
from baimo.types.chat import ChatRequest
from baimo.types.embeddings import EmbedRequest, EmbedResponse
from baimo.types.models import ModelInfo
from baimo.wire.http import HttpRequest

KEYS = {"openai": "fake-key", "anthropic": "fake-key"}
PLACES = Places(load_settings({}, keys=KEYS))
ONLY = Places(load_settings({}, keys=KEYS), only=True)
CHAT = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}'
INFO = ModelInfo(id="gpt-4o", provider="openai")


def read(
    target: str, body: bytes = b"", method: str = "POST", places: Places = PLACES, **facts: object
) -> desk.Order:
    headers: dict[str, str] = facts.get("headers", {})  # type: ignore[assignment]
    timeouts: dict[str, float | None] = facts.get("timeouts", {})  # type: ignore[assignment]
    wire = HttpRequest(method=method, origin="https://api.openai.com", target=target.encode(), body=body)
    return desk.read(places, wire, headers.items(), timeouts)


def test_the_sdk_s_own_fields_stay_here_and_the_caller_s_go_on() -> None:
    headers = {
        "Authorization": "Bearer fake",
        "User-Agent": "OpenAI/Python",
        "X-Stainless-Lang": "python",
        "OpenAI-Organization": "org",
        "X-Mine": "a",
    }
    order = read("/v1/chat/completions", CHAT, headers=headers)
    assert (order.model, order.headers) == ("openai/gpt-4o", {"OpenAI-Organization": "org", "X-Mine": "a"})
    other = CHAT.replace(b"gpt-4o", b"anthropic/claude-sonnet-4-5")
    assert read("/v1/chat/completions", other, headers=headers).headers == {"X-Mine": "a"}


@pytest.mark.parametrize(
    ("timeouts", "whole", "streamed"),
    [
        ({}, (None, None), (None, None)),
        ({"read": 600.0, "connect": 5.0}, (None, None), (None, None)),
        ({"read": None, "connect": None}, (None, None), (None, None)),
        ({"read": 30, "connect": None}, (30, {}), (None, {"first_event": 30, "idle": 30})),
        (
            {"read": 30, "connect": 2},
            (30, {"connect": 2}),
            (None, {"connect": 2, "first_event": 30, "idle": 30}),
        ),
    ],
)
def test_limits_of_the_sdk_in_ours(
    timeouts: dict[str, float | None], whole: object, streamed: object
) -> None:
    order = read("/v1/chat/completions", CHAT, timeouts=timeouts)
    assert (order.timeout, order.within) == whole
    order = read(
        "/v1/chat/completions", CHAT.replace(b'{"model', b'{"stream": true, "model'), timeouts=timeouts
    )
    assert (order.timeout, order.within) == streamed


def test_vectors_are_asked_for_as_each_provider_likes_and_told_as_the_sdk_does() -> None:
    body = b'{"model": "text-embedding-3-small", "input": "a", "encoding_format": "base64"}'
    order = read("/v1/embeddings", body, timeouts={"read": 9.0})
    assert isinstance(order.request, EmbedRequest)
    assert (order.request.encoding, order.request.unsupported, order.timeout) == (None, "drop", 9.0)
    note = Note(code="dropped", message="left out: naïve 你好\nthings")
    head, told = desk.embedded(order, EmbedResponse(vectors=[[0.5]], request_id="req_1", notes=(note,)))
    assert isinstance(msgspec.json.decode(told)["data"][0]["embedding"], str)
    assert head.get(b"x-request-id") == "req_1"
    assert head.get(b"x-baimo-notes") == r"dropped: left out: naïve \u4f60\u597d things"


def test_lists_of_models() -> None:
    assert read("/v1/models", method="GET").model == ""
    assert read("/v1/models?provider=anthropic", method="GET").model == "anthropic"
    assert read("/v1/models", method="GET", places=ONLY).model == "openai"
    order = read("/v1/models/anthropic%2Fclaude", method="GET")
    assert (order.model, order.wanted) == ("anthropic", "anthropic/claude")
    bare = read("/v1/models/gpt-4o", method="GET", places=ONLY)
    assert (bare.model, bare.wanted) == ("openai", "gpt-4o")
    assert [one.id for one in desk.named(PLACES, [INFO], provider="openai")] == ["openai/gpt-4o"]
    assert [one.id for one in desk.named(ONLY, [INFO], provider="openai")] == ["gpt-4o"]
    assert {info.id.partition("/")[0] for info in desk.known(PLACES)} == {"openai", "anthropic"}
    assert msgspec.json.decode(desk.listed(bare, (INFO,)))["id"] == "gpt-4o"
    assert desk.good(b"{}")[0].status == 200
    with pytest.raises(NotFoundError):
        desk.listed(bare, ())


def test_what_is_not_served_is_told() -> None:
    with pytest.raises(NotFoundError, match=r"POST /v1/files is not served here"):
        read("/v1/files")
    for path in ("/v1/completions", "/v1/images/generations", "/v1/responses/input_tokens"):
        with pytest.raises(NotFoundError, match=f"POST {path} is not served here"):
            read(path, CHAT)
    wire = HttpRequest(method="POST", origin="http://h", target=b"/v1/completions", body=CHAT)
    with pytest.raises(UnsupportedError, match="'complete'"):
        read_asked(openai_chat.DIALECT, "complete", wire)


def test_turns_that_a_provider_keeps_go_to_that_provider_alone() -> None:
    body = b'{"model": "gpt-4o", "input": "And?", "previous_response_id": "resp_1"}'
    assert isinstance(read("/v1/responses", body).request, ChatRequest)
    with pytest.raises(UnsupportedError, match="previous_response_id: anthropic/claude"):
        read("/v1/responses", body.replace(b"gpt-4o", b"anthropic/claude"))


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (MissingKeyError("no key", hint="Set it."), 401, "missing_key"),
        (UnknownProviderError("no such"), 404, "unknown_provider"),
        (LimitReachedError("full"), 429, "limit_reached"),
        (BudgetError("dear"), 402, "budget"),
        (RateLimitedError("slow down", provider="acme", status=429), 429, "rate_limit_exceeded"),
    ],
)
def test_a_failure_has_our_words_a_status_and_a_code(error: Error, status: int, code: str) -> None:
    head, body = desk.refusal(error)
    told = msgspec.json.decode(body)["error"]
    assert (head.status, told["code"]) == (status, code)
    assert error.message in told["message"]
    assert error.provider is None or told["message"].startswith("acme: ")
    assert head.get(b"x-should-retry") == "false"
    assert head.get(b"x-baimo-code") == error.code
