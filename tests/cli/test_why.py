"""`baimo models --why MODEL` says what calls to a model go by, and who says it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from baimo.cli.why import origin_words, value_words
from baimo.types.behaviours import Behaviour
from tests.cli.conftest import Run


def test_each_behaviour_stands_with_its_value_its_meaning_and_who_says_it(run: Run) -> None:
    lines = run("models", "--why", "deepseek/deepseek-r1").stdout.splitlines()
    assert lines[0] == "deepseek/deepseek-r1  endpoint chat, wire openai_chat"
    at = lines.index("  reasoning_replay = never")
    assert lines[at + 1].startswith("      which earlier reasoning goes back")
    assert lines[at + 2].startswith(
        "      models deepseek-r1* · https://api-docs.deepseek.com/guides/reasoning_model, as of 2025"
    )
    assert '  asked.reasoning_off = {"thinking": {"type": "disabled"}}' in lines
    assert lines[-1].startswith("Safe defaults: max_tokens_field = max_tokens")
    assert "stream_only = false" in lines[-1]


def test_prices_stand_with_the_hours_in_which_they_hold(run: Run) -> None:
    said = run("models", "--why", "deepseek/deepseek-flash").stdout
    assert '"spans": [["09:00:00", "12:00:00"], ["14:00:00", "18:00:00"]]' in said


def test_a_name_that_nobody_knows_has_the_safe_defaults(run: Run) -> None:
    result = run("models", "--why", "acme/of-tomorrow")
    assert result.exit_code == 0
    assert "Nobody here knows this name" in result.stdout
    assert "reasoning_replay = never" in result.stdout


def test_the_words_are_those_of_the_user_s_language(run: Run) -> None:
    said = run("models", "--why", "zhipu/new", BAIMO_LANG="zh").stdout
    assert "未收录该模型名" in said
    assert "\n思考\n" in said
    assert "安全默认值：" in said


def test_json_is_for_programs(run: Run) -> None:
    (told,) = json.loads(run("models", "--why", "zhipu/glm-4.7", "--json").stdout)
    found = {one["name"]: one for one in told["behaviours"]}
    assert told["is_known"] is True
    assert found["thinking_always"]["value"] is True
    assert found["thinking_always"]["origin"] == "variant"
    assert found["reasoning_replay"]["source"] == "https://docs.z.ai/guides/capabilities/thinking-mode"
    assert found["reasoning_replay"]["checked"].startswith("2026-")


def test_several_models_stand_apart(run: Run, folder: Path) -> None:
    config = folder / "baimo.toml"
    config.write_text(
        config.read_text("utf-8") + '[models.both]\nroute = ["zhipu/a", "deepseek/b"]\n', "utf-8"
    )
    assert "\n\ndeepseek/b  endpoint chat" in run("models", "--why", "both").stdout


@pytest.mark.parametrize("more", [["--live"], ["--all"], ["deepseek"]])
def test_it_goes_with_json_alone(run: Run, more: list[str]) -> None:
    assert run("models", *more, "--why", "deepseek/x").exit_code == 2


def test_facts_of_the_configuration_are_said_to_be_so() -> None:
    one = Behaviour(name="context", area="limits", value=1, origin="configuration")
    assert origin_words(one) == "the configuration: facts"
    assert (value_words(""), value_words([1])) == ('""', "[1]")
