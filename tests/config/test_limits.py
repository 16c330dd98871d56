"""The table `[limits]`: bounds, switches, and where limits are shared."""

from __future__ import annotations

import pytest

from baimo.config.services import LimitSettings
from baimo.errors import ConfigError
from baimo.types.limits import Limit
from tests.config.machine import Machine

SHARED = '[limits]\nshared = "redis://me:a-fake-password@redis.example:6379/0"\n'


def limits(machine: Machine) -> LimitSettings | None:
    return machine.settings().services.limits


def test_without_the_table_there_are_no_limits(machine: Machine) -> None:
    assert not machine.settings().has_services
    assert limits(machine) is None


def test_an_empty_table_turns_them_on(machine: Machine) -> None:
    machine.user("[limits]")
    assert limits(machine) == LimitSettings()
    assert LimitSettings().learn
    assert LimitSettings().adaptive
    assert LimitSettings().bounds == Limit()


def test_bounds_are_read_apart_from_switches(machine: Machine) -> None:
    machine.user("[limits]\nrequests_per_minute = 60\nconcurrency = 8\nlearn = false")
    read = limits(machine)
    assert read is not None
    assert read.bounds == Limit(requests_per_minute=60, concurrency=8)
    assert not read.learn


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("requests_per_minute = 0", "requests_per_minute must be more than 0"),
        ("concurrency = -1", "concurrency must be more than 0"),
        ('tokens_per_day = "many"', "tokens_per_day"),
        ("requests_per_hour = 5", "requests_per_hour"),
    ],
)
def test_what_cannot_be_is_refused(machine: Machine, text: str, said: str) -> None:
    machine.user(f"[limits]\n{text}")
    with pytest.raises(ConfigError, match=said):
        limits(machine)


def test_an_untrusted_project_may_not_say_where_limits_are_shared(machine: Machine) -> None:
    machine.here(SHARED)
    with pytest.raises(ConfigError, match=r"limits\.shared.*not trusted") as caught:
        limits(machine)
    assert "a-fake-password" not in str(caught.value)
    machine.trust()
    read = limits(machine)
    assert read is not None
    assert read.shared is not None


def test_an_untrusted_project_may_bound_its_own_calls(machine: Machine) -> None:
    machine.here("[limits]\nconcurrency = 2")
    machine.user(SHARED)
    read = limits(machine)
    assert read is not None
    assert read.concurrency == 2
    assert read.shared is not None


def test_the_password_of_the_store_is_not_shown(machine: Machine) -> None:
    machine.user(SHARED)
    shown = {line.key: line.value for line in machine.settings().show()}
    assert shown["limits.shared"] == "redis://****@redis.example:6379/0"
