"""What a project's files may do unasked, and what `baimo config trust` allows."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from baimo.config import trust
from baimo.errors import ConfigError
from tests.config.machine import Machine, key_of

EVIL = "https://collector.example/v1"
REDIRECT = f'[providers.openai]\nbase_url = "{EVIL}"\n'
OWN = f'[providers.mine]\ndialect = "openai_chat"\nbase_url = "{EVIL}"\n'


def refused(machine: Machine, model: str = "openai/x", **given: object) -> str:
    """The words of the refusal, after checking that trusting the folder lifts it."""
    with pytest.raises(ConfigError) as raised:
        machine.at(model, **given)  # type: ignore[arg-type]
    words = str(raised.value)
    assert "refused, because this folder is not trusted" in words
    assert f'baimo config trust "{machine.project.resolve()}"' in words
    machine.trust()
    machine.at(model, **given)  # type: ignore[arg-type]
    return words


def test_a_key_of_the_environment_is_not_sent_to_the_projects_address(machine: Machine) -> None:
    machine.environ["OPENAI_API_KEY"] = "sk-fake-secret"
    machine.here(REDIRECT)
    words = refused(machine)
    assert f"{machine.project / 'baimo.toml'} would send the key of OPENAI_API_KEY to {EVIL}" in words
    assert "sk-fake" not in words


def test_nor_one_of_the_users_file(machine: Machine) -> None:
    machine.user('[providers.openai]\napi_key = "sk-fake-secret"')
    machine.here(REDIRECT)
    assert str(machine.user_file) in refused(machine)


def test_nor_one_that_the_caller_gives(machine: Machine) -> None:
    machine.here(REDIRECT)
    refused(machine, keys={"openai": "sk-fake-secret"})


def test_nor_one_of_the_users_pool(machine: Machine) -> None:
    machine.user('[[providers.openai.keys]]\napi_key = "sk-fake-secret"')
    machine.here(REDIRECT)
    refused(machine)


def test_nor_one_that_the_project_names_by_variable(machine: Machine) -> None:
    machine.environ["DATABASE_PASSWORD"] = "fake"
    machine.here(REDIRECT + 'api_key = { env = "DATABASE_PASSWORD" }')
    assert "DATABASE_PASSWORD" in refused(machine)


def test_nor_to_an_address_that_the_env_file_sets(machine: Machine) -> None:
    machine.environ["OPENAI_API_KEY"] = "sk-fake-secret"
    machine.here("", dotenv=f"OPENAI_BASE_URL={EVIL}")
    assert str(machine.project / ".env") in refused(machine)


def test_nor_to_an_address_of_which_the_project_fills_a_part(machine: Machine) -> None:
    machine.environ["PANGU_API_KEY"] = "fake"
    machine.here('[providers.pangu]\nregion = "collector.example/"')
    assert "https://pangu.collector.example" in refused(machine, "pangu/x")


def test_nor_to_a_provider_of_the_projects_own(machine: Machine) -> None:
    machine.environ["MINE_API_KEY"] = "fake"
    machine.here(OWN)
    assert "MINE_API_KEY" in refused(machine, "mine/x")


def test_nor_to_a_users_provider_that_the_project_moves(machine: Machine) -> None:
    machine.user(
        '[providers.mine]\ndialect="openai_chat"\nbase_url="https://good.example/v1"\napi_key="fake"'
    )
    machine.here(f'[providers.mine]\nbase_url = "{EVIL}"')
    refused(machine, "mine/x")


def test_nor_an_optional_key(machine: Machine) -> None:
    machine.environ["OLLAMA_API_KEY"] = "fake"
    machine.here(f'[providers.ollama]\nbase_url = "{EVIL}"')
    refused(machine, "ollama/x")


@pytest.mark.parametrize("table", ["headers.X-Token", "extra.token"])
def test_nor_what_the_user_lays_over_every_call(machine: Machine, table: str) -> None:
    machine.user(f'[providers.openai]\n{table} = "fake"')
    machine.here(REDIRECT + 'api_key = "the-projects-own"')
    assert "headers or extra" in refused(machine)


def test_nor_what_an_alias_of_the_user_lays_over_a_call(machine: Machine) -> None:
    machine.user('[models.smart]\nmodel = "openai/x"\nheaders = { X-Token = "fake" }')
    machine.here(REDIRECT + 'api_key = "the-projects-own"')
    machine.at("openai/x")
    assert "the alias 'smart'" in refused(machine, "smart")


def test_nor_what_such_an_alias_lays_over_a_call_through_one_of_the_project(machine: Machine) -> None:
    machine.user('[models.smart]\nmodel = "openai/x"\nextra = { token = "fake" }')
    machine.here(REDIRECT + 'api_key = "own"\n[models.mine]\nmodel = "smart"\nheaders = { X = "y" }')
    assert "the alias 'smart'" in refused(machine, "mine")


def test_nor_what_a_trusted_command_gives_to_an_address_that_came_later(machine: Machine) -> None:
    machine.here("[providers.openai]\napi_key = { command = ['echo', 'fake'] }")
    machine.trust()
    machine.at("openai/x")
    machine.here((machine.project / "baimo.toml").read_text("utf-8"), dotenv=f"OPENAI_BASE_URL={EVIL}")
    assert ".env would send the key of providers.openai.api_key" in refused(machine)


def test_a_file_outside_of_the_folder_is_not_the_projects_even_through_a_link(machine: Machine) -> None:
    (machine.home / "key.txt").write_text("fake-outside", "utf-8")
    for name in ("../home/key.txt", "~/key.txt", str(machine.home / "key.txt")):
        machine.here(REDIRECT + f"api_key = {{ file = '{name}' }}")
        refused(machine)
    (machine.project / "link.txt").symlink_to(machine.home / "key.txt")
    machine.here(REDIRECT + 'api_key = { file = "link.txt" }')
    refused(machine)


def test_a_link_of_the_env_file_to_elsewhere_makes_its_keys_not_the_projects(machine: Machine) -> None:
    (machine.home / "secrets.env").write_text("OPENAI_API_KEY=sk-fake-elsewhere", "utf-8")
    machine.here(REDIRECT)
    (machine.project / ".env").symlink_to(machine.home / "secrets.env")
    assert "OPENAI_API_KEY in .env" in refused(machine)


def test_nor_does_a_link_of_the_projects_file_to_the_users(machine: Machine) -> None:
    machine.user('[providers.openai]\napi_key = "sk-fake-of-the-user"')
    (machine.project / "baimo.toml").symlink_to(machine.user_file)
    (machine.project / ".env").write_text(f"OPENAI_BASE_URL={EVIL}", "utf-8")
    assert ".env would send" in refused(machine)


@pytest.mark.parametrize(
    ("model", "line"),
    [
        ("openai/x", 'base_url_env = ["HOMEPAGE"]'),
        ("ollama/x", 'parameters = { server = { env = ["HOMEPAGE"] } }'),
    ],
)
def test_the_project_may_not_choose_the_variable_that_holds_the_address(
    machine: Machine, model: str, line: str
) -> None:
    machine.environ |= {"HOMEPAGE": EVIL, "OPENAI_API_KEY": "fake", "OLLAMA_API_KEY": "fake"}
    machine.here(f"[providers.{model.partition('/')[0]}]\n{line}")
    assert "baimo.toml would send the key of" in refused(machine, model)


def test_the_network_may_not_be_changed(machine: Machine) -> None:
    machine.here('[network]\nproxy = "http://collector.example:3128"')
    with pytest.raises(ConfigError, match="wants to change how connections are made"):
        _ = machine.settings().network
    machine.trust()
    assert machine.settings().network.proxy == "http://collector.example:3128"


def test_a_command_of_the_project_is_not_run(machine: Machine) -> None:
    mark = machine.project / "was-run"
    machine.here(f"[providers.openai]\napi_key = {{ command = ['touch', '{mark}'] }}")
    with pytest.raises(ConfigError, match="wants to run the command 'touch': refused"):
        machine.at("openai/x")
    settings = machine.settings()
    settings.show()
    settings.key_state("openai")
    settings.endpoint_states("openai")
    assert not mark.exists()
    machine.trust()
    with pytest.raises(ConfigError, match="is empty"):
        machine.at("openai/x")
    assert mark.exists()


def test_what_is_the_projects_own_goes_where_the_project_says(machine: Machine) -> None:
    (machine.project / "key.txt").write_text("from-file\n", "utf-8")
    machine.environ["OPENAI_API_KEY"] = "sk-fake-of-the-user"
    for line, key in [
        ('"text"', "text"),
        ('{ env = "X" }', "from-dotenv"),
        ('{ file = "key.txt" }', "from-file"),
    ]:
        machine.here(REDIRECT + f"api_key = {line}", dotenv="X=from-dotenv")
        at = machine.at("openai/x")
        assert (at.site.base_url, key_of(at)) == (EVIL, key)


def test_what_the_project_lays_over_a_call_is_its_own_too(machine: Machine) -> None:
    machine.here(
        REDIRECT + 'api_key = "own"\nheaders = { X = "y" }\nextra = { a = 1 }\n'
        '[models.smart]\nmodel = "openai/x"\nheaders = { X = "z" }'
    )
    assert machine.at("smart").headers == ((b"X", b"z"),)


def test_a_call_without_a_key_goes_where_the_project_says(machine: Machine) -> None:
    machine.here(f'[providers.ollama]\nbase_url = "{EVIL}"')
    assert machine.at("ollama/x").site.base_url == EVIL.removesuffix("/v1")


def test_the_rows_own_addresses_need_no_trust(machine: Machine) -> None:
    machine.environ |= {"OPENAI_API_KEY": "fake", "PANGU_API_KEY": "fake", "HUNYUAN_API_KEY": "fake"}
    machine.here(
        '[providers.openai]\nbase_url = "https://api.openai.com/v1"\n'
        '[providers.pangu]\nregion = "cn-southwest-2"\n'
        '[providers.hunyuan]\nendpoint = "compatible"\n'
        '[models.smart]\nroute = ["openai/x", "pangu/x", "hunyuan/x"]\nheaders = { X = "y" }'
    )
    assert len(machine.settings().resolve("smart")) == 3


def test_the_users_own_address_needs_no_trust(machine: Machine) -> None:
    machine.environ |= {"OPENAI_API_KEY": "fake", "OPENAI_BASE_URL": "https://proxy.example/v1"}
    machine.here("[providers.openai]\ntimeouts = { idle = 5 }")
    assert machine.at("openai/x").site.base_url == "https://proxy.example/v1"


def test_what_the_caller_hands_in_is_trusted(machine: Machine) -> None:
    machine.environ["OPENAI_API_KEY"] = "fake"
    machine.here(REDIRECT)
    assert machine.at("openai/x", config="baimo.toml").site.base_url == EVIL
    command = {"providers": {"openai": {"api_key": {"command": ["echo", "from-command"]}}}}
    assert key_of(machine.at("openai/x", config=command)) == "from-command"


def test_trust_ends_when_the_file_changes(machine: Machine) -> None:
    machine.environ["OPENAI_API_KEY"] = "fake"
    machine.here(REDIRECT)
    machine.trust()
    machine.at("openai/x")
    machine.here(REDIRECT + "# changed")
    with pytest.raises(ConfigError, match="not trusted"):
        machine.at("openai/x")


def test_a_changed_env_file_ends_it_only_for_what_stands_there(machine: Machine) -> None:
    machine.environ["OPENAI_API_KEY"] = "fake"
    machine.here(REDIRECT, dotenv="A=1")
    machine.trust()
    machine.here(REDIRECT, dotenv="A=2")
    machine.at("openai/x")
    machine.here("", dotenv=f"OPENAI_BASE_URL={EVIL}")
    machine.trust()
    machine.at("openai/x")
    machine.here("", dotenv=f"OPENAI_BASE_URL={EVIL}/2")
    with pytest.raises(ConfigError, match=r"\.env would send"):
        machine.at("openai/x")


def test_an_env_file_that_came_after_trusting_is_not_trusted(machine: Machine) -> None:
    machine.environ["OPENAI_API_KEY"] = "fake"
    machine.here("")
    machine.trust()
    machine.here("", dotenv=f"OPENAI_BASE_URL={EVIL}")
    with pytest.raises(ConfigError, match="not trusted"):
        machine.at("openai/x")


def test_trust_is_of_one_folder_whatever_link_leads_to_it(machine: Machine, tmp_path: Path) -> None:
    machine.environ["OPENAI_API_KEY"] = "fake"
    machine.here(REDIRECT)
    link = tmp_path / "link"
    link.symlink_to(machine.project)
    trust.trust(link, machine.record)
    machine.at("openai/x")
    machine.project = link
    machine.at("openai/x")
    copy = tmp_path / "copy"
    copy.mkdir()
    machine.project = copy
    machine.here(REDIRECT)
    with pytest.raises(ConfigError, match="not trusted"):
        machine.at("openai/x")


def test_a_linked_file_is_trusted_by_what_it_holds(machine: Machine, tmp_path: Path) -> None:
    machine.environ["OPENAI_API_KEY"] = "fake"
    real = tmp_path / "real.toml"
    real.write_text(REDIRECT, "utf-8")
    (machine.project / "baimo.toml").symlink_to(real)
    machine.trust()
    machine.at("openai/x")
    real.write_text(REDIRECT.replace("collector", "other"), "utf-8")
    with pytest.raises(ConfigError, match="not trusted"):
        machine.at("openai/x")


def test_trust_can_be_taken_back_and_is_listed(machine: Machine) -> None:
    machine.here(REDIRECT, dotenv="A=1")
    assert trust.trust(machine.project, machine.record) == ("baimo.toml", ".env")
    assert trust.trusted(machine.record) == (str(machine.project.resolve()),)
    assert trust.untrust(machine.project, machine.record) is True
    assert trust.untrust(machine.project, machine.record) is False
    assert trust.trusted(machine.record) == ()


def test_the_record_is_the_owners_alone(machine: Machine) -> None:
    machine.here("")
    machine.trust()
    assert stat.S_IMODE(machine.record.stat().st_mode) == 0o600


def test_a_folder_without_a_file_cannot_be_trusted(machine: Machine) -> None:
    with pytest.raises(ConfigError, match=r"there is no baimo\.toml in"):
        machine.trust()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"folders": 3}', '{"folders": {"/a": 3}}', "\x00"])
def test_a_damaged_record_trusts_nobody_and_says_so(machine: Machine, text: str) -> None:
    machine.environ["OPENAI_API_KEY"] = "fake"
    machine.here(REDIRECT)
    machine.record.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"trusted\.json is damaged"):
        machine.at("openai/x")
