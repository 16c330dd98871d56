"""Tokens for people's own HTTP code."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

import baimo.auth
from baimo.client.tokens import Token
from baimo.errors import AuthError, InputError, MissingKeyError
from baimo.types.secret import Secret
from baimo.wire.http import WireHead
from tests.scripted import AsyncScript, Script

NOW = 1763800000.0
CREATED = WireHead(201, ((b"x-subject-token", b"fake-token-of-iam"), (b"content-type", b"application/json")))
TOLD = {
    "token": {
        "expires_at": "2025-11-23T08:26:40.000000Z",
        "issued_at": "2025-11-22T08:26:40.000000Z",
        "project": {"id": "0" * 32, "name": "cn-southwest-2"},
    }
}


class Clock:
    """Stands still."""

    def wall(self) -> float:
        return NOW

    def mono(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")

    async def asleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


def test_a_token_is_fetched_and_tells_until_when_it_is_good() -> None:
    script = Script((CREATED, [json.dumps(TOLD).encode()]))
    token = baimo.auth.iam_token(
        user="someone", password="fake-password", domain="acme", transport=script, clock=Clock()
    )
    assert isinstance(token, Token)
    assert (token.value, token.project_id) == ("fake-token-of-iam", "0" * 32)
    assert (
        datetime(2025, 11, 23, 8, tzinfo=UTC) < token.expires_at < datetime(2025, 11, 23, 8, 26, tzinfo=UTC)
    )
    assert "fake-token" not in f"{token!r} {token}"
    sent = script.sent[0]
    assert sent.origin == "https://iam.cn-southwest-2.myhuaweicloud.com"
    body = json.loads(sent.body)["auth"]
    assert body["identity"]["password"]["user"] == {
        "name": "someone",
        "password": "fake-password",
        "domain": {"name": "acme"},
    }


async def test_a_token_is_fetched_without_blocking_too() -> None:
    script = AsyncScript((CREATED, [json.dumps(TOLD).encode()]))
    token = await baimo.auth.aiam_token(
        access_key=Secret("FAKEAK"),
        secret_key="fake-secret",
        project_id="1" * 32,
        url="https://iam.example",
        transport=script,
        clock=Clock(),
    )
    assert token.value == "fake-token-of-iam"
    body = json.loads(script.sent[0].body)["auth"]
    assert (body["identity"]["methods"], body["scope"]) == (["hw_ak_sk"], {"project": {"id": "1" * 32}})
    assert script.sent[0].origin == "https://iam.example"


def test_a_refusal_of_a_token_is_told() -> None:
    refused = WireHead(401, ((b"content-type", b"application/json"),))
    body = (
        b'{"error": {"code": 401, "message": "The username or password is wrong.", "title": "Unauthorized"}}'
    )
    with pytest.raises(AuthError, match="password is wrong"):
        baimo.auth.iam_token(user="u", password="p", domain="d", transport=Script((refused, [body])))
    with pytest.raises(MissingKeyError, match="iam_password"):
        baimo.auth.iam_token(user="u", domain="d")
    with pytest.raises(InputError, match="either"):
        baimo.auth.iam_token(user="u", access_key="a")
