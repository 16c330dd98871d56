"""Documented replies of Qianfan's first version, and what the official client sends, are understood."""

from __future__ import annotations

import json
from typing import Any

import pytest

from baimo.auth.access_token import AccessToken
from baimo.dialect.protocols import Site
from baimo.dialects.qianfan_v1 import DIALECT
from baimo.errors import ProviderError
from baimo.steps import Send
from baimo.types.fold import fold
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireHead
from tests.conformance.playing import play
from tests.recorded.cases import FOLDER

FIXTURES = FOLDER.parent / "fixtures" / "baidu"
SITE = Site(
    base_url="https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop", provider="qianfan", codes="baidu"
)


def samples(file: str, key: str) -> list[dict[str, Any]]:
    path = FIXTURES / file
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))[key] if path.exists() else []
    return found


CASES = [sample for sample in samples("cases.json", "cases") if sample["name"].startswith("v1")]
SENT = [sample for sample in samples("sdk-wire.json", "samples") if sample["name"].startswith("v1")]

KINDS = {
    "auth_expired": "AuthError",
    "rate_limit": "RateLimitedError",
    "quota": "QuotaError",
    "invalid": "InvalidRequestError",
    "overloaded": "OverloadedError",
}


def test_the_samples_are_there() -> None:
    assert len(CASES) >= 10
    assert SENT


@pytest.mark.parametrize("sample", CASES, ids=lambda sample: sample["name"])
def test_a_documented_reply_is_understood(sample: dict[str, Any]) -> None:
    told, expect = sample["response"], sample["expect"]
    fields = tuple((key.lower().encode(), value.encode()) for key, value in told["headers"].items())
    events, error = play(
        DIALECT.decoder(WireHead(told["status"], fields), SITE), [told["body_utf8"].encode()]
    )
    if not expect["ok"]:
        assert isinstance(error, ProviderError)
        assert type(error).__name__ == KINDS[expect["error_kind"]]
        assert error.provider_code == expect["provider_code"]
        assert expect["message_contains"] in error.message
        # A refused token is not tried again as it is: another one is fetched.
        renewed = expect["error_kind"] == "auth_expired"
        assert AccessToken().renews(error) is renewed
        assert error.retryable is (expect["retryable"] and not renewed)
        return
    response = fold(events)
    assert error is None
    assert (response.text, response.finish_reason.value) == (expect["text"], expect["finish"])
    counts = expect["usage"]
    assert (response.usage.input, response.usage.output) == (counts["input"], counts["output"])


@pytest.mark.parametrize("sample", SENT, ids=lambda sample: sample["name"])
def test_what_the_official_client_sends_survives_both_ways(sample: dict[str, Any]) -> None:
    token, chat = sample["requests"]
    wire = HttpRequest(
        method="POST",
        origin="https://aip.baidubce.com",
        target=chat["target"].encode(),
        body=json.dumps(chat["body_json"]).encode(),
    )
    again = DIALECT.encode_request(DIALECT.decode_request(wire), SITE)
    assert isinstance(again.body, bytes)
    wanted = {name: value for name, value in chat["body_json"].items() if name != "stream"}
    assert json.loads(again.body) == wanted
    signer = AccessToken()
    keys = {"app_key": Secret("FAKEak0000000000"), "app_secret": Secret("FAKEsk0000000000")}
    shared = signer.grant(SITE, keys, None)
    assert shared is not None
    send = next(shared.make())
    assert isinstance(send, Send)
    assert isinstance(send.wire, HttpRequest)
    assert send.wire.target.decode() == token["target"]
    granted = {"access_token": Secret("24.EXAMPLEtoken")}
    assert signer.sign(again, granted, 0).target.decode() == chat["target"]
