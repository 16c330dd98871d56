"""Access tokens of Baidu: fetched once with an application's keys, fetched again when one is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from baimo.auth import schemes
from baimo.auth.access_token import AccessToken
from baimo.auth.signer import Grant, Granting
from baimo.dialect.protocols import Site
from baimo.errors import (
    AuthError,
    ConfigError,
    MissingKeyError,
    ProviderError,
    RateLimitedError,
    ServerError,
    WireError,
)
from baimo.steps import Read, Send, Shared, Steps
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireHead

SITE = Site(base_url="https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop", provider="qianfan")
KEYS = {"app_key": Secret("FAKEak/1"), "app_secret": Secret("FAKEsk00")}
GOOD = {"access_token": "24.fake+token", "expires_in": 2592000, "scope": "public"}


def shared(signer: AccessToken | None = None, site: Site = SITE, **keys: str) -> Shared:
    given = {**KEYS, **{name: Secret(text) for name, text in keys.items()}}
    found = (signer or AccessToken()).grant(site, given, None)
    assert found is not None
    return found


def answered(body: Any, status: int = 200) -> tuple[HttpRequest, tuple[Grant, float]]:
    """The request that fetches a token, and what comes of that answer."""
    steps = shared().make()
    wire = begun(steps)
    assert isinstance(steps.send(WireHead(status)), Read)
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    assert isinstance(steps.send(raw), Read)
    try:
        steps.send(b"")
    except StopIteration as done:
        return wire, done.value
    raise AssertionError("it asks for more")


def begun(steps: Steps) -> HttpRequest:
    """The request that the steps begin with."""
    send = next(steps)
    assert isinstance(send, Send)
    assert isinstance(send.wire, HttpRequest)
    return send.wire


def test_a_token_is_fetched_with_the_keys_of_an_application() -> None:
    wire, (grant, life) = answered(GOOD)
    assert (wire.method, wire.origin) == ("POST", "https://aip.baidubce.com")
    assert wire.target == (
        b"/oauth/2.0/token?grant_type=client_credentials&client_id=FAKEak%2F1&client_secret=FAKEsk00"
    )
    assert grant.secrets["access_token"].reveal() == "24.fake+token"
    assert life == 2592000 - 3600
    assert answered({**GOOD, "expires_in": 60})[1][1] == 30
    assert answered({"access_token": "24.fake"})[1][1] == 23 * 3600


def test_calls_of_one_application_share_a_token_and_others_do_not() -> None:
    assert shared().key == shared().key
    assert shared().key != shared(app_key="other").key
    assert "FAKE" not in shared().key
    there = shared(AccessToken(url="http://127.0.0.1:9/own/token")).make()
    assert begun(there).url.startswith("http://127.0.0.1:9/own/token?")
    bare = shared(AccessToken(url="http://127.0.0.1:9")).make()
    assert begun(bare).url.startswith("http://127.0.0.1:9/oauth/2.0/token?")


@pytest.mark.parametrize(
    ("body", "status", "kind", "words"),
    [
        (
            {"error": "invalid_client", "error_description": "unknown id"},
            401,
            AuthError,
            "unknown id",
        ),
        (
            {"error": "invalid_client", "error_description": "it failed"},
            200,
            AuthError,
            "failed",
        ),
        ({"error": "slow_down"}, 429, RateLimitedError, "slow_down"),
        (b"<html>", 502, ServerError, "HTTP status 502"),
    ],
)
def test_a_refused_application_is_told(body: Any, status: int, kind: type[ProviderError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        answered(body, status)
    assert caught.value.provider == "qianfan"
    assert (caught.value.hint is not None) is (kind is AuthError)


def test_a_reply_without_a_token_is_none() -> None:
    with pytest.raises(WireError, match="no access_token"):
        answered({})


def test_the_token_stands_in_the_address() -> None:
    secrets = {"access_token": Secret("24.fake+token")}
    wire = HttpRequest(method="POST", origin="https://h", target=b"/chat/completions")
    assert AccessToken().sign(wire, secrets, 0).target == b"/chat/completions?access_token=24.fake%2Btoken"
    asked = HttpRequest(method="POST", origin="https://h", target=b"/a?b=c")
    assert AccessToken().sign(asked, secrets, 0).target == b"/a?b=c&access_token=24.fake%2Btoken"
    with pytest.raises(MissingKeyError, match="must be fetched"):
        AccessToken().sign(wire, {}, 0)


def test_a_given_token_needs_nothing_fetched() -> None:
    signer = schemes.signer("access_token", {"method": "given"})
    assert isinstance(signer, Granting)
    assert signer.grant(SITE, {"access_token": Secret("24.fake")}, None) is None
    assert schemes.find("access_token", {"method": "given"}).needs == ("access_token",) == signer.needs
    assert schemes.find("access_token", {}).grants == ("access_token",)
    assert not signer.renews(AuthError("gone", provider_code="110"))


def test_a_token_that_ended_is_fetched_again_and_nothing_else() -> None:
    signer = AccessToken()
    assert signer.renews(AuthError("expired", provider_code="111"))
    assert signer.renews(AuthError("invalid", provider_code="110"))
    assert not signer.renews(AuthError("no such application", provider_code="15"))
    assert not signer.renews(AuthError("unknown", provider_code="brand_new"))
    assert not signer.renews(ServerError("gone", provider_code="110"))


def test_what_is_missing_or_wrong_is_told_before_anything_is_sent() -> None:
    with pytest.raises(MissingKeyError, match="no app_secret") as caught:
        AccessToken().grant(SITE, {"app_key": Secret("a")}, None)
    assert "application" in (caught.value.hint or "")
    with pytest.raises(ConfigError, match="address of tokens"):
        shared(AccessToken(url="nowhere"))
    with pytest.raises(ConfigError, match="unknown method 'magic'"):
        schemes.signer("access_token", {"method": "magic"})
