"""Replies of the Chinese providers as their documentation shows them, and what a client must make of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from baimo import dialects
from baimo.catalogue import load
from baimo.dialect.protocols import ChatDialect, Site
from baimo.errors import (
    AuthError,
    ContentFilteredError,
    ContextTooLongError,
    Error,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaError,
    RateLimitedError,
    ServerError,
)
from baimo.types.chat import ChatResponse
from baimo.types.fold import fold
from baimo.wire.http import WireHead
from tests.conformance.playing import play
from tests.recorded.cases import FOLDER

FOLDERS = {
    "zhipu": "zhipu",
    "moonshot": "moonshot",
    "volcengine": "volcengine",
    "siliconflow": "siliconflow",
    "stepfun": "stepfun",
    "baichuan": "baichuan",
    "xiaomi-mimo": "mimo",
    "qwen": "qwen",
    "minimax": "minimax",
}
"""Folders of fixtures, and the rows that they are about."""

KINDS: dict[str, type[Error]] = {
    "auth": AuthError,
    "auth_expired": AuthError,
    "quota": QuotaError,
    "rate_limit": RateLimitedError,
    "overloaded": OverloadedError,
    "context_length": ContextTooLongError,
    "content_filter": ContentFilteredError,
    "invalid": InvalidRequestError,
    "not_found": NotFoundError,
    "permission": PermissionDeniedError,
    "server": ServerError,
}


def cases() -> list[Any]:
    found = []
    for folder, provider in FOLDERS.items():
        file = FOLDER.parent / "fixtures" / folder / "cases.json"
        told = json.loads(file.read_text("utf-8"))["cases"] if file.is_file() else []
        for case in told:
            wanted = case["expect"]
            if {"balance", "tokens"} & wanted.keys() or case["name"].startswith("native"):
                continue  # other operations, and the native wire of Qwen
            found.append(pytest.param(provider, "openai_chat", case, id=f"{folder}/{case['name']}"))
            if provider == "minimax":
                found.append(pytest.param(provider, "minimax", case, id=f"{folder}/native/{case['name']}"))
    return found


CASES = cases()


def outcome(provider: str, dialect: str, case: dict[str, Any], cut: int) -> tuple[ChatResponse, Error | None]:
    row = load.provider(provider)
    endpoint = next(one for one in row.endpoints if one.dialect == dialect)
    spoken = dialects.get(dialect)
    assert isinstance(spoken, ChatDialect)
    quirks = spoken.quirks(endpoint.quirks_for("some-model"))
    site = Site(base_url="https://api.example", provider=provider, codes=row.codes, quirks=quirks)
    reply = case["response"]
    head = WireHead(
        reply["status"], tuple((name.encode(), value.encode()) for name, value in reply["headers"].items())
    )
    body = reply["body_utf8"].encode()
    events, error = play(spoken.decoder(head, site), [body[at : at + cut] for at in range(0, len(body), cut)])
    return fold(events), error


def test_the_fixtures_are_there() -> None:
    assert len(CASES) >= 70


@pytest.mark.parametrize(("provider", "dialect", "case"), CASES)
@pytest.mark.parametrize("cut", [1, 7, 1_000_000])
def test_a_reply_is_what_a_client_must_make_of_it(
    provider: str, dialect: str, case: dict[str, Any], cut: int
) -> None:
    response, error = outcome(provider, dialect, case, cut)
    wanted = case["expect"]
    if not wanted["ok"]:
        check_error(error, wanted)
        assert response.text == wanted.get("partial_text", "")
        return
    if wanted["finish"] == "error_retryable" and not wanted["text"]:
        assert error is None
        assert response.finish_reason == "error"
        return
    assert error is None
    assert response.text == wanted["text"]
    assert response.thinking == (wanted.get("reasoning") or "")
    assert response.choices[0].finish_raw == wanted["finish_raw"]
    finish = response.finish_reason.value
    assert finish == wanted["finish"] or (finish, wanted["finish"]) == ("context_length", "length")
    calls = [(call.id, call.name, json.loads(call.arguments)) for call in response.tool_calls]
    assert calls == [(call["id"], call["name"], call["arguments"]) for call in wanted.get("tool_calls") or ()]
    for field, told in (wanted.get("usage") or {}).items():
        found = getattr(response.usage, {"cached": "cache_read"}.get(field, field))
        assert told is None or found == told
    if "citations" in wanted:
        found = [cited.url for part in response.message.content for cited in part.citations]
        assert found == wanted["citations"]


def check_error(error: Error | None, wanted: dict[str, Any]) -> None:
    kind = wanted["error_kind"]
    assert error is not None
    assert type(error) in ((RateLimitedError, QuotaError) if "_or_" in kind else (KINDS[kind],))
    assert error.retryable == wanted["retryable"] or "_or_" in kind
    assert wanted["message_contains"] in error.message
    if wanted["provider_code"] is not None:
        assert getattr(error, "provider_code", None) == wanted["provider_code"]
