"""Rows are found by any of their names, only the one asked for is read, and the user's tables lie on top."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date

import pytest

from baimo.catalogue import load
from baimo.catalogue.rows import Endpoint, Parameter, ProviderRow, Variant
from baimo.errors import ConfigError, UnknownProviderError

EXAMPLE = ProviderRow(
    name="acme",
    title="Acme",
    title_zh="顶峰",
    home="https://acme.example/keys",
    source="https://docs.acme.example",
    checked=date(2026, 11, 20),
    endpoints=(
        Endpoint(
            name="new",
            dialect="openai_chat",
            base_url="https://{region}.acme.example/v1",
            env={"api_key": ("ACME_API_KEY",)},
            parameters={"region": Parameter(default="north", env=("ACME_REGION",))},
            quirks={"stream_only": False, "n_max": 1},
            headers={"X-Old": "1"},
        ),
        Endpoint(name="old", dialect="openai_chat", base_url="https://old.acme.example/v1"),
    ),
)


@pytest.mark.parametrize("name", ["moonshot", "kimi", "Kimi", " MOONSHOT ", "月之暗面"])
def test_a_provider_is_found_by_its_name_and_its_other_names_in_any_case(name: str) -> None:
    assert load.find(name).name == "moonshot"


@pytest.mark.parametrize(("name", "near"), [("depseek", "deepseek"), ("opnai", "openai"), ("kimmi", "kimi")])
def test_an_unknown_provider_is_told_with_near_names(name: str, near: str) -> None:
    with pytest.raises(UnknownProviderError, match=near):
        load.find(name)


@pytest.mark.parametrize("name", ["", "../providers/openai", "open/ai", "a\0b", "qwen\n", "models"])
def test_a_name_that_is_no_file_name_is_unknown_and_reaches_no_file(name: str) -> None:
    with pytest.raises(UnknownProviderError):
        load.provider(name)


def test_a_name_like_nothing_is_told_how_to_list_all() -> None:
    with pytest.raises(UnknownProviderError, match="baimo providers"):
        load.find("zzzzqqqq")


def test_finding_a_provider_reads_its_own_file_only() -> None:
    script = """
import pathlib, sys
from baimo.catalogue import load

def note(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".toml"):
        print(pathlib.Path(arguments[0]).name)

sys.addaudithook(note)
load.find("deepseek")
load.find("deepseek")
load.find("kimi")
load.model("qwen", "qwen3-max")
"""
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **path})
    assert done.stdout.split() == ["deepseek.toml", "kimi.toml", "aliases.toml", "moonshot.toml", "qwen.toml"]


def test_a_field_of_an_endpoint_is_laid_on_every_endpoint() -> None:
    row = load.merge(EXAMPLE, {"base_url": "http://127.0.0.1:8000/v1"})
    assert [endpoint.address() for endpoint in row.endpoints] == ["http://127.0.0.1:8000/v1"] * 2
    assert row.title == "Acme"


def test_naming_an_endpoint_keeps_only_that_one() -> None:
    row = load.merge(EXAMPLE, {"endpoint": "old"})
    assert [endpoint.name for endpoint in row.endpoints] == ["old"]
    with pytest.raises(ConfigError, match=r"'older'.*new, old"):
        load.merge(EXAMPLE, {"endpoint": "older"})


def test_tables_are_merged_key_by_key() -> None:
    row = load.merge(EXAMPLE, {"headers": {"X-New": "2"}, "quirks": {"n_max": 4}, "endpoint": "new"})
    assert row.endpoints[0].headers == {"X-Old": "1", "X-New": "2"}
    assert row.endpoints[0].quirks == {"stream_only": False, "n_max": 4}


def test_a_parameter_by_its_name_fills_the_address() -> None:
    row = load.merge(EXAMPLE, {"region": "south"})
    assert row.endpoints[0].address() == "https://south.acme.example/v1"
    assert EXAMPLE.endpoints[0].address() == "https://north.acme.example/v1"


def test_a_row_keeps_what_nobody_changed() -> None:
    assert load.merge(EXAMPLE, {}) == EXAMPLE
    assert load.merge(EXAMPLE, {"max_queue_s": 30}).max_queue_s == 30.0
    for row in load.providers():
        assert load.merge(row, {}) == row


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"base_ur": "x"}, r"'base_ur'.*base_url"),
        ({"nonsense_here": 1}, "'nonsense_here'"),
        ({"base_url": 5}, "base_url"),
        ({"region": 5}, "region"),
        ({"headers": "none"}, "headers"),
        ({"auth": {"scheme": "bearer", "colour": "red"}}, "colour"),
        ({"name": "other"}, "'name'"),
    ],
)
def test_a_wrong_table_is_told_by_its_key(table: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load.merge(EXAMPLE, table)


def test_a_users_own_provider_needs_a_dialect_and_an_address() -> None:
    row = load.new_row(
        "mine", {"dialect": "openai_chat", "base_url": "http://127.0.0.1:1/v1", "headers": {"A": "b"}}
    )
    assert row.endpoints[0].address() == "http://127.0.0.1:1/v1"
    assert row.endpoints[0].auth.scheme == "none"
    assert row.endpoints[0].headers == {"A": "b"}
    with pytest.raises(ConfigError, match=r"'base_url'.*openai"):
        load.new_row("openais", {"dialect": "openai_chat"})
    with pytest.raises(ConfigError, match="dialect"):
        load.new_row("mine", {"dialect": 3, "base_url": "http://127.0.0.1:1/v1"})


def test_a_parameter_without_a_value_is_told_with_its_variables() -> None:
    endpoint = Endpoint(
        name="a",
        dialect="openai_chat",
        base_url="{resource}/v1",
        parameters={"resource": Parameter(env=("ACME_RESOURCE",))},
    )
    with pytest.raises(ConfigError, match=r"'resource'.*ACME_RESOURCE"):
        endpoint.address()
    assert endpoint.address({"resource": "https://here/"}) == "https://here/v1"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://0.0.0.0:8080"),
        ("box.lan/ollama", "http://box.lan:11434/ollama"),
        ("[::1]", "http://[::1]:11434"),
        ("[::1]:99", "http://[::1]:99"),
        ("http://box", "http://box"),
        ("https://box/", "https://box"),
    ],
)
def test_a_servers_address_may_leave_out_scheme_and_port(given: str, address: str) -> None:
    assert load.provider("ollama").endpoints[0].address({"server": given}) == address


def test_quirks_of_a_variant_are_laid_on_those_of_the_endpoint() -> None:
    endpoint = Endpoint(
        name="a",
        dialect="openai_chat",
        base_url="https://a.example",
        quirks={"stream_only": False, "n_max": 1},
        variants=(
            Variant(models=("big-*",), quirks={"stream_only": True}),
            Variant(models=("big-2",), quirks={"n_max": 2}),
        ),
    )
    assert endpoint.quirks_for("small") == {"stream_only": False, "n_max": 1}
    assert endpoint.quirks_for("BIG-1") == {"stream_only": True, "n_max": 1}
    assert endpoint.quirks_for("big-2") == {"stream_only": True, "n_max": 2}
    assert endpoint.quirks == {"stream_only": False, "n_max": 1}


def test_an_endpoint_serves_the_models_it_names_or_all() -> None:
    def serving(model: str) -> list[str]:
        return [endpoint.name for endpoint in load.provider("spark").endpoints if endpoint.serves(model)]

    assert serving("generalv3.5") == ["socket", "http", "http-x"]
    assert serving("spark-x") == ["socket", "http-x"]
    assert serving("x2-flash") == ["socket", "http-x2-flash", "http-x"]


def test_an_endpoint_takes_what_it_does_not_say_from_the_one_it_is_like() -> None:
    ends = {endpoint.name: endpoint for endpoint in load.provider("spark").endpoints}
    first, flash, plain = ends["http"], ends["http-x2-flash"], ends["http-x"]
    assert flash.auth == first.auth and flash.env == first.env
    assert flash.quirks == {**first.quirks, "thinking_switch": "thinking_type", "efforts": []}
    assert (plain.models, plain.until, plain.remark) == ((), None, None)
    assert (flash.source, plain.source) == (ends["http-x2"].source, ends["http-x1-preview"].source)


def test_an_endpoint_that_is_like_none_before_it_is_told() -> None:
    with pytest.raises(ConfigError, match="no endpoint before 'b' is called 'a'"):
        load._written_out([{"name": "b", "like": "a"}], "acme")
