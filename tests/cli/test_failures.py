"""Errors as the user sees them."""

from __future__ import annotations

import pytest

from baimo import errors
from baimo.cli.failures import cure_lines, error_facts, error_lines, exit_code
from baimo.dialect.codes import table
from baimo.types.chat import ChatResponse, Choice, Message, Role
from baimo.types.content import Text
from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIMO_LANG", "en")


def test_a_missing_key_is_told_with_the_line_for_every_shell(run: Run) -> None:
    result = run("ask", "-m", "deepseek/x", "hi")
    assert result.exit_code == 2
    assert "https://platform.deepseek.com/api_keys" in result.stderr
    assert "baimo config set-key deepseek" in result.stderr
    for line in (
        "bash / zsh:  export DEEPSEEK_API_KEY='…'",
        "PowerShell:  $env:DEEPSEEK_API_KEY = '…'",
        "cmd:         set DEEPSEEK_API_KEY=…",
    ):
        assert line in result.stderr


def test_in_chinese_the_kind_of_error_is_explained(run: Run) -> None:
    said = run("ask", "-m", "deepseek/x", "hi", BAIMO_LANG="zh").stderr
    assert said.startswith("错误：deepseek: ")
    assert "没有设置该服务商的密钥。" in said
    assert "保存密钥：baimo config set-key deepseek" in said
    assert "export DEEPSEEK_API_KEY" in said


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("x"), 2),
        (errors.MissingExtraError("x"), 2),
        (errors.UnsupportedError("x"), 2),
        (errors.AuthError("x"), 1),
        (errors.ConnectError("x"), 1),
        (errors.LocalModelError("x"), 1),
    ],
)
def test_the_exit_code_tells_what_to_mend(error: errors.Error, code: int) -> None:
    assert exit_code(error) == code


def test_all_facts_of_a_refusal_are_in_one_line() -> None:
    error = errors.QuotaError(
        "no money", status=402, provider_code="E7", provider="acme", request_id="r1", hint="Top up."
    )
    error.attempts = 3
    first, hint = error_lines(error)
    assert first == "error: acme: no money [quota, HTTP 402, E7, request id r1, after 3 attempts]"
    assert hint == "  Top up."


def test_a_program_reads_facts_and_what_came_of_a_broken_answer() -> None:
    half = Message(role=Role.ASSISTANT, content=(Text(text="Half"),))
    partial = ChatResponse(choices=(Choice(message=half),), ended="cut")
    facts = error_facts(errors.StreamInterrupted("cut off", provider="acme", partial=partial))
    wanted = {"code": "stream_interrupted", "message": "cut off", "provider": "acme"}
    assert facts == {**wanted, "retryable": False, "partial": "Half"}


def test_only_a_missing_key_has_lines_to_type() -> None:
    assert cure_lines(errors.AuthError("x")) == []
    assert cure_lines(errors.MissingKeyError("x")) == []
    assert len(cure_lines(errors.MissingKeyError("x", variables=("A",)))) == 4


def test_a_providers_code_is_told_in_the_users_language(monkeypatch: pytest.MonkeyPatch) -> None:
    known = table("spark").table["11200"]
    error = errors.PermissionDeniedError("no", provider_code="11200", provider="spark", hint=known.cure)
    assert error_lines(error)[1:] == [f"  11200: {known.means}", f"  {known.cure}"]
    assert error_facts(error)["cure"] == known.cure
    monkeypatch.setenv("BAIMO_LANG", "zh")
    error.hint = f"{known.cure} More."
    assert error_lines(error)[1:] == [f"  11200：{known.means_zh}", f"  {known.cure_zh}", "  More."]
    assert error_facts(error)["means"] == known.means_zh


def test_a_refusal_without_a_code_goes_by_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIMO_LANG", "zh")
    known = table("spark").table["HMAC signature does not match"]
    error = errors.AuthError("HMAC signature does not match", provider="spark", hint=known.cure)
    assert error_lines(error)[1:] == [f"  {error.message}：{known.means_zh}", f"  {known.cure_zh}"]
    assert error_lines(errors.AuthError("never heard", provider="spark", hint="Look."))[2:] == ["  Look."]


@pytest.mark.parametrize(("provider", "code"), [("acme", "11200"), ("openai", "11200"), (None, "11200")])
def test_a_code_of_nobodys_table_stays_as_it_is(provider: str | None, code: str) -> None:
    error = errors.AuthError("no", provider_code=code, provider=provider, hint="Look.")
    assert error_lines(error)[1:] == ["  Look."]


def test_every_missing_variable_has_its_line() -> None:
    lines = cure_lines(errors.MissingKeyError("x", variables=("A_ID", "A_KEY")))
    assert "  bash / zsh:  export A_ID='…'" in lines
    assert "               export A_KEY='…'" in lines
