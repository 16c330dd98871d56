"""What is known of models."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from baimo.cli.models import price_words, token_words
from baimo.types.models import ModelInfo, Price
from tests.cli.conftest import Run, ScriptedProvider

TODAY = date(2026, 6, 1)


def test_known_models_are_a_table_with_date_and_source(run: Run) -> None:
    result = run("models", "deepseek")
    head, *rows = result.stdout.splitlines()
    assert head.split()[:2] == ["model", "context"]
    assert any(row.startswith("deepseek/") for row in rows)
    assert "Checked 20" in result.stderr


def test_all_providers_are_listed_without_a_name(run: Run) -> None:
    listed = {row.split("/")[0] for row in run("models").stdout.splitlines()[1:]}
    assert {"deepseek", "qwen", "openai"} <= listed


def test_retired_ones_are_shown_when_asked_for(run: Run) -> None:
    usual, everything = run("models", "deepseek"), run("models", "deepseek", "--all")
    hidden = int(usual.stderr.split(" that are no longer served")[0].split()[-1])
    assert len(everything.stdout.splitlines()) >= len(usual.stdout.splitlines()) + hidden
    assert "Served until" in everything.stdout


def test_a_remark_speaks_the_users_language(run: Run) -> None:
    assert "停止服务。" in run("models", "deepseek", "--all", BAIMO_LANG="zh").stdout


def test_live_asks_the_provider(run: Run, provider: ScriptedProvider) -> None:
    assert run("models", "acme", "--live").stdout == "model\nacme/big\nacme/small\n"
    assert provider.seen[0][1] == "/v1/models"
    assert run("models", "--live").exit_code == 2


def test_json_is_for_programs(run: Run) -> None:
    known = json.loads(run("models", "deepseek", "--json").stdout)
    assert {one["provider"] for one in known} == {"deepseek"}
    priced = next(one for one in known if one.get("prices"))
    assert Decimal(priced["prices"][0]["input"]) > 0


def test_nothing_known_is_no_failure(run: Run) -> None:
    result = run("models", "acme")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Nothing is known of models of acme" in result.stderr


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (None, "–"),
        (1_000_000, "1M"),
        (1_048_576, "1M"),
        (384_000, "384K"),
        (131_072, "128K"),
        (12_345, "12,345"),
    ],
)
def test_counts_are_said_as_people_say_them(count: int | None, words: str) -> None:
    assert token_words(count) == words


def test_only_the_price_of_the_day_is_said() -> None:
    old = Price(currency="CNY", input=Decimal(9), until=date(2026, 1, 1))
    now = Price(currency="CNY", input=Decimal("2.50"), output=Decimal(8), max_input=32_000)
    more = Price(currency="CNY", input=Decimal(5), output=Decimal(16))
    model = ModelInfo(id="m", provider="p", prices=(old, now, more))
    assert price_words(model, TODAY) == "2.5 / 8 CNY+"
    assert price_words(ModelInfo(id="m", provider="p", prices=(old,)), TODAY) == "–"
    assert price_words(ModelInfo(id="m", provider="p", prices=(more,)), TODAY) == "5 / 16 CNY"


def test_a_model_in_the_place_of_a_provider_is_told_what_to_write(run: Run) -> None:
    result = run("models", "deepseek/deepseek-flash")
    assert result.exit_code == 2
    assert "`baimo models deepseek` lists" in result.stderr
    assert "`baimo models --why deepseek/deepseek-flash`" in result.stderr


def test_of_models_in_this_process_those_on_this_machine_are_listed(run: Run) -> None:
    result = run("models", "local")
    assert result.exit_code == 0
    assert "Any name works" not in result.stderr
