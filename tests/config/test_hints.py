"""What is told with a refusal."""

from __future__ import annotations

import pytest

from baimo.catalogue import load as catalogue
from baimo.config.hints import hint
from baimo.errors import (
    AuthError,
    ConnectError,
    ContextTooLongError,
    Error,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    WireError,
)

URL = "https://api.openai.com/v1"


@pytest.mark.parametrize("kind", [NotFoundError, InvalidRequestError])
def test_a_name_that_is_gone_is_told(kind: type[Error]) -> None:
    words = hint(kind("no"), catalogue.find("deepseek"), "deepseek-chat", "https://api.deepseek.com")
    assert words is not None
    assert "deepseek-chat" in words
    assert "stopped on 2026-07-24" in words
    assert "deepseek-flash" in words


def test_a_wrong_address_is_told_where_nothing_answers_or_something_else_does() -> None:
    for kind in (ConnectError, WireError, NotFoundError):
        words = hint(kind("no"), catalogue.find("openai"), "x", "https://api.openai.com")
        assert words is not None
        assert "/v1" in words


def test_a_refused_key_is_told_what_it_mostly_means_there() -> None:
    words = hint(AuthError("no"), catalogue.find("maas"), "x", "https://api.modelarts-maas.com/v1")
    assert words is not None
    assert "region" in words
    assert hint(NotFoundError("no"), catalogue.find("maas"), "x", "https://api.modelarts-maas.com/v1") is None


@pytest.mark.parametrize("kind", [OverloadedError, ContextTooLongError])
def test_what_no_name_can_cure_is_left_alone(kind: type[Error]) -> None:
    assert hint(kind("no"), catalogue.find("deepseek"), "deepseek-chat", URL) is None
