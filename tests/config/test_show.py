"""The configuration as lines, each with its place."""

from __future__ import annotations

from typing import Any

import pytest

from tests.config.machine import Machine

KEY = "sk-fake-0123456789-tail"


def lines(machine: Machine, config: dict[str, Any] | None = None) -> dict[str, tuple[str, str]]:
    return {line.key: (line.value, line.source) for line in machine.settings(config).show()}


def test_each_value_that_counts_is_shown_once_with_the_place_it_comes_from(machine: Machine) -> None:
    machine.user('default_model = "a/b"\nmax_retries = 3\n[timeouts]\nidle = 5\nhead = 6')
    machine.here('default_model = "c/d"\n[timeouts]\nidle = 9')
    user, project = str(machine.user_file), str(machine.project / "baimo.toml")
    assert lines(machine) == {
        "default_model": ("c/d", project),
        "max_retries": ("3", user),
        "timeouts.idle": ("9", project),
        "timeouts.head": ("6", user),
    }


def test_what_a_higher_place_says_in_another_form_hides_all_below(machine: Machine) -> None:
    machine.user(
        '[network.proxy]\nhttps = "http://b.example"\n[providers.openai]\napi_key = "old"\n'
        '[[providers.deepseek.keys]]\napi_key = "old"'
    )
    machine.here(
        '[network]\nproxy = "http://a.example"\n[[providers.openai.keys]]\napi_key = "new"\n'
        '[providers.deepseek]\napi_key = "new"'
    )
    assert set(lines(machine)) == {"network.proxy", "providers.openai.keys", "providers.deepseek.api_key"}


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ({"api_key": KEY}, "api_key", "…tail"),
        ({"api_key": "short"}, "api_key", "****"),
        ({"api_key": {"env": "MY_KEY"}}, "api_key", '{ env = "MY_KEY" }'),
        ({"api_key": {"file": "~/key"}}, "api_key", '{ file = "~/key" }'),
        ({"api_key": {"command": ["pass", KEY]}}, "api_key", '{ command = ["pass", …] }'),
        (
            {"keys": [{"api_key": KEY, "weight": 2}, {"api_key": {"env": "B"}}]},
            "keys",
            '…tail, 2; { env = "B" }',
        ),
        ({"headers": {"X-Key": KEY}}, "headers.X-Key", "…tail"),
        ({"extra": {"deep": {"token": KEY}}}, "extra.deep.token", "…tail"),
        ({"base_url": "https://a.example/v1"}, "base_url", "https://a.example/v1"),
        ({"quirks": {"developer_role": True}}, "quirks.developer_role", "true"),
        ({"env": {"api_key": ["A", "B"]}}, "env.api_key", "A, B"),
    ],
)
def test_a_secret_is_masked_wherever_it_stands(
    machine: Machine, table: dict[str, Any], key: str, value: str
) -> None:
    shown = lines(machine, {"providers": {"openai": table}})
    assert shown[f"providers.openai.{key}"] == (value, "the argument config")
    assert KEY not in repr(shown)


def test_parts_of_an_address_are_no_secrets_but_other_secrets_of_a_row_are(machine: Machine) -> None:
    config = {"providers": {"pangu": {"region": "cn-east-3"}, "spark": {"api_password": KEY}}}
    shown = lines(machine, config)
    assert shown["providers.pangu.region"][0] == "cn-east-3"
    assert shown["providers.spark.api_password"][0] == "…tail"


def test_a_proxys_password_is_not_shown(machine: Machine) -> None:
    shown = lines(machine, {"network": {"proxy": "http://me:fake-password@proxy.example:3128"}})
    assert shown["network.proxy"][0] == "http://****@proxy.example:3128"
    shown = lines(machine, {"network": {"proxy": {"https": "http://me:fake-password@proxy.example:3128"}}})
    assert shown["network.proxy.https"][0] == "http://****@proxy.example:3128"


def test_what_the_environment_says_is_shown_where_nothing_above_does(machine: Machine) -> None:
    machine.environ |= {
        "DEEPSEEK_API_KEY": KEY,
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": "https://e.example/v1",
    }
    machine.user('[providers.openai]\napi_key = "fake"')
    shown = lines(machine)
    assert shown["providers.deepseek.api_key"] == ("…tail", "DEEPSEEK_API_KEY")
    assert shown["providers.openai.api_key"] == ("****", str(machine.user_file))
    assert shown["providers.openai.base_url"] == ("https://e.example/v1", "OPENAI_BASE_URL")
    assert len(shown) == 3


def test_a_variable_that_the_configuration_names_is_shown_once(machine: Machine) -> None:
    machine.environ["MINE"] = KEY
    shown = [
        line
        for line in machine.settings({"providers": {"openai": {"api_key": {"env": "MINE"}}}}).show()
        if line.key == "providers.openai.api_key"
    ]
    assert [(line.value, line.source) for line in shown] == [('{ env = "MINE" }', "the argument config")]
