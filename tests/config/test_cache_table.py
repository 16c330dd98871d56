"""The table `[cache]`: read, placed and, of a project that nobody trusts, held within its folder."""

from __future__ import annotations

import pytest

from baimo.config.services import CacheSettings
from baimo.errors import ConfigError
from tests.config.machine import Machine
from tests.docs.pages import PAGES, blocks


def test_without_a_table_there_is_no_cache(machine: Machine) -> None:
    assert machine.settings().services.cache is None


def test_an_empty_table_asks_for_the_usual_one(machine: Machine) -> None:
    machine.user("[cache]")
    assert machine.settings().services.cache == CacheSettings()


def test_tables_of_both_files_are_laid_over_each_other(machine: Machine) -> None:
    machine.user('[cache]\nstore = "redis://127.0.0.1/0"\nttl_s = 60\nmax_mb = 0.5')
    machine.here('[cache]\nttl_s = 5\nprefix = "mine"')
    cache = machine.settings().services.cache
    assert cache == CacheSettings(store="redis://127.0.0.1/0", ttl_s=5.0, max_mb=0.5, prefix="mine")


def test_a_path_is_relative_to_the_file_that_it_stands_in(machine: Machine) -> None:
    machine.user('[cache]\nstore = "a.db"')
    cache = machine.settings().services.cache
    assert cache is not None and cache.store == str(machine.config_dir / "a.db")
    machine.user('[cache]\nstore = "~/a.db"')
    cache = machine.settings().services.cache
    assert cache is not None and cache.store == str(machine.home / "a.db")


@pytest.mark.parametrize("store", ["redis://elsewhere/0", "../a.db", "~/a.db", "/tmp/a.db"])
def test_an_untrusted_project_may_not_send_answers_elsewhere(machine: Machine, store: str) -> None:
    machine.here(f'[cache]\nstore = "{store}"')
    with pytest.raises(ConfigError, match=r"outside of its folder \(cache\.store\): refused"):
        _ = machine.settings().services
    machine.trust()
    assert machine.settings().services.cache is not None


@pytest.mark.parametrize("store", ["sqlite", "a.db", "kept/a.db"])
def test_it_may_keep_them_within(machine: Machine, store: str) -> None:
    machine.here(f'[cache]\nstore = "{store}"')
    cache = machine.settings().services.cache
    assert cache is not None
    assert cache.store in ("sqlite", str(machine.project / store))


@pytest.mark.parametrize("line", ["ttl_s = 0", "max_mb = -1", 'ttl_s = "long"', "size = 3"])
def test_what_cannot_be_is_refused(machine: Machine, line: str) -> None:
    machine.user(f"[cache]\n{line}")
    with pytest.raises(ConfigError, match="cache"):
        machine.settings()


@pytest.mark.parametrize("name", ["docs/cache.md", "docs/zh/cache.md"])
def test_what_the_page_shows_can_be_read(machine: Machine, name: str) -> None:
    for text in blocks(name, "toml"):
        machine.user(text)
        assert machine.settings().services.cache == CacheSettings()


@pytest.mark.parametrize("name", ["docs/configuration.md", "docs/zh/configuration.md"])
def test_every_key_of_the_table_is_on_the_page(name: str) -> None:
    assert [key for key in CacheSettings.__struct_fields__ if f"`{key}`" not in PAGES[name]] == []
