"""A configuration can tell what a model's behaviour comes from; it needs no key and sends nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from baimo import ConfigError
from baimo.dialect.mending import Mending
from baimo.errors import UnknownProviderError
from tests.config.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_quirk_is_the_one_that_a_call_is_made_with(machine: Machine) -> None:
    machine.environ["ZHIPU_API_KEY"] = "fake.key"
    settings = machine.settings()
    (found,) = settings.behaviours("zhipu/glm-5.3-flash")
    quirks = settings.resolve("zhipu/glm-5.3-flash")[0][0].site.quirks
    assert found["thinking_always"].value is quirks.thinking_always is True
    assert found["thinking_always"].where == "glm-5.3*, glm-4.7, glm-4.5v"
    assert found["asked.reasoning_low"].value == {"reasoning_effort": "low"}
    assert "refused" in found["asked.reasoning_off"].value


def test_no_key_is_needed_and_any_name_works(machine: Machine) -> None:
    (found,) = machine.settings().behaviours("deepseek/of-tomorrow")
    assert (found.provider, found.model, found.endpoint) == ("deepseek", "of-tomorrow", "chat")
    assert not found.is_known
    assert found["reasoning_replay"].origin == "endpoint"
    assert found["stream_only"].origin == "default"


def test_the_endpoint_is_the_one_that_a_call_goes_to(machine: Machine) -> None:
    machine.user('[providers.deepseek]\nendpoint = "anthropic"\n')
    (found,) = machine.settings().behaviours("deepseek/deepseek-flash")
    assert (found.endpoint, found.dialect) == ("anthropic", "anthropic_messages")
    assert found["unsigned_thinking"].source == "https://api-docs.deepseek.com/guides/anthropic_api"


def test_a_word_of_the_user_s_names_its_file(machine: Machine) -> None:
    machine.user('[providers.deepseek.quirks]\nn_max = 1\nreasoning_replay = "never"\n')
    machine.here("[providers.deepseek.quirks]\nn_max = 2\n")
    (found,) = machine.settings().behaviours("deepseek/deepseek-flash")
    assert (found["n_max"].value, found["n_max"].where) == (2, str(machine.project / "baimo.toml"))
    assert found["reasoning_replay"].where == str(machine.user_file)
    assert {found["n_max"].origin, found["reasoning_replay"].origin} == {"configuration"}
    assert found["efforts"].origin == "endpoint"


def test_a_parameter_that_reaches_the_dialect_is_the_user_s(machine: Machine) -> None:
    machine.user('[providers.minimax]\nendpoint = "native"\napi_key = "sk-fake"\ngroup_id = "g1"\n')
    (found,) = machine.settings().behaviours("minimax/minimax-m3")
    assert (found["group_id"].value, found["group_id"].origin) == ("g1", "configuration")


def test_facts_of_the_user_s_are_told_as_his(machine: Machine) -> None:
    machine.user('[facts."deepseek/deepseek-flash"]\ncontext = 4096\n')
    (found,) = machine.settings().behaviours("deepseek/deepseek-flash")
    assert (found["context"].value, found["context"].origin) == (4096, "configuration")
    assert found["max_output"].origin == "model"
    assert Decimal(found["price"].value["input"]) > 0


def test_an_alias_tells_of_each_of_its_places(machine: Machine) -> None:
    machine.user('[models.smart]\nroute = ["zhipu/glm-4.7", "acme/big"]\n')
    config = {"dialect": "openai_chat", "base_url": "http://127.0.0.1:1/v1"}
    machine.here(f'[providers.acme]\ndialect = "{config["dialect"]}"\nbase_url = "{config["base_url"]}"\n')
    first, second = machine.settings().behaviours("smart")
    assert (first.model, second.model) == ("glm-4.7", "big")
    assert second["thinking_switch"].origin == "default"
    both = machine.settings().behaviours(["zhipu/glm-4.7", "acme/big"])
    assert [one.model for one in both] == ["glm-4.7", "big"]


def test_what_a_refusal_taught_stands_above_all(machine: Machine) -> None:
    taught = Mending(quirks={"stream_only": True}, told="It only streams.")
    (found,) = machine.settings().behaviours(
        "qwen/qwen-new", learned={("qwen", "chat", "qwen-new"): (taught,)}
    )
    assert (found["stream_only"].value, found["stream_only"].origin) == (True, "learned")
    assert found["stream_only"].where == "It only streams."
    (other,) = machine.settings().behaviours(
        "qwen/qwen-old", learned={("qwen", "chat", "qwen-new"): (taught,)}
    )
    assert other["stream_only"].value is False


def test_the_default_model_is_taken_where_none_is_named(machine: Machine) -> None:
    with pytest.raises(ConfigError, match="no model was named"):
        machine.settings().behaviours()
    machine.user('default_model = "deepseek/deepseek-flash"\n')
    assert machine.settings().behaviours()[0].model == "deepseek-flash"


def test_a_provider_that_nobody_knows_is_an_error(machine: Machine) -> None:
    with pytest.raises(UnknownProviderError):
        machine.settings().behaviours("nobody/model")


def test_a_wire_without_chat_or_features_is_told_all_the_same(machine: Machine) -> None:
    (found,) = machine.settings().behaviours("voyage/rerank-2")
    assert found["paths"].origin == "endpoint"


def test_words_are_said_in_chinese(machine: Machine) -> None:
    (found,) = machine.settings().behaviours("deepseek/deepseek-flash", language="zh")
    assert found["efforts"].means.startswith("支持的思考强度")
