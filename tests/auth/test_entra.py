"""Tokens of Entra ID: how they are asked for and how long used, and what a refusal means."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from baimo.auth.entra import EntraToken
from baimo.auth.signer import Grant, Granting, Signer
from baimo.dialect.protocols import Site
from baimo.errors import (
    AuthError,
    ConfigError,
    Error,
    InvalidRequestError,
    MissingKeyError,
    RateLimitedError,
    ServerError,
    TransportError,
    WireError,
)
from baimo.types.secret import Secret
from baimo.wire.http import HttpRequest, WireHead
from tests.playing import Play

SITE = Site(base_url="https://r.openai.azure.com/openai/v1", provider="azure")
APP = {
    "tenant_id": Secret("00000000-0000-0000-0000-00000000fa0e"),
    "client_id": Secret("fake-client"),
    "client_secret": Secret("fake secret&~"),
}
OK = WireHead(200)


def told(**fields: Any) -> bytes:
    return msgspec.json.encode({"token_type": "Bearer", "access_token": "eyFake", **fields})


def fetch(*replies: Any, signer: EntraToken | None = None) -> tuple[Any, Play]:
    play = Play(*replies)
    return play.run((signer or EntraToken()).grant(SITE, APP, None).make()), play


def refuse(status: int, body: bytes) -> Error:
    with pytest.raises(Error) as caught:
        fetch(WireHead(status), body)
    return caught.value


def test_it_is_what_the_words_of_signers_say() -> None:
    signer: Signer = EntraToken()
    assert isinstance(signer, Granting)
    assert signer.needs == ("tenant_id", "client_id", "client_secret")
    assert not signer.timed


def test_a_token_is_asked_for_with_a_form() -> None:
    (grant, life), play = fetch(OK, told(expires_in=3599))
    wire = play.sent[0].wire
    assert isinstance(wire, HttpRequest)
    assert wire.url == (
        "https://login.microsoftonline.com/00000000-0000-0000-0000-00000000fa0e/oauth2/v2.0/token"
    )
    assert isinstance(wire.body, bytes)
    assert parse_qs(wire.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["fake-client"],
        "client_secret": ["fake secret&~"],
        "scope": ["https://ai.azure.com/.default"],
    }
    assert (b"Content-Type", b"application/x-www-form-urlencoded") in wire.headers
    assert grant.secrets == {"entra_token": Secret("eyFake")}
    assert life == 3299


def test_another_cloud_has_another_address_and_scope() -> None:
    signer = EntraToken(
        authority="https://login.partner.microsoftonline.cn/",
        scope="https://cognitiveservices.azure.cn/.default",
    )
    _, play = fetch(OK, told(), signer=signer)
    wire = play.sent[0].wire
    assert isinstance(wire, HttpRequest)
    assert wire.origin == "https://login.partner.microsoftonline.cn"
    assert isinstance(wire.body, bytes)
    assert b"cognitiveservices.azure.cn" in wire.body


@pytest.mark.parametrize(
    ("ends", "life"),
    [({"expires_in": "7200"}, 6900), ({"expires_in": 60}, 30), ({}, 3299), ({"expires_in": -1}, 3299)],
)
def test_a_token_is_never_used_to_its_very_end(ends: dict[str, Any], life: float) -> None:
    (_, found), _ = fetch(OK, told(**ends))
    assert found == life


def test_a_reply_in_pieces_is_read_whole() -> None:
    body = told()
    (grant, _), _ = fetch(OK, body[:9], body[9:])
    assert grant.secrets["entra_token"] == Secret("eyFake")


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff"])
def test_a_reply_without_a_token_is_an_error(body: bytes) -> None:
    with pytest.raises(WireError, match="no access_token"):
        fetch(OK, *([body] if body else []))


def test_a_wrong_secret_is_told_with_its_cure() -> None:
    body = {
        "error": "invalid_client",
        "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: 1\r\nTimestamp: x",
        "correlation_id": "cor-1",
    }
    error = refuse(401, msgspec.json.encode(body))
    assert isinstance(error, AuthError)
    assert error.message == "Entra ID gave no token: AADSTS7000215: Invalid client secret provided."
    assert error.hint is not None
    assert "not its id" in error.hint
    assert (error.status, error.request_id, error.provider) == (401, "cor-1", "azure")
    assert "fake" not in repr(error)


@pytest.mark.parametrize(
    ("status", "word", "kind"),
    [
        (400, "unauthorized_client", AuthError),
        (400, "invalid_scope", InvalidRequestError),
        (400, "brand_new", InvalidRequestError),
        (429, "temporarily_unavailable", RateLimitedError),
    ],
)
def test_a_refusals_word_decides(status: int, word: str, kind: type[Error]) -> None:
    error = refuse(status, msgspec.json.encode({"error": word}))
    assert isinstance(error, kind)
    assert word in error.message


def test_a_refusal_may_be_no_json() -> None:
    error = refuse(502, b"<html>")
    assert isinstance(error, ServerError)
    assert "HTTP status 502" in error.message


@pytest.mark.parametrize("name", ["tenant_id", "client_id", "client_secret"])
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(MissingKeyError, match=name) as caught:
        EntraToken().grant(SITE, {**APP, name: Secret("")}, None)
    assert caught.value.hint is not None


def test_a_wrong_address_is_told() -> None:
    with pytest.raises(ConfigError, match="authority's address"):
        EntraToken(authority="login").grant(SITE, APP, None)


def test_tokens_are_shared_by_what_they_are_for() -> None:
    one = EntraToken().grant(SITE, APP, None)
    assert one.key == EntraToken().grant(SITE, APP, None).key
    assert one.key != EntraToken(scope="x").grant(SITE, APP, None).key
    assert one.key != EntraToken().grant(SITE, {**APP, "client_secret": Secret("other")}, None).key
    assert "fake" not in one.key
    stale = Grant()
    assert EntraToken().grant(SITE, APP, stale).stale is stale


def test_the_token_is_sent_as_bearer() -> None:
    wire = HttpRequest(method="POST", origin="https://a", target=b"/", headers=((b"authorization", b"old"),))
    signed = EntraToken().sign(wire, {"entra_token": Secret("eyFake")}, 0.0)
    assert signed.headers == ((b"Authorization", b"Bearer eyFake"),)
    with pytest.raises(MissingKeyError, match="fetched before"):
        EntraToken().sign(wire, APP, 0.0)


@pytest.mark.parametrize(
    ("error", "renews"),
    [
        (AuthError("x", status=401), True),
        (AuthError("x", status=403), False),
        (ServerError("x", status=500), False),
        (TransportError("x"), False),
    ],
)
def test_only_a_refused_token_is_renewed(error: Error, renews: bool) -> None:
    assert EntraToken().renews(error) is renews
