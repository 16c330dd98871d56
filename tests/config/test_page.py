"""The page on configuration: what it shows works as it stands."""

from __future__ import annotations

import tomllib

import pytest

from baimo.catalogue import load as catalogue
from baimo.config import shape
from baimo.config.candidates import needs
from baimo.config.services import LimitSettings
from tests.config.machine import Machine
from tests.docs.pages import PAGES, blocks

SETS = (
    "TENCENTCLOUD_SECRET_ID",
    "TENCENTCLOUD_SECRET_KEY",
    "SPARKAI_API_KEY",
    "SPARKAI_API_SECRET",
    "MAAS_KEY_A",
)
SIGNED = {"hunyuan/x": "native", "pangu/x": "v1", "spark/lite": "socket", "maas/x": "chat"}
"""Models of the block on several credentials, with the endpoint that its credentials open."""
PAGE_NAMES = ["docs/configuration.md", "docs/zh/configuration.md"]


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_block_is_a_configuration_whose_models_can_be_called(machine: Machine, name: str) -> None:
    machine.environ |= dict.fromkeys(
        ("MY_KEY", "TEAM_KEY", "QWEN_KEY_A", "QWEN_KEY_B", "OPENAI_API_KEY", "DEEPSEEK_API_KEY", *SETS),
        "fake",
    )
    shown = list(blocks(name, "toml"))
    assert len(shown) >= 6
    for text in shown:
        machine.user(text)
        settings = machine.settings()
        assert settings.show()
        for alias in settings.aliases():
            assert settings.resolve(alias)


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_the_credentials_of_the_page_open_the_endpoints_it_names(machine: Machine, name: str) -> None:
    machine.environ |= dict.fromkeys(SETS, "fake")
    text = next(text for text in blocks(name, "toml") if "secret_id" in text)
    machine.user(text.replace('{ command = ["pass", "show", "huawei"] }', '"fake"'))
    for model, endpoint in SIGNED.items():
        assert machine.at(model).endpoint == endpoint


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_secret_that_the_three_need_stands_on_the_page(name: str) -> None:
    for provider in ("hunyuan", "pangu", "spark"):
        for endpoint in catalogue.find(provider).endpoints:
            for way in endpoint.ways:
                assert all(f"`{secret}`" in PAGES[name] for secret in needs(way))


def test_both_languages_show_the_same_configuration() -> None:
    english, chinese = ([tomllib.loads(text) for text in blocks(name, "toml")] for name in PAGE_NAMES)
    assert english == chinese


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_key_is_on_the_page(name: str) -> None:
    keys = {*shape.TOP, *shape.TIMEOUTS, *shape.NETWORK, *shape.ALIAS, *shape.PROVIDER}
    assert {key for key in keys if key not in PAGES[name]} == set()


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_key_of_limits_is_on_the_page(name: str) -> None:
    keys = LimitSettings.__struct_fields__
    assert {key for key in keys if f"`{key}`" not in PAGES[name] and f"{key} =" not in PAGES[name]} == set()
