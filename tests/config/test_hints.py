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


def test_a_key_or_an_address_is_not_blamed_on_a_model_that_will_stop() -> None:
    row = catalogue.find("deepseek")
    for kind in (AuthError, ConnectError):
        assert "deepseek-chat" not in str(hint(kind("no"), row, "deepseek-chat", "https://api.deepseek.com"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_server_of_ones_own_that_does_not_answer_is_asked_after(host: str) -> None:
    words = hint(ConnectError("no"), catalogue.find("vllm"), "x", f"http://{host}:8000/v1")
    assert words is not None
    assert "Is a server running there?" in words
    assert "[providers.vllm]" in words
    assert hint(ConnectError("no"), catalogue.find("vllm"), "x", "https://vllm.example/v1") is None


def test_an_address_without_the_path_of_the_providers_is_told() -> None:
    def told(url: str, dialect: str = "openai_chat", provider: str = "openai") -> str | None:
        return hint(NotFoundError("no"), catalogue.find(provider), "x", url, dialect)

    words = told("http://me:secret@relay.example:8080")
    assert words == (
        "The address is http://relay.example:8080, while that of OpenAI ends with /v1: check base_url."
    )
    assert "https://relay.example/api," in str(told("https://relay.example/api"))
    assert told("https://relay.example/v1/") is None
    assert told("https://relay.example", "hunyuan") is None
    assert "ends with its host" in str(told("https://relay.example/v9", provider="deepseek"))
    assert told("https://relay.example/x", provider="azure") is None
