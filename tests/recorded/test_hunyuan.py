"""Replies of Hunyuan's own form, and what the vendor's SDK made of them, beside the recorded traffic."""

from __future__ import annotations

import json
from typing import Any

import pytest

from baimo.dialect.protocols import Site
from baimo.dialects.hunyuan import DIALECT
from baimo.errors import Error, ProviderError, RateLimitedError, ServerError
from baimo.types.chat import ChatResponse
from baimo.types.fold import fold
from baimo.wire.http import WireHead
from tests.conformance.playing import play
from tests.recorded.cases import FOLDER

FILE = FOLDER.parent / "vectors" / "tencent-wire.json"
SAMPLES: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))["samples"] if FILE.is_file() else []
SITE = Site(base_url="https://hunyuan.tencentcloudapi.com", provider="hunyuan")


def outcome(sample: dict[str, Any], *, cut: int | None = None) -> tuple[ChatResponse, Error | None]:
    reply = sample["reply"]
    fields = tuple((name.lower().encode(), value.encode()) for name, value in reply["headers"].items())
    body = reply["body_utf8"].encode()
    pieces = [body] if cut is None else [body[at : at + cut] for at in range(0, len(body), cut)]
    events, error = play(DIALECT.decoder(WireHead(reply["status"], fields), SITE), pieces)
    return fold(events), error


def test_the_samples_are_there() -> None:
    assert len(SAMPLES) >= 11


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["name"])
def test_a_reply_becomes_what_the_sdk_made_of_it_or_better(sample: dict[str, Any]) -> None:
    response, error = outcome(sample)
    told = sample["sdk_result"]
    if "exception" in told:
        assert isinstance(error, ProviderError)
        if told["exception"]["code"] == "ServerNetworkError":
            assert isinstance(error, ServerError)
        else:
            assert error.provider_code == told["exception"]["code"]
            assert error.message == told["exception"]["message"]
            assert error.request_id == told["exception"]["request_id"]
    elif "object" in told and told["object"]["Choices"] is None:
        assert isinstance(error, RateLimitedError)  # which the SDK misses, for the sake of a charset
    elif "object" in told:
        assert error is None
        (choice,) = told["object"]["Choices"]
        assert response.text == choice["Message"]["Content"]
        assert response.choices[0].finish_raw == choice["FinishReason"]
        assert response.usage.total == told["object"]["Usage"]["TotalTokens"]
        assert response.id == told["object"]["Id"]
    else:
        check_stream(response, error, [json.loads(e["data"]) for e in told["events"] if "data" in e])


def check_stream(response: ChatResponse, error: Error | None, chunks: list[dict[str, Any]]) -> None:
    failed = [chunk["ErrorMsg"] for chunk in chunks if chunk.get("ErrorMsg")]
    deltas = [choice["Delta"] for chunk in chunks for choice in chunk["Choices"]]
    assert response.text == "".join(delta.get("Content") or "" for delta in deltas)
    assert response.thinking == "".join(delta.get("ReasoningContent") or "" for delta in deltas)
    calls = [call["Function"] for delta in deltas for call in delta.get("ToolCalls") or ()]
    found = "".join(call.arguments for call in response.tool_calls)
    assert found == "".join(call["Arguments"] for call in calls)
    if failed:
        assert isinstance(error, ProviderError)
        assert error.provider_code == str(failed[0]["Code"])
        assert error.message == failed[0]["Msg"]
        return
    assert error is None
    finish = chunks[-1]["Choices"][0]["FinishReason"]
    assert response.choices[0].finish_raw == finish
    assert (response.choices[0].withdrawn is not None) == (finish == "sensitive")
    assert response.usage.total == chunks[-1]["Usage"]["TotalTokens"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["name"])
@pytest.mark.parametrize("cut", [1, 7, 64])
def test_however_it_is_cut_it_becomes_the_same(sample: dict[str, Any], cut: int) -> None:
    whole, error = outcome(sample)
    again, same = outcome(sample, cut=cut)
    assert again == whole
    assert str(same) == str(error)
