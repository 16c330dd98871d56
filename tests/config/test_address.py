"""The address that calls go to."""

from __future__ import annotations

from typing import Any

import pytest

from baimo.errors import ConfigError
from tests.config.machine import Machine

KEYS = {"openai": "fake", "pangu": "fake"}


def address(machine: Machine, model: str, table: dict[str, Any] | None = None) -> str:
    provider = model.partition("/")[0]
    config = {"providers": {provider: table}} if table else {}
    return machine.at(model, config, KEYS).site.base_url


def test_the_configuration_wins_over_the_environment_over_the_row(machine: Machine) -> None:
    assert address(machine, "openai/x") == "https://api.openai.com/v1"
    machine.environ["OPENAI_BASE_URL"] = "https://env.example/v1/"
    assert address(machine, "openai/x") == "https://env.example/v1"
    assert address(machine, "openai/x", {"base_url": " https://own.example/v1/ "}) == "https://own.example/v1"


def test_parts_are_filled_from_configuration_and_defaults(machine: Machine) -> None:
    assert address(machine, "pangu/x") == "https://pangu.cn-southwest-2.myhuaweicloud.com/api/v2"
    at = machine.at("pangu/x", {"providers": {"pangu": {"region": "cn-east-3"}}}, KEYS)
    assert at.site.base_url == "https://pangu.cn-east-3.myhuaweicloud.com/api/v2"
    assert at.site.region == "cn-east-3"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("127.0.0.1", "http://127.0.0.1:11434"),
        ("gpu-box:8080", "http://gpu-box:8080"),
        ("gpu-box:8080/", "http://gpu-box:8080"),
        ("https://ollama.example/sub/", "https://ollama.example/sub"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:9999", "http://127.0.0.1:9999"),
        ("http://0.0.0.0:9999", "http://127.0.0.1:9999"),
        (":9999", "http://127.0.0.1:9999"),
        ("[::]:9999", "http://[::1]:9999"),
        ("[::1]", "http://[::1]:11434"),
    ],
)
def test_a_servers_address_may_be_short_or_the_one_it_listens_on(
    machine: Machine, given: str, expected: str
) -> None:
    machine.environ["OLLAMA_HOST"] = given
    assert address(machine, "ollama/x") == expected


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("api.openai.com/v1", "is no absolute address"),
        ("ftp://a.example/v1", "is no absolute address"),
        ("https:///v1", "is no absolute address"),
        ("https://me:fake-password@a.example/v1", "must not carry a user name or password"),
        ("https://a.example:99999/v1", "has a bad port"),
        ("https://a.example/v1/chat/completions", "cut off /chat/completions"),
        ("https://a.example/v1/chat/completions/", "cut off /chat/completions"),
        ("https://a.example/v1/embeddings", "cut off /embeddings"),
        ("https://a.example/v1?api-version=1", "what stands after"),
        ("https://a.example/v1#x", "what stands after"),
        ("", "is no absolute address"),
    ],
)
def test_an_address_that_cannot_work_is_told_with_the_key_that_holds_it(
    machine: Machine, url: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as raised:
        address(machine, "openai/x", {"base_url": url})
    assert "providers.openai.base_url in the argument config" in str(raised.value)
    assert "fake-password" not in str(raised.value)


def test_a_wrong_address_of_the_environment_names_its_variable(machine: Machine) -> None:
    machine.environ["OPENAI_BASE_URL"] = "localhost:8000"
    with pytest.raises(ConfigError, match=r"\(OPENAI_BASE_URL\): 'localhost:8000' is no absolute address"):
        address(machine, "openai/x")


@pytest.mark.parametrize("given", ["http://box:9", "http://box:9/v1", "http://box:9/api/", "http://box:9/"])
def test_an_address_for_another_wire_of_the_same_server_is_cut_to_what_all_have(
    machine: Machine, given: str
) -> None:
    assert address(machine, "ollama/x", {"base_url": given}) == "http://box:9"
    machine.environ["OLLAMA_HOST"] = given
    assert address(machine, "ollama/x") == "http://box:9"


def test_the_wire_that_needs_the_end_of_an_address_keeps_it(machine: Machine) -> None:
    given = {"endpoint": "server", "base_url": "http://box:9/v1"}
    assert address(machine, "ollama/x", given) == "http://box:9/v1"
    assert address(machine, "ollama/x", {"endpoint": "server"}) == "http://127.0.0.1:11434/v1"
