"""Where settings come from, and which place wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from baimo.config.settings import Network, load_settings
from baimo.errors import ConfigError, UnknownProviderError
from baimo.types.secret import Secret
from tests.config.machine import Machine, key_of

MODEL = "deepseek/some-model"


def test_each_place_overrules_the_one_below(machine: Machine) -> None:
    """Built up from the lowest place to the highest, each addition changing the key that is used."""
    machine.environ["DEEPSEEK_API_KEY"] = "from-environment"
    assert key_of(machine.at(MODEL)) == "from-environment"
    machine.user('[providers.deepseek]\napi_key = "from-user"')
    assert key_of(machine.at(MODEL)) == "from-user"
    machine.here('[providers.deepseek]\napi_key = "from-project"')
    assert key_of(machine.at(MODEL)) == "from-project"
    config = {"providers": {"deepseek": {"api_key": "from-argument"}}}
    assert key_of(machine.at(MODEL, config)) == "from-argument"
    assert key_of(machine.at(MODEL, config, keys={"deepseek": "from-keys"})) == "from-keys"


def test_places_are_merged_key_by_key(machine: Machine) -> None:
    machine.user('max_retries = 5\n[providers.deepseek]\napi_key = "k"\n[timeouts]\nidle = 7\nconnect = 1')
    machine.here("max_retries = 1\n[timeouts]\nconnect = 2")
    settings = machine.settings()
    assert settings.max_retries == 1
    assert (settings.limits.connect, settings.limits.idle) == (2, 7)
    assert key_of(settings.resolve(MODEL)[0][0]) == "k"


def test_with_config_given_no_other_file_is_read(machine: Machine, tmp_path: Path) -> None:
    machine.user("this is no TOML")
    machine.here("nor is this", dotenv="and this is no dotenv")
    assert machine.settings({}).default_model is None
    (tmp_path / "other.toml").write_text('default_model = "a/b"', "utf-8")
    assert machine.settings(tmp_path / "other.toml").default_model == "a/b"
    assert machine.settings("../other.toml").default_model == "a/b"


def test_a_path_that_leads_nowhere_is_an_error(machine: Machine) -> None:
    with pytest.raises(ConfigError, match=r"there is no configuration file .*gone\.toml"):
        machine.settings("gone.toml")


def test_only_the_very_folder_counts_not_those_above(machine: Machine) -> None:
    (machine.project.parent / "baimo.toml").write_text('default_model = "a/b"', "utf-8")
    assert machine.settings().default_model is None


def test_the_env_file_beside_the_projects_file_ranks_below_the_environment(machine: Machine) -> None:
    machine.here("", dotenv="DEEPSEEK_API_KEY=from-dotenv\nMOONSHOT_API_KEY=from-dotenv")
    machine.environ["DEEPSEEK_API_KEY"] = "from-environment"
    assert key_of(machine.at(MODEL)) == "from-environment"
    assert key_of(machine.at("moonshot/m")) == "from-dotenv"


def test_an_env_file_alone_is_not_read(machine: Machine) -> None:
    (machine.project / ".env").write_text("nonsense", "utf-8")
    assert machine.settings().layers == ()


def test_a_variable_that_is_set_later_is_found(machine: Machine) -> None:
    settings = machine.settings()
    with pytest.raises(ConfigError, match="DEEPSEEK_API_KEY"):
        settings.resolve(MODEL)
    machine.environ["DEEPSEEK_API_KEY"] = "late"
    assert key_of(settings.resolve(MODEL)[0][0]) == "late"


def test_keys_are_given_under_any_name_of_a_provider_and_none_is_not_given(machine: Machine) -> None:
    assert key_of(machine.at("moonshot/m", keys={"kimi": "k"})) == "k"
    assert key_of(machine.at(MODEL, keys={"deepseek": Secret("k")})) == "k"
    machine.environ["DEEPSEEK_API_KEY"] = "from-environment"
    assert key_of(machine.at(MODEL, keys={"deepseek": None})) == "from-environment"


def test_keys_for_nobody_or_of_a_wrong_type_are_errors(machine: Machine) -> None:
    with pytest.raises(UnknownProviderError, match=r"the argument keys: .*Did you mean deepseek"):
        machine.settings(keys={"deepsek": "k"})
    with pytest.raises(ConfigError, match=r"keys\['deepseek'\] must be text, not int"):
        machine.settings(keys={"deepseek": 5})
    with pytest.raises(ConfigError, match="keys must be a mapping of providers to keys, not str"):
        machine.settings(keys="sk-1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("defaultmodel = 'x'", r"unknown key 'defaultmodel'\. Did you mean default_model"),
        ("default_model = 3", "default_model must be text, not 3"),
        ("max_retries = -1", "max_retries must be a whole number"),
        ("unsupported = 'ignore'", 'unsupported must be one of "raise" and "drop"'),
        ("providers = 3", "providers must be a table"),
        ("providers.openai = 3", r"providers\.openai must be a table"),
        ("providers.openai.api_key = 3", r"providers\.openai\.api_key must be text, or one of"),
        ("providers.openai.api_key = {evn = 'X'}", r"unknown key 'providers\.openai\.api_key\.evn'.*env"),
        (
            "providers.openai.api_kye = 'x'",
            r"unknown key 'providers\.openai\.api_kye'\. Did you mean api_key",
        ),
        ("providers.openai.timeouts.idel = 1", r"unknown key 'providers\.openai\.timeouts\.idel'.*idle"),
        (
            "providers.openai.timeouts.idle = 0",
            r"providers\.openai\.timeouts\.idle must be a number of seconds",
        ),
        ("providers.openai.headers.X = 1", r"providers\.openai\.headers\.X must be text"),
        ("[[providers.openai.keys]]\napi_kye='x'", r"unknown key 'providers\.openai\.keys\[0\]\.api_kye'"),
        ("[[providers.openai.keys]]\napi_key='x'\nweight=0", r"providers\.openai\.keys\[0\]\.weight must be"),
        ("providers.opnai.api_key = 'x'", "no provider is called 'opnai'.*openai"),
        ("providers.acme.base_url = 'https://a.example'", "acme"),
        ("models.m.rout = ['a/b']", r"unknown key 'models\.m\.rout'\. Did you mean route"),
        ("models.m = 'a/b'", r"models\.m must be a table, not text"),
        ("models.'a/b'.model = 'c/d'", "an alias must not hold / or :"),
        ("timeouts.total = '30'", r"timeouts\.total must be a number of seconds over 0, not text"),
        ("network.prox = 'x'", r"unknown key 'network\.prox'\. Did you mean proxy"),
    ],
)
def test_what_is_wrong_is_said_at_once_with_file_and_key(machine: Machine, text: str, words: str) -> None:
    machine.user(text)
    with pytest.raises(ConfigError, match=words) as raised:
        machine.settings()
    assert str(machine.user_file) in str(raised.value)


def test_one_provider_under_two_names_is_an_error(machine: Machine) -> None:
    machine.user('[providers.kimi]\napi_key="a"\n[providers.moonshot]\napi_key="b"')
    with pytest.raises(ConfigError, match=r"providers\.kimi and providers\.moonshot are the same"):
        machine.settings()


def test_all_providers_and_aliases_are_listed_with_the_users_own(machine: Machine) -> None:
    config = {
        "providers": {"acme": {"dialect": "openai_chat", "base_url": "http://127.0.0.1:9/v1"}},
        "models": {"smart": {"model": "acme/x"}, "fast": {"model": "acme/y"}},
    }
    settings = machine.settings(config)
    assert {"acme", "deepseek", "local"} <= set(settings.provider_names())
    assert settings.aliases() == ("fast", "smart")
    assert settings.row("kimi").name == "moonshot"


def test_known_models_are_those_of_one_provider_or_of_all(machine: Machine) -> None:
    settings = machine.settings({})
    of_one = settings.known_models("deepseek")
    assert {model.provider for model in of_one} == {"deepseek"}
    assert set(of_one) < set(settings.known_models())


def test_the_network_is_as_configured(machine: Machine) -> None:
    assert machine.settings({}).network == Network()
    machine.user('[network]\nproxy = false\nca_file = "ca.pem"\nclient_key = "~/key.pem"')
    assert machine.settings().network == Network(
        proxy=False, ca_file=str(machine.config_dir / "ca.pem"), client_key=str(machine.home / "key.pem")
    )


def test_routes_are_not_kept_without_bound(machine: Machine) -> None:
    settings = machine.settings({}, {"deepseek": "fake"})
    first = settings.resolve("deepseek/0")
    for number in range(1, 5000):
        settings.resolve(f"deepseek/{number}")
    again = settings.resolve("deepseek/0")
    assert again is not first
    assert again[0][0].secrets is first[0][0].secrets


def test_the_real_environment_is_used_where_nothing_else_is_said(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAIMO_HOME", str(machine.config_dir))
    monkeypatch.setenv("DEEPSEEK_API_KEY", "real")
    monkeypatch.chdir(machine.project)
    machine.user("max_retries = 4")
    settings = load_settings()
    assert settings.max_retries == 4
    assert key_of(settings.resolve(MODEL)[0][0]) == "real"
