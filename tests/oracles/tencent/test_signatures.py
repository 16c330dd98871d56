"""Our signatures are those of the vendor's own signer, for inputs that nobody chose."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from tencentcloud.common import abstract_client
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.http.request import RequestInternal
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from baimo.auth.tc3 import TC3
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest

OURS = ("authorization", "host", "x-tc-timestamp", "x-tc-token")
LETTERS = "abcXYZ019 ._-~&=%+/?#\"'\\中文测试😀\n"


def text(dice: random.Random, most: int = 40) -> str:
    return "".join(dice.choices(LETTERS, k=dice.randrange(most)))


def key(dice: random.Random) -> str:
    return "fake" + "".join(dice.choices("abcXYZ0123456789", k=dice.randrange(8, 60)))


def params(dice: random.Random) -> dict[str, Any]:
    messages = [{"Role": "user", "Content": text(dice)} for _ in range(dice.randrange(1, 4))]
    return {"Model": key(dice), "Messages": messages, "Temperature": dice.random(), "Stream": False}


@pytest.mark.parametrize("seed", range(150))
def test_any_request_is_signed_alike(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(seed)
    now = dice.randrange(1_500_000_000, 2_000_000_000)

    class Clock:
        @staticmethod
        def time() -> float:
            return now

    monkeypatch.setattr(abstract_client, "time", Clock)
    method = dice.choice(["POST", "POST", "GET"])
    service = dice.choice(["hunyuan", "cvm", "tokenhub", "lkeap"])
    token = key(dice) if dice.random() < 0.3 else None
    endpoint = f"{service}.ap-guangzhou.tencentcloudapi.com:8443" if dice.random() < 0.3 else None
    profile = ClientProfile(
        httpProfile=HttpProfile(reqMethod=method, endpoint=endpoint),
        language=dice.choice(["zh-CN", "en-US"]),
    )
    profile.unsignedPayload = dice.random() < 0.2
    secret_id, secret_key = key(dice), key(dice)
    client = CommonClient(
        service, "2023-09-01", Credential(secret_id, secret_key, token), "ap-beijing", profile
    )
    theirs = RequestInternal(client._get_endpoint(), method, "/", header={})
    client._build_req_inter("ChatCompletions", params(dice), theirs, {})
    target, body = ("/", theirs.data) if method == "POST" else (f"/?{theirs.data}", "")
    kept = [(name, value) for name, value in theirs.header.items() if name.lower() not in OURS]
    unsigned = HttpRequest(
        method=method,
        origin=f"https://{theirs.header['Host']}",
        target=target.encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in kept),
        body=body.encode(),
    )
    secrets = {"secret_id": Secret(secret_id), "secret_key": Secret(secret_key)}
    if token:
        secrets["token"] = Secret(token)
    ours = TC3().sign(unsigned, secrets, now)
    assert {name.decode(): value.decode() for name, value in ours.headers} == theirs.header
    assert method == "GET" or json.loads(bytes(ours.body))  # type: ignore[arg-type]
