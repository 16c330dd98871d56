"""The page on configuration: what it shows works as it stands."""

from __future__ import annotations

import tomllib

import pytest

from baimo.config import shape
from tests.config.machine import Machine
from tests.docs.pages import PAGES, blocks

PAGE_NAMES = ["docs/configuration.md", "docs/zh/configuration.md"]


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_block_is_a_configuration_whose_models_can_be_called(machine: Machine, name: str) -> None:
    machine.environ |= dict.fromkeys(
        ("MY_KEY", "TEAM_KEY", "QWEN_KEY_A", "QWEN_KEY_B", "OPENAI_API_KEY", "DEEPSEEK_API_KEY"), "fake"
    )
    shown = list(blocks(name, "toml"))
    assert len(shown) == 4
    for text in shown:
        machine.user(text)
        settings = machine.settings()
        assert settings.show()
        for alias in settings.aliases():
            assert settings.resolve(alias)


def test_both_languages_show_the_same_configuration() -> None:
    english, chinese = ([tomllib.loads(text) for text in blocks(name, "toml")] for name in PAGE_NAMES)
    assert english == chinese


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_every_key_is_on_the_page(name: str) -> None:
    keys = {*shape.TOP, *shape.TIMEOUTS, *shape.NETWORK, *shape.ALIAS, *shape.PROVIDER}
    assert {key for key in keys if key not in PAGES[name]} == set()
