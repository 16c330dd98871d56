"""What works from here, and what does not."""

from __future__ import annotations

import json
import socket
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from baimo.cli.probe import clock, cure_of
from baimo.errors import AuthError, LocalModelError, QuotaError
from tests.cli.conftest import Run, ScriptedProvider, refusal, words


def test_all_that_is_well_is_said_so(run: Run, provider: ScriptedProvider) -> None:
    result = run("check", "acme")
    assert result.exit_code == 0
    assert result.stdout.startswith("acme  acme\n")
    for word in (
        "none is needed",
        f"default at {provider.url}",
        "HTTP 404 after",
        "the same as the provider's",
    ):
        assert word in result.stdout
    assert provider.bodies == []


def test_a_call_is_made_only_when_asked_for(run: Run, provider: ScriptedProvider) -> None:
    provider.will(words("OK"), words("OK"))
    result = run("check", "acme", "--call")
    assert result.exit_code == 0
    assert "answered: acme/big · 1,200 in, 34 out" in result.stdout
    assert "acme/small" in run("check", "acme", "-m", "small").stdout


def test_a_failure_names_its_cure_and_ends_with_1(run: Run, provider: ScriptedProvider) -> None:
    provider.will(refusal(402, "no money left"), refusal(402, "no money left"))
    result = run("check", "acme", "--call")
    assert result.exit_code == 1
    assert "no money left [quota]" in result.stdout
    assert "Top up the account" in result.stdout
    assert "请充值" in run("check", "acme", "--call", BAIMO_LANG="zh").stdout


def test_a_missing_key_is_told_with_the_lines_that_set_it(run: Run) -> None:
    result = run("check", "deepseek")
    assert result.exit_code == 1
    assert "no api_key is set" in result.stdout
    assert "export DEEPSEEK_API_KEY" in result.stdout


def test_an_address_where_nobody_answers_is_found_out(run: Run, folder: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    (folder / "baimo.toml").write_text(
        f'[providers.acme]\ndialect = "openai_chat"\nbase_url = "http://127.0.0.1:{port}/v1"\n', "utf-8"
    )
    result = run("check", "acme", "--call", HTTPS_PROXY="http://127.0.0.1:1")
    assert result.exit_code == 1
    assert "connection refused [connect]" in result.stdout
    assert "These proxy variables are set: HTTPS_PROXY" in result.stdout
    assert " call " not in result.stdout


def test_the_shape_of_a_key_and_a_dead_service_are_looked_at(
    run: Run, folder: Path, provider: ScriptedProvider
) -> None:
    (folder / "baimo.toml").write_text(
        f'[providers.deepseek]\nbase_url = "{provider.url}"\napi_key = "\'sk-fake-0123456789\'"\n'
        f'[providers.acme]\ndialect = "openai_chat"\nbase_url = "{provider.url}"\nretired = 2026-01-02\n'
        'successor = "deepseek"\n',
        "utf-8",
    )
    result = run("check", "deepseek", "acme")
    assert result.exit_code == 1
    assert "it stands in quotes" in result.stdout
    assert "baimo config set-key deepseek" in result.stdout
    assert "ended on 2026-01-02" in result.stdout and "Use deepseek instead." in result.stdout


def test_without_a_name_it_looks_at_what_is_set(run: Run, folder: Path, provider: ScriptedProvider) -> None:
    alone = run("check", "--json")
    assert [one["provider"] for one in json.loads(alone.stdout)] == ["local"]
    (folder / "baimo.toml").write_text(
        f'[providers.acme]\ndialect = "openai_chat"\nbase_url = "{provider.url}"\n'
        'api_key = "fake-key-0123456789"\n',
        "utf-8",
    )
    found = json.loads(run("check", "--json").stdout)
    assert [one["provider"] for one in found] == ["acme"]
    assert found[0]["ok"] and {one["verdict"] for one in found[0]["findings"]} == {"ok"}


def test_the_embedded_model_is_looked_at_without_a_network(run: Run, provider: ScriptedProvider) -> None:
    result = run("check")
    assert result.exit_code == 0
    assert "baimo pull smollm2" in result.stdout
    assert "No key is set." in result.stderr
    assert provider.seen == []


@pytest.mark.parametrize(
    ("off", "verdict"), [(0, "ok"), (59, "ok"), (-120, "warn"), (299, "warn"), (301, "fail"), (-4000, "fail")]
)
def test_a_clock_that_is_off_is_told(off: float, verdict: str) -> None:
    now = float(int(time.time()))
    (finding,) = clock(formatdate(now, usegmt=True), now + off)
    assert finding.verdict == verdict
    assert (f"{off:+.0f} s" in finding.text) == (off != 0)
    assert bool(finding.cure) == (verdict != "ok")


def test_a_date_that_is_none_says_nothing() -> None:
    assert clock("yesterday", 0.0) == []


def test_every_error_has_some_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAIMO_LANG", "en")
    assert cure_of(AuthError("x", hint="Do this.")) == "Do this."
    assert "Top up" in cure_of(QuotaError("x"))
    assert "--debug" in cure_of(LocalModelError("x"))
