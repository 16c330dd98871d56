"""Whatever is signed, both of the packages sign it as Baimo does; the simulated gateway takes theirs."""

from __future__ import annotations

import datetime
import random
import sys
from base64 import b64decode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from xfyunsdkcore import signature
from xfyunsdkcore.errors import OralError
from xfyunsdkspark.oral_client import _OralClient

from baimo.auth.spark_address import SparkUrl
from baimo.simulator import faces
from baimo.testing import Simulator
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, SocketRequest, WireRequest

HAS_CHAT_PACKAGE = sys.version_info < (3, 13)
DICE = random.Random(20261123)
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
PATHS = ["/", "/v1.1/chat", "/v4.0/chat", "/chat/max-32k", "/v1/x1", "/x2", "/v1/assistants/a%20b"]


def drawn() -> dict[str, Any]:
    """One set of things to sign."""
    method = DICE.choice(["GET", "GET", "POST"])
    scheme = "wss" if method == "GET" else "https"
    port = DICE.choice(["", "", f":{DICE.randrange(1, 65536)}"])
    host = "".join(DICE.choices(LETTERS.lower(), k=9)) + ".example" + port
    return {
        "method": method,
        "url": f"{scheme}://{host}{DICE.choice(PATHS)}",
        "api_key": "".join(DICE.choices(LETTERS, k=32)),
        "api_secret": "".join(DICE.choices(LETTERS + "+/=", k=32)),
        "now": DICE.randrange(1_500_000_000, 2_500_000_000),
    }


DRAWN = [drawn() for _ in range(200)]


def ours(given: dict[str, Any], form: Any = "query", body: bytes = b"") -> WireRequest:
    parts = urlsplit(given["url"])
    origin, target = f"{parts.scheme}://{parts.netloc}", parts.path.encode()
    request: WireRequest = SocketRequest(origin=origin, target=target)
    if given["method"] == "POST":
        request = HttpRequest(method="POST", origin=origin, target=target, body=body)
    secrets = {name: Secret(given[name]) for name in ("api_key", "api_secret")}
    return SparkUrl(form=form).sign(request, secrets, given["now"])


def told(url: str) -> dict[str, str]:
    """The three parameters, without the white space in which the packages differ."""
    fields = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    fields["authorization"] = "".join(b64decode(fields["authorization"]).decode().split())
    return fields


class Frozen(datetime.datetime):
    """The clock, stopped."""

    at = 0

    @classmethod
    def now(cls, tz: Any = None) -> datetime.datetime:  # type: ignore[override]
        return datetime.datetime.fromtimestamp(cls.at, tz)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Frozen]:
    monkeypatch.setattr(signature, "datetime", Frozen)
    return Frozen


@pytest.mark.parametrize("given", DRAWN, ids=range(len(DRAWN)))
def test_the_newer_package_signs_the_same(given: dict[str, Any], clock: type[Frozen]) -> None:
    clock.at = given["now"]
    theirs = signature.Signature.create_signed_url(
        given["url"], given["api_key"], given["api_secret"], given["method"]
    )
    assert told(ours(given).url) == told(theirs)


@pytest.mark.parametrize("given", DRAWN[:50], ids=range(50))
def test_the_form_with_a_digest_is_the_same(given: dict[str, Any], clock: type[Frozen]) -> None:
    given = {**given, "method": "POST", "url": given["url"].replace("wss", "https")}
    clock.at, body = given["now"], f"你好 {given['now']}"
    theirs = signature.Signature.get_digest_header(given["url"], given["api_key"], given["api_secret"], body)
    mine = {name.decode(): text.decode() for name, text in ours(given, "header", body.encode()).headers}
    assert mine == {name.lower(): theirs[name] for name in ("Host", "Date", "Digest", "Authorization")}


@pytest.mark.parametrize("given", DRAWN if HAS_CHAT_PACKAGE else [])
def test_the_chat_package_signs_the_same(given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from sparkai.llm import llm

    monkeypatch.setattr(llm, "datetime", Frozen)
    Frozen.at = given["now"]
    theirs = llm._SparkLLMClient._create_url(
        given["url"], given["api_key"], given["api_secret"], given["method"]
    )
    assert told(ours(given).url) == told(theirs)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("spark") as made:
        yield made


def test_the_newer_packages_socket_is_let_in_and_reads_a_refusal(simulator: Simulator) -> None:
    """It has no client for chat: the one for speech sends any frame and reads `header.code`."""
    keys = faces.make("spark").credentials()
    origin = simulator.origin_of("spark").replace("http", "ws", 1)
    talker = _OralClient(keys["app_id"], keys["api_key"], keys["api_secret"], f"{origin}/v4.0/chat")
    talker.arun(
        {
            "header": {"app_id": keys["app_id"]},
            "parameter": {"chat": {"domain": "lite"}},
            "payload": {"message": {"text": [{"role": "user", "content": "Hi"}]}},
        }
    ).join(10)
    with pytest.raises(OralError, match="10404"):
        list(talker.subscribe(10))
