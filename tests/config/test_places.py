"""Where the ledger and recordings lie: by which file, and what a folder that nobody trusts may not say."""

from __future__ import annotations

import pytest

from baimo.config.services import LedgerSettings, RecordSettings
from baimo.errors import ConfigError
from tests.config.machine import Machine
from tests.docs.pages import PAGES

OUTSIDE = "wants to write {what} outside of its folder"


def test_nothing_is_kept_unasked(machine: Machine) -> None:
    machine.user("")
    services = machine.settings().services
    assert services.ledger is None and services.recordings is None


def test_a_ledger_lies_where_its_own_file_says(machine: Machine) -> None:
    machine.user('[ledger]\npath = "kept/ledger.db"\n')
    ledger = machine.settings().services.ledger
    assert ledger == LedgerSettings(path=str(machine.config_dir / "kept/ledger.db"))
    machine.user('[ledger]\npath = "~/ledger.db"\nkeep_days = 3\n')
    ledger = machine.settings().services.ledger
    assert ledger == LedgerSettings(path=str(machine.home / "ledger.db"), keep_days=3.0)


def test_without_a_path_it_is_for_the_ledger_to_say(machine: Machine) -> None:
    machine.user("[ledger]\n")
    assert machine.settings().services.ledger == LedgerSettings()


def test_recordings_lie_where_either_key_says(machine: Machine) -> None:
    machine.user('record = "calls"\n[recordings]\nkeep_days = 2\n')
    kept = machine.settings().services.recordings
    assert kept == RecordSettings(folder=str(machine.config_dir / "calls"), keep_days=2.0)
    machine.user('[recordings]\nfolder = "calls"\n')
    assert machine.settings().services.recordings == RecordSettings(folder=str(machine.config_dir / "calls"))
    machine.user("[recordings]\nmax_mb = 5\n")
    assert machine.settings().services.recordings is None


def test_a_project_may_keep_things_in_its_own_folder(machine: Machine) -> None:
    machine.user('record = "mine"\n')
    machine.here('record = "calls"\n[ledger]\npath = "ledger.db"\n')
    services = machine.settings().services
    assert services.recordings == RecordSettings(folder=str(machine.project / "calls"))
    assert services.ledger == LedgerSettings(path=str(machine.project / "ledger.db"))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('record = "../elsewhere"\n', "recordings"),
        ('record = "~/elsewhere"\n', "recordings"),
        ('[recordings]\nfolder = "/elsewhere"\n', "recordings"),
        ('[ledger]\npath = "../ledger.db"\n', "the ledger"),
    ],
)
def test_outside_of_it_only_when_the_folder_is_trusted(machine: Machine, text: str, what: str) -> None:
    machine.here(text)
    with pytest.raises(ConfigError, match=OUTSIDE.format(what=what)):
        _ = machine.settings().services
    machine.trust()
    assert machine.settings().services is not None


def test_a_link_that_leads_out_of_the_folder_is_no_way_around(machine: Machine) -> None:
    (machine.project / "calls").symlink_to(machine.home)
    machine.here('record = "calls/recordings"\n')
    with pytest.raises(ConfigError, match="outside of its folder"):
        _ = machine.settings().services


def test_a_mapping_is_the_callers_own(machine: Machine) -> None:
    settings = machine.settings({"record": "/anywhere", "ledger": {"path": "l.db"}})
    assert settings.services.recordings == RecordSettings(folder="/anywhere")
    assert settings.services.ledger == LedgerSettings(path=str(machine.project / "l.db"))


@pytest.mark.parametrize("page", ["docs/configuration.md", "docs/zh/configuration.md"])
def test_every_key_of_them_is_on_the_page(page: str) -> None:
    keys = {*LedgerSettings.__struct_fields__, *RecordSettings.__struct_fields__, "record"}
    assert {key for key in keys if f"`{key}`" not in PAGES[page]} == set()
