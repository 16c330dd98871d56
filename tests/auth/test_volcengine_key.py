"""API keys that Volcengine's control plane gives: how they are asked for, and how long they are used."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from baimo.auth.signer import Grant, Granting, Signer
from baimo.auth.volcengine_key import LIFE_S, MARGIN_S, VolcengineKey
from baimo.dialect.protocols import Site
from baimo.errors import (
    AuthError,
    ConfigError,
    InvalidRequestError,
    MissingKeyError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    WireError,
)
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireHead
from tests.playing import Play

SITE = Site(base_url="https://ark.example/api/v3", provider="volcengine")
SECRETS = {"access_key": Secret("AKLTfake"), "secret_key": Secret("fake-secret")}
START = 1_000_001_000.0
"""The wall time of a `Play`."""
OK = WireHead(200)


def told(ends: float | None = START + LIFE_S, key: str = "fetched-fake-key") -> bytes:
    result: dict[str, Any] = {"ApiKey": key}
    if ends is not None:
        result["ExpiredTime"] = ends
    return msgspec.json.encode({"ResponseMetadata": {"RequestId": "r-1"}, "Result": result})


def refused(code: str, message: str = "no") -> bytes:
    error = {"CodeN": 100010, "Code": code, "Message": message}
    return msgspec.json.encode({"ResponseMetadata": {"RequestId": "r-2", "Error": error}})


def fetch(*replies: Any, **options: Any) -> tuple[Any, Play]:
    play = Play(*replies)
    signer = VolcengineKey(**{"resource": "ep-1", **options})
    return play.run(signer.grant(SITE, SECRETS, None).make()), play


def test_it_is_what_the_words_of_signers_say() -> None:
    signer: Signer = VolcengineKey()
    assert isinstance(signer, Granting)
    assert (signer.needs, signer.timed) == (("access_key", "secret_key"), False)


def test_a_key_is_asked_for_with_a_signature_and_sent_as_a_bearer() -> None:
    (grant, lives), play = fetch(OK, told())
    wire = play.sent[0].wire
    assert isinstance(wire, HttpRequest)
    assert (wire.method, wire.url) == (
        "POST",
        "https://ark.cn-beijing.volcengineapi.com/?Action=GetApiKey&Version=2024-01-01",
    )
    assert json.loads(wire.body) == {  # type: ignore[arg-type]
        "DurationSeconds": LIFE_S,
        "ResourceType": "endpoint",
        "ResourceIds": ["ep-1"],
    }
    fields = dict(wire.headers)
    assert fields[b"Authorization"].startswith(
        b"HMAC-SHA256 Credential=AKLTfake/20010909/cn-beijing/ark/request"
    )
    assert grant == Grant(secrets={"api_key": Secret("fetched-fake-key")})
    assert lives == LIFE_S - MARGIN_S
    asked = HttpRequest(method="POST", origin="https://h", target=b"/")
    signed = VolcengineKey().sign(asked, {**SECRETS, **grant.secrets}, 0.0)
    assert signed.headers == ((b"Authorization", b"Bearer fetched-fake-key"),)
    with pytest.raises(MissingKeyError):
        VolcengineKey().sign(asked, SECRETS, 0.0)


@pytest.mark.parametrize(
    ("resource", "kind"), [("ep-1", "endpoint"), ("ep-m-1", "presetendpoint"), ("bot-1", "bot")]
)
def test_the_id_tells_what_the_key_is_for(resource: str, kind: str) -> None:
    _, play = fetch(OK, told(), resource=resource, project="p", url="http://127.0.0.1:9/top")
    wire = play.sent[0].wire
    assert isinstance(wire, HttpRequest)
    assert wire.url == "http://127.0.0.1:9/top/?Action=GetApiKey&Version=2024-01-01"
    body = json.loads(wire.body)  # type: ignore[arg-type]
    assert (body["ResourceType"], body["ResourceIds"], body["ProjectName"]) == (kind, [resource], "p")


@pytest.mark.parametrize(
    ("ends", "lives"),
    [
        (None, LIFE_S - MARGIN_S),
        (START + 7200, 7200 - MARGIN_S),
        (START + 600, 300.0),
        (START - 60, 0.0),
        (START + 10 * LIFE_S, LIFE_S - MARGIN_S),
    ],
)
def test_a_key_is_not_used_to_its_very_end(ends: float | None, lives: float) -> None:
    (_, found), _ = fetch(OK, told(ends))
    assert found == lives


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, refused("SignatureDoesNotMatch"), AuthError),
        (401, refused("InvalidAccessKey"), AuthError),
        (403, refused("AccessDenied"), PermissionDeniedError),
        (429, refused("FlowLimitExceeded"), RateLimitedError),
        (200, refused("InvalidParameter.ResourceIds"), InvalidRequestError),
        (502, b"<html>bad gateway</html>", ServerError),
    ],
)
def test_a_refusal_is_the_error_that_it_means(status: int, body: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        fetch(WireHead(status), body)
    error: Any = caught.value
    assert (error.provider, error.status) == ("volcengine", status)
    assert error.request_id == ("r-2" if b"r-2" in body else None)


@pytest.mark.parametrize("body", [b"{}", b"hello", told(key="")])
def test_a_reply_without_a_key_is_told(body: bytes) -> None:
    with pytest.raises(WireError, match="holds no key"):
        fetch(OK, body)


def test_what_is_missing_is_told_before_anything_is_sent() -> None:
    with pytest.raises(ConfigError, match="one inference endpoint; set endpoint_id"):
        VolcengineKey().grant(SITE, SECRETS, None)
    with pytest.raises(MissingKeyError, match="no secret_key"):
        VolcengineKey(resource="ep-1").grant(SITE, {"access_key": Secret("a")}, None)
    with pytest.raises(ConfigError, match="control plane is wrong"):
        VolcengineKey(resource="ep-1", url="ftp://x").grant(SITE, SECRETS, None)


def test_keys_are_shared_by_what_they_are_for_and_names_tell_no_secret() -> None:
    def key(resource: str = "ep-1", access: str = "AKLTfake") -> str:
        signer = VolcengineKey(resource=resource)
        return signer.grant(SITE, {**SECRETS, "access_key": Secret(access)}, None).key

    assert key() == key()
    assert len({key(), key("ep-2"), key(access="AKLTother")}) == 3
    assert "AKLT" not in key()


def test_only_a_refused_key_is_renewed() -> None:
    assert VolcengineKey().renews(AuthError("x"))
    assert not VolcengineKey().renews(ServerError("x"))
