"""What the official client sends to providers of this wire we send too, and what it read we read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.openai_chat import DIALECT
from baimo.errors import (
    AuthError,
    Error,
    InvalidRequestError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
)
from baimo.types.chat import ChatRequest, ChatResponse
from baimo.types.embeddings import EmbedRequest
from baimo.types.fold import fold
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play
from tests.recorded.cases import FOLDER

VECTORS = FOLDER.parent / "vectors" / "openai-compatible-wire.json"
FIXTURES = FOLDER.parent / "fixtures" / "deepseek" / "cases.json"
SAMPLES: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))["samples"]
CASES: list[dict[str, Any]] = json.loads(FIXTURES.read_text("utf-8"))["cases"]

TABLES = {"hunyuan": "tencent", "tokenhub": "tencent", "spark": "spark", "pangu": "huawei", "maas": "huawei"}
ERRORS: dict[str, tuple[type[ProviderError], ...]] = {
    "tokenhub-error-401": (AuthError,),
    "tokenhub-error-402": (QuotaError, PermissionDeniedError),
    "tokenhub-error-429": (RateLimitedError,),
    "spark-code-in-200": (InvalidRequestError,),
    "spark-error-object": (QuotaError, PermissionDeniedError),
    "spark-gateway-401": (AuthError,),
    "maas-error": (RateLimitedError,),
}


def named(sample: dict[str, Any]) -> str:
    return str(sample["name"])


def site(sample: dict[str, Any]) -> Site:
    provider = sample["name"].partition("-")[0]
    base = sample["request"]["url"].removesuffix("/chat/completions").removesuffix("/embeddings")
    quirks = DIALECT.quirks({"finish_missing": "stop"} if provider == "spark" else {})
    return Site(base_url=base, provider=provider, codes=TABLES[provider], quirks=quirks)


def sent(sample: dict[str, Any]) -> HttpRequest:
    """Our own request of the same meaning."""
    body = dict(sample["request"]["body_json"])
    model, stream = body.pop("model"), body.pop("stream", False)
    if "input" in body:
        asked = EmbedRequest(model=model, inputs=(body["input"],), encoding=body["encoding_format"])
        return DIALECT.encode_embed(asked, site(sample))
    messages = DIALECT.decode_request(
        HttpRequest(
            method="POST",
            origin="https://h",
            target=b"/v1/chat/completions",
            body=json.dumps({"model": model, "messages": body.pop("messages")}).encode(),
        )
    ).messages
    request = ChatRequest(model=model, messages=messages, stream=stream, include_usage=False, extra=body)
    return DIALECT.encode_request(request, site(sample))


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_a_request_is_what_the_official_client_sends(sample: dict[str, Any]) -> None:
    wire = sent(sample)
    wanted = sample["request"]
    assert (wire.method, wire.url) == (wanted["method"], wanted["url"])
    assert isinstance(wire.body, bytes)
    body = json.loads(wire.body)
    if "input" in body:
        body["input"] = body["input"][0]  # we always send a list
    assert body == wanted["body_json"]


def read(status: int, headers: dict[str, str], body: str, at: Site) -> tuple[ChatResponse, Error | None]:
    head = WireHead(status, tuple((name.encode(), value.encode()) for name, value in headers.items()))
    events, error = play(DIALECT.decoder(head, at), [body.encode()])
    return fold(events), error


@pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if "input" not in s["request"]["body_json"]], ids=named
)
def test_a_reply_is_read_as_the_official_client_reads_it(sample: dict[str, Any]) -> None:
    reply, seen = sample["reply"], sample["sdk_result"]
    response, error = read(reply["status"], reply["headers"], reply["body_utf8"], site(sample))
    if sample["name"] in ERRORS:
        assert isinstance(error, ERRORS[sample["name"]])
        assert error.status == reply["status"]
        assert error.hint or sample["name"] == "spark-gateway-401"
        return
    assert error is None
    chunks = seen.get("chunks") or [seen["object"]]
    said = [c.get("delta") or c.get("message") or {} for chunk in chunks for c in chunk["choices"]]
    assert response.text == "".join([one.get("content") or "" for one in said])
    assert response.thinking == "".join([one.get("reasoning_content") or "" for one in said])
    assert response.finish_reason == "stop"
    usage = next((chunk["usage"] for chunk in chunks if chunk.get("usage")), None)
    if usage is not None:
        assert (response.usage.input, response.usage.output) == (
            usage["prompt_tokens"],
            usage["completion_tokens"],
        )


def test_vectors_are_read_as_the_official_client_reads_them() -> None:
    (sample,) = [s for s in SAMPLES if "input" in s["request"]["body_json"]]
    reply = sample["reply"]
    response = DIALECT.decode_embed(
        EmbedRequest(model="m", inputs=("a",)), WireHead(200), reply["body_utf8"].encode()
    )
    assert response.vectors == [entry["embedding"] for entry in sample["sdk_result"]["object"]["data"]]


KINDS = {
    "auth": AuthError,
    "quota": QuotaError,
    "invalid": InvalidRequestError,
    "rate_limit": RateLimitedError,
    "overloaded": OverloadedError,
}


@pytest.mark.parametrize("case", [c for c in CASES if "balance" not in c["expect"]], ids=named)
def test_deepseeks_replies_are_what_a_client_must_make_of_them(case: dict[str, Any]) -> None:
    reply, wanted = case["response"], case["expect"]
    at = Site(base_url="https://api.deepseek.com", provider="deepseek", codes="deepseek")
    response, error = read(reply["status"], reply["headers"], reply["body_utf8"], at)
    if not wanted["ok"]:
        assert type(error) is KINDS[wanted["error_kind"]]
        assert error.retryable == wanted["retryable"]
        assert wanted["message_contains"] in error.message
        assert error.hint
        return
    assert error is None
    assert response.text == wanted["text"]
    assert response.thinking == wanted.get("reasoning", "")
    assert response.choices[0].finish_raw == wanted["finish_raw"]
    assert response.finish_reason.value == wanted["finish"].removesuffix("_retryable")
    calls = [(c.id, c.name, json.loads(c.arguments)) for c in response.tool_calls]
    assert calls == [(c["id"], c["name"], c["arguments"]) for c in wanted.get("tool_calls", [])]
    for field, told in wanted.get("usage", {}).items():
        name = {"cached": "cache_read"}.get(field, field)
        assert getattr(response.usage, name) == told
