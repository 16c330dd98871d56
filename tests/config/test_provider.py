"""One provider under the user's tables."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.errors import ConfigError, MissingKeyError
from tests.config.machine import Machine, key_of

ACME = {"dialect": "openai_chat", "base_url": "https://api.acme.example/v1"}


def test_a_new_provider_of_a_known_wire_is_two_lines(machine: Machine) -> None:
    machine.environ["ACME_API_KEY"] = "fake"
    at = machine.at("acme/any", {"providers": {"acme": ACME}})
    assert (at.provider, at.site.base_url, key_of(at)) == ("acme", "https://api.acme.example/v1", "fake")


def test_its_usual_variable_is_its_name(machine: Machine) -> None:
    with pytest.raises(MissingKeyError) as raised:
        machine.at("my-own.place/any", {"providers": {"my-own.place": ACME}})
    assert raised.value.variables == ("MY_OWN_PLACE_API_KEY",)
    assert 'auth = { scheme = "none" }' in str(raised.value)


@pytest.mark.parametrize(
    "table",
    [
        {**ACME, "base_url": "http://gpu-box:8000/v1"},
        {**ACME, "auth": {"scheme": "none"}},
    ],
)
def test_a_server_without_tls_or_told_so_needs_no_key_but_sends_one_that_is_set(
    machine: Machine, table: dict[str, Any]
) -> None:
    assert machine.at("acme/any", {"providers": {"acme": table}}).secrets == {}
    machine.environ["ACME_API_KEY"] = "fake"
    assert key_of(machine.at("acme/any", {"providers": {"acme": table}})) == "fake"


def test_a_new_provider_takes_what_a_row_may_say(machine: Machine) -> None:
    table = {**ACME, "env": {"api_key": ["OTHER"]}, "quirks": {"developer_role": True}, "max_queue_s": 9}
    machine.environ["OTHER"] = "fake"
    at = machine.at("acme/any", {"providers": {"acme": table}})
    assert at.site.quirks.developer_role is True
    assert at.limits is not None
    assert at.limits.queue == 9


def test_a_new_provider_without_dialect_or_address_is_an_error(machine: Machine) -> None:
    with pytest.raises(ConfigError, match="'acme' is not known, so it needs 'base_url'"):
        machine.at("acme/any", {"providers": {"acme": {"dialect": "openai_chat"}}})
    with pytest.raises(ConfigError, match=r"unknown dialect 'openai_chta'.*openai_chat"):
        machine.at("acme/any", {"providers": {"acme": {**ACME, "dialect": "openai_chta"}}}, {"acme": "fake"})


def test_a_known_row_takes_what_differs(machine: Machine) -> None:
    table = {"base_url": "http://127.0.0.1:8000/v1", "api_key": "fake", "headers": {"X-Team": "a"}}
    at = machine.at("openai/x", {"providers": {"openai": table}})
    assert at.site.base_url == "http://127.0.0.1:8000/v1"
    assert at.headers == ((b"X-Team", b"a"),)
    assert at.site.quirks.max_tokens_field == "max_completion_tokens"


def test_a_wrong_value_of_a_rows_own_key_names_file_and_key(machine: Machine) -> None:
    machine.user("[providers.openai]\nmax_queue_s = 'long'")
    with pytest.raises(ConfigError, match="max_queue_s") as raised:
        machine.at("openai/x", keys={"openai": "fake"})
    assert str(machine.user_file) in str(raised.value)


def test_the_first_endpoint_whose_credentials_are_complete_is_used(machine: Machine) -> None:
    machine.environ["HUNYUAN_API_KEY"] = "old"
    assert machine.at("hunyuan/x").endpoint == "compatible"
    machine.environ["TENCENT_TOKENHUB_API_KEY"] = "new"
    at = machine.at("hunyuan/x")
    assert (at.endpoint, key_of(at)) == ("tokenhub", "new")
    at = machine.at("hunyuan/x", {"providers": {"hunyuan": {"endpoint": "compatible"}}})
    assert (at.endpoint, key_of(at)) == ("compatible", "old")


def test_where_nothing_is_set_the_error_names_what_each_endpoint_needs(machine: Machine) -> None:
    with pytest.raises(MissingKeyError) as raised:
        machine.at("hunyuan/x")
    assert raised.value.variables == ("TENCENT_TOKENHUB_API_KEY",)
    assert "Or HUNYUAN_API_KEY for its endpoint compatible" in str(raised.value)


def test_an_endpoint_that_does_not_exist_is_told_which_do(machine: Machine) -> None:
    machine.user('[providers.hunyuan]\nendpoint = "natve"')
    with pytest.raises(ConfigError, match=r"no endpoint is called 'natve'.*tokenhub") as raised:
        machine.at("hunyuan/x")
    assert str(machine.user_file) in str(raised.value)


def test_an_endpoint_that_only_lacks_a_part_of_its_address_says_which(machine: Machine) -> None:
    machine.environ["DASHSCOPE_API_KEY"] = "fake"
    with pytest.raises(ConfigError, match="needs 'workspace'"):
        machine.at("qwen-workspace/x")
    at = machine.at("qwen-workspace/x", {"providers": {"qwen-workspace": {"workspace": "llm-1"}}})
    assert at.site.base_url == "https://llm-1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1"
    assert at.site.region == "cn-beijing"


def test_a_part_may_come_from_a_variable_and_a_scheme_from_another_header(machine: Machine) -> None:
    machine.environ |= {
        "AZURE_OPENAI_ENDPOINT": "https://me.openai.azure.com/",
        "AZURE_OPENAI_API_KEY": "fake",
    }
    at = machine.at("azure/my-deployment")
    assert (at.endpoint, at.site.base_url) == ("key", "https://me.openai.azure.com/openai/v1")


def test_secrets_are_given_by_name_where_an_endpoint_has_several(machine: Machine) -> None:
    at = machine.at("spark/x", keys={"spark": {"api_password": "fake"}})
    assert key_of(at) == "fake"
    assert key_of(machine.at("spark/x", keys={"spark": "plain"})) == "plain"


def test_a_pool_and_a_single_key_exclude_each_other_and_the_higher_place_wins(machine: Machine) -> None:
    both = {"api_key": "a", "keys": [{"api_key": "b"}]}
    with pytest.raises(ConfigError, match="either api_key or keys"):
        machine.at("deepseek/x", {"providers": {"deepseek": both}})
    machine.user('[[providers.deepseek.keys]]\napi_key = "pool"')
    machine.here('[providers.deepseek]\napi_key = "single"')
    assert key_of(machine.at("deepseek/x")) == "single"
    machine.user('[providers.deepseek]\napi_key = "single"')
    machine.here('[[providers.deepseek.keys]]\napi_key = "pool"')
    assert key_of(machine.at("deepseek/x")) == "pool"


def test_a_pool_takes_nothing_from_the_environment_and_names_the_key_that_lacks(machine: Machine) -> None:
    machine.environ["DEEPSEEK_API_KEY"] = "usual"
    pool = [{"api_key": "fake-1"}, {"api_key": {"env": "GONE"}}]
    with pytest.raises(MissingKeyError, match="set GONE"):
        machine.at("deepseek/x", {"providers": {"deepseek": {"keys": pool}}})
    with pytest.raises(MissingKeyError, match="no api_key is set"):
        machine.at("deepseek/x", {"providers": {"deepseek": {"keys": [{"weight": 1}]}}})


def test_an_empty_key_is_no_key(machine: Machine) -> None:
    with pytest.raises(MissingKeyError):
        machine.at("deepseek/x", {"providers": {"deepseek": {"api_key": "  "}}})
    machine.environ["DEEPSEEK_API_KEY"] = ""
    with pytest.raises(MissingKeyError):
        machine.at("deepseek/x")


def test_the_users_tables_do_not_change_the_catalogue(machine: Machine) -> None:
    machine.at("openai/x", {"providers": {"openai": {"headers": {"X": "1"}}}}, {"openai": "fake"})
    assert machine.at("openai/x", {}, {"openai": "fake"}).headers == ()
