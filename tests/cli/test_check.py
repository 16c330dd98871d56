"""What works from here, and what does not."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from decimal import Decimal
from email.utils import formatdate
from pathlib import Path

import pytest

from baimo.cli.balances import ask_balance
from baimo.cli.probe import clock, cure_of
from baimo.config.settings import load_settings
from baimo.errors import AuthError, LocalModelError, QuotaError
from baimo.testing import Simulator
from baimo.types.balance import Balance
from baimo.types.money import Money
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
    assert "Top up, or renew the plan, or use" in result.stdout
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


AKID, SECRET = "AKIDexample0000000000000000000000001", "exampleSecretKeyOfTencent0000001"


def test_a_half_given_set_says_which_half_lacks_and_where_it_is_found(run: Run) -> None:
    result = run("check", "hunyuan", TENCENTCLOUD_SECRET_ID=AKID)
    assert result.exit_code == 1
    assert "no secret_key is set for the endpoint native" in result.stdout
    assert "beside secret_id from TENCENTCLOUD_SECRET_ID" in result.stdout
    assert "SecretKey in the console. Beside its SecretId" in result.stdout
    assert "export TENCENTCLOUD_SECRET_KEY='…'" in result.stdout
    zh = run("check", "hunyuan", TENCENTCLOUD_SECRET_ID=AKID, BAIMO_LANG="zh").stdout
    assert "端点 native 缺少 secret_key" in zh and "或用于端点 tokenhub：api_key" in zh


@pytest.mark.parametrize(
    ("name", "env", "told"),
    [
        ("hunyuan", {"TENCENTCLOUD_SECRET_ID": "sk-0123456789"}, "this is an API key (sk-…)"),
        ("pangu", {"HUAWEICLOUD_IAM_USER": "EXAMPLEAK00000000001"}, "this looks like an AK"),
        ("pangu", {"PANGU_APP_CODE": "example-code"}, "no project_id is set for the endpoint v1"),
        ("spark", {"SPARKAI_API_KEY": "a:b", "SPARKAI_API_SECRET": "x"}, "no app_id is set for"),
        ("spark", {"SPARKAI_API_KEY": "abcd:efgh"}, "this looks like an APIPassword"),
    ],
)
def test_what_was_set_in_the_wrong_place_is_told_before_all_is_there(
    run: Run, name: str, env: dict[str, str], told: str
) -> None:
    result = run("check", name, **env)
    assert result.exit_code == 1
    assert told in result.stdout
    assert "of the console" in result.stdout or "in the console" in result.stdout


def test_swapped_secrets_and_the_end_of_an_endpoint_are_told(
    run: Run, folder: Path, provider: ScriptedProvider
) -> None:
    (folder / "baimo.toml").write_text(
        f'[providers.hunyuan]\nendpoint = "native"\nbase_url = "{provider.url}"\n'
        f'secret_id = "{SECRET}"\nsecret_key = "{AKID}"\n',
        "utf-8",
    )
    result = run("check", "hunyuan")
    assert "secret_id and secret_key look swapped" in result.stdout
    assert "secret_id …0001 from providers.hunyuan.secret_id" in result.stdout
    assert "signed: tc3" in result.stdout
    assert "it stopped, or was announced to stop, on 2026-09-30" in result.stdout
    assert AKID not in result.output and SECRET not in result.output


def test_a_socket_is_tried_and_the_place_of_tokens_too(
    run: Run, folder: Path, provider: ScriptedProvider
) -> None:
    origin = provider.url.removesuffix("/v1")
    (folder / "baimo.toml").write_text(
        f'[providers.spark]\nbase_url = "{origin.replace("http", "ws", 1)}"\napp_id = "0a1b2c3d"\n'
        f'api_key = "{"0" * 32}"\napi_secret = "{"Zm" * 16}"\n'
        f'[providers.pangu]\nbase_url = "{provider.url}"\niam_endpoint = "http://localhost:{origin[-5:]}"\n'
        'access_key = "EXAMPLEAK00000000001"\nsecret_key = "exampleSKofHuawei00000000000000000000001"\n',
        "utf-8",
    )
    socket_said = run("check", "spark")
    assert socket_said.exit_code == 0
    assert "answers a WebSocket handshake, HTTP 404 after" in socket_said.stdout
    tokens = run("check", "pangu", "--json")
    (found,) = json.loads(tokens.stdout)
    assert [one["what"] for one in found["findings"]].count("token") == 1
    assert ("GET", "/") in [(method, path) for method, path, _, _ in provider.seen]


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("hunyuan", "AuthFailure.SignatureFailure", "AuthError [auth]"),
        ("spark", "11200", "trying again does not help"),
        ("pangu", "APIG.0301", "a fresh token is fetched once"),
        ("spark", "10110", "trying again may help"),
    ],
)
def test_a_code_is_explained_without_looking_at_anything(
    run: Run, provider: ScriptedProvider, name: str, code: str, told: str
) -> None:
    result = run("check", name, "--code", code)
    assert (result.exit_code, provider.seen) == (0, [])
    assert result.stdout.startswith(f"{code}: ") and told in result.stdout
    zh = run("check", name, "--code", code, BAIMO_LANG="zh").stdout
    assert zh.startswith(f"{code}：") and "类别" in zh
    facts = json.loads(run("check", name, "--code", code, "--json").stdout)
    assert (facts["code"], set(facts)) == (
        code,
        {"code", "means", "kind", "class", "retryable", "renews", "cure"},
    )


def test_a_code_that_nobody_knows_is_told_with_near_ones(run: Run) -> None:
    result = run("check", "pangu", "--code", "0301")
    assert result.exit_code == 1
    assert "0301 is in no table of pangu's codes" in result.stderr and "APIG.0301" in result.stderr
    assert "no table of openai's codes" in run("check", "openai", "--code", "x").stderr
    assert run("check", "--code", "x").exit_code == 2


PLACES = """
[providers.{name}]
base_url = "{url}"
api_key = "sk-fake-0123456789abcdef0123456789abcdef"
"""


@pytest.fixture
def deepseek() -> Iterator[Simulator]:
    with Simulator("deepseek") as simulator:
        yield simulator


def of_simulator(simulator: Simulator) -> str:
    key = simulator.credentials_of("deepseek")["api_key"]
    return f'[providers.deepseek]\nbase_url = "{simulator.origin_of("deepseek")}"\napi_key = "{key}"\n'


def test_the_balance_is_told_in_both_languages_and_for_programs(
    run: Run, folder: Path, deepseek: Simulator
) -> None:
    (folder / "baimo.toml").write_text(of_simulator(deepseek), "utf-8")
    result = run("check", "deepseek", "--balance")
    assert result.exit_code == 0
    assert "88 CNY left, 8 CNY of it granted, 80 CNY of it paid in" in result.stdout
    assert (
        "余额  剩余 88 CNY，其中赠送 8 CNY，其中充值 80 CNY"
        in run("check", "deepseek", "--balance", BAIMO_LANG="zh").stdout
    )
    (found,) = json.loads(run("check", "deepseek", "--balance", "--json").stdout)
    assert found["ok"] and found["balance"]["amounts"] == [{"amount": "88.00", "currency": "CNY"}]
    assert found["balance"]["available"] is True
    (without,) = json.loads(run("check", "deepseek", "--json").stdout)
    assert "balance" not in without


def test_a_provider_that_tells_no_balance_says_so_and_nothing_failed(run: Run) -> None:
    result = run("check", "acme", "--balance")
    assert result.exit_code == 0
    assert "acme documents no way to ask for the balance" in result.stdout
    assert "没有公开的余额查询接口" in run("check", "acme", "--balance", BAIMO_LANG="zh").stdout


def test_where_the_balance_is_shown_instead_is_told(run: Run, folder: Path, deepseek: Simulator) -> None:
    (folder / "baimo.toml").write_text(
        PLACES.format(name="groq", url=deepseek.origin_of("deepseek")), "utf-8"
    )
    result = run("check", "groq", "--balance")
    assert "It is shown at https://console.groq.com" in result.stdout


def test_a_refused_balance_is_a_failure_with_what_else_is_needed(
    run: Run, folder: Path, provider: ScriptedProvider
) -> None:
    (folder / "baimo.toml").write_text(
        f'[providers.openrouter]\nbase_url = "{provider.url}"\napi_key = "sk-or-fake-0123456789"\n', "utf-8"
    )
    result = run("check", "openrouter", "--balance")
    assert result.exit_code == 1
    assert "nothing here [not_found]" in result.stdout
    assert "management key" in result.stdout
    (found,) = json.loads(run("check", "openrouter", "--balance", "--json").stdout)
    assert not found["ok"] and "balance" not in found


def test_a_balance_that_is_not_enough_for_calls_is_a_warning() -> None:
    class Poor:
        settings = load_settings({})

        def balance(self, name: str) -> Balance:
            return Balance(provider=name, amounts=(Money(Decimal(0), "CNY"),), available=False)

    finding = ask_balance(Poor(), "deepseek", {})  # type: ignore[arg-type]
    assert finding.verdict == "warn"
    assert finding.text == "0 CNY left"
    assert "no calls can be made" in finding.cure


def test_the_embedded_model_has_no_address(run: Run) -> None:
    shown = run("check", "local").stdout
    assert "embedded in this process" in shown
    assert "http" not in shown
