"""Who can be called."""

from __future__ import annotations

import json

from tests.cli.conftest import Run, ScriptedProvider

KEY = "sk-fake-0123456789abcdef"


def test_those_whose_keys_are_set_come_first(run: Run) -> None:
    lines = run("providers", DEEPSEEK_API_KEY=KEY).stdout.splitlines()
    assert lines[0].split() == ["name", "provider", "key", "address"]
    assert lines[1].startswith("deepseek ") and "✓ DEEPSEEK_API_KEY" in lines[1]
    assert any(line.startswith("acme ") and "not needed" in line for line in lines)
    assert len(lines) > 35


def test_only_those_that_are_set_on_request(run: Run) -> None:
    assert run("providers", "--set").stdout.count("\n") == 1
    listed = run("providers", "--set", DEEPSEEK_API_KEY=KEY).stdout
    assert listed.count("\n") == 2
    assert KEY not in listed


def test_one_is_told_about_in_full_by_any_of_its_names(run: Run, provider: ScriptedProvider) -> None:
    told = run("providers", "混元").stdout
    assert told.startswith("hunyuan  Tencent Hunyuan\n")
    for word in ("HUNYUAN_API_KEY", "endpoint compatible", "not usable: no api_key", "keys are made at"):
        assert word in told
    own = run("providers", "acme").stdout
    assert provider.url in own and "used: the only endpoint" in own


def test_the_embedded_model_has_no_address(run: Run) -> None:
    local = next(line for line in run("providers").stdout.splitlines() if line.startswith("local "))
    assert local.endswith("in this process")


def test_json_is_for_programs_and_holds_no_key(run: Run) -> None:
    result = run("providers", "--json", DEEPSEEK_API_KEY=KEY)
    found = {one["name"]: one for one in json.loads(result.stdout)}
    assert found["deepseek"]["key_set"] and found["deepseek"]["key_from"] == ["DEEPSEEK_API_KEY"]
    assert not found["openai"]["key_set"]
    assert KEY not in result.stdout


def test_an_unknown_name_lists_near_ones(run: Run) -> None:
    result = run("providers", "depseek")
    assert result.exit_code == 2
    assert "Did you mean deepseek" in result.stderr


def test_the_days_of_an_endpoint_are_told(run: Run) -> None:
    assert "[until 2026-09-30]" in run("providers", "hunyuan").stdout
    (facts,) = json.loads(run("providers", "hunyuan", "--json").stdout)
    native = next(one for one in facts["endpoints"] if one["name"] == "native")
    assert (native["scheme"], native["since"], native["until"]) == ("tc3", None, "2026-09-30")
