"""The vendor's own signer and ours agree on requests that nobody thought of."""

from __future__ import annotations

from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from baimo.auth.sdk_hmac import SdkHmac
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest

LETTERS = "aZ09-_.~ /%+*'()!@$&=,;:?#[]{}|^\"<>\\盘古é😀"
KINDS = ("application/json", "application/json;charset=utf-8", "application/bson", "text/plain", "image/png")
DATE = "20260304T050607Z"


def text(dice: Random, most: int = 8, letters: str = LETTERS) -> str:
    return "".join(dice.choice(letters) for _ in range(dice.randint(0, most)))


def fields(dice: Random) -> dict[str, str]:
    found = {"X-Sdk-Date": DATE}
    if dice.random() < 0.8:
        found["Content-Type"] = dice.choice(KINDS)
    for _ in range(dice.randint(0, 3)):
        name = "X-" + text(dice, letters="abXY_-09")
        found[name.rstrip("-") or "X"] = " " * dice.randint(0, 2) + text(dice, letters="ab 1;=盘") + " "
    return found


@pytest.mark.parametrize("seed", range(200))
def test_the_same_request_has_the_same_signature(seed: int) -> None:
    dice = Random(seed)
    method = dice.choice(("GET", "POST", "put", "DELETE", "PATCH"))
    path = "/" + "/".join(
        quote(text(dice), safe=dice.choice(("", "/~", "+*~"))) for _ in range(dice.randint(1, 4))
    )
    query = [(text(dice), text(dice)) for _ in range(dice.randint(0, 4))]
    body = text(dice, 40).encode() if dice.random() < 0.7 else b""
    host = dice.choice(("pangu.cn-southwest-2.myhuaweicloud.com", "127.0.0.1:8089", "[::1]:81"))
    headers = fields(dice)
    secrets = {"access_key": Secret(f"AK{seed}"), "secret_key": Secret(f"sk-{seed}-fake")}
    theirs = SdkRequest(
        method=method,
        schema="http",
        host=host,
        resource_path=path,
        query_params=list(query),
        header_params=dict(headers),
        body=body,
    )
    Signer(BasicCredentials(f"AK{seed}", f"sk-{seed}-fake")).sign(theirs)
    pairs = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
    ours = SdkHmac().sign(
        HttpRequest(
            method=method,
            origin=f"http://{host}",
            target=f"{path}{'?' if pairs else ''}{pairs}".encode(),
            headers=tuple((name.encode(), value.encode()) for name, value in headers.items()),
            body=body,
        ),
        secrets,
        0.0,
    )
    assert ours.target.decode() == theirs.uri
    assert sent(dict(ours.headers)) == sent(theirs.header_params)


def sent(headers: dict[Any, Any]) -> dict[str, str]:
    """Names in lower case and values as they stand on the wire, whichever way a client keeps them."""
    return {
        (name.decode() if isinstance(name, bytes) else name).lower(): (
            value.decode("latin-1") if isinstance(value, bytes) else value
        )
        for name, value in headers.items()
    }
