"""The table `[telemetry]`."""

from __future__ import annotations

import pytest

from baimo.config.services import TelemetrySettings
from baimo.errors import ConfigError
from tests.config.machine import Machine

CONTENT = "[telemetry]\nopentelemetry = true\ncontent = true"


def test_everything_is_off_unless_asked_for(machine: Machine) -> None:
    assert machine.settings({}).services.telemetry is None
    assert TelemetrySettings() == TelemetrySettings(
        opentelemetry=False, prometheus=False, log="off", content=False
    )


def test_the_layers_are_merged_key_by_key(machine: Machine) -> None:
    machine.user('[telemetry]\nlog = "debug"')
    machine.here("[telemetry]\nprometheus = true")
    assert machine.settings().services.telemetry == TelemetrySettings(prometheus=True, log="debug")


@pytest.mark.parametrize("text", ['log = "loud"', "prometheus = 1", "tracing = true"])
def test_what_it_does_not_know_is_an_error(machine: Machine, text: str) -> None:
    machine.user(f"[telemetry]\n{text}")
    with pytest.raises(ConfigError, match="telemetry"):
        assert machine.settings().services


def test_a_folder_one_did_not_write_may_not_have_ones_words_recorded(machine: Machine) -> None:
    machine.here(CONTENT)
    with pytest.raises(ConfigError, match=r"telemetry\.content"):
        assert machine.settings().services
    machine.trust()
    telemetry = machine.settings().services.telemetry
    assert telemetry is not None and telemetry.content


def test_ones_own_file_may(machine: Machine) -> None:
    machine.user(CONTENT)
    machine.here("[telemetry]\nprometheus = true")
    telemetry = machine.settings().services.telemetry
    assert telemetry is not None and telemetry.content
