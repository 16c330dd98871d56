"""The names of `baimo.telemetry`, and the observers that a configuration asks for."""

from __future__ import annotations

import inspect
import sys

import pytest

import baimo
import baimo.telemetry
from baimo.config.services import TelemetrySettings
from baimo.errors import MissingExtraError
from baimo.telemetry.make import make_observers
from tests.house.conftest import run
from tests.telemetry import records


def test_every_name_is_there_and_says_what_it_is() -> None:
    assert set(dir(baimo.telemetry)) == {
        "Logging",
        "OpenTelemetry",
        "Prometheus",
        "RedactingFilter",
        "redact",
    }
    for name in dir(baimo.telemetry):
        assert inspect.getdoc(getattr(baimo.telemetry, name))
    with pytest.raises(AttributeError, match="no attribute 'Opentelemetry'"):
        baimo.telemetry.Opentelemetry  # type: ignore[attr-defined]  # noqa: B018 - reading it is the test


def test_the_room_is_reached_from_the_package_and_loads_nothing_of_others() -> None:
    said = run(
        sys.executable,
        "-c",
        "import sys, baimo; baimo.telemetry.redact; "
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'prometheus'))])",
    )
    assert said.strip() == "[]"


def test_nothing_is_made_unless_asked_for() -> None:
    assert make_observers(TelemetrySettings()) == ()


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [
        (TelemetrySettings(opentelemetry=True), [baimo.telemetry.OpenTelemetry]),
        (TelemetrySettings(prometheus=True), [baimo.telemetry.Prometheus]),
        (TelemetrySettings(log="debug"), [baimo.telemetry.Logging]),
        (
            TelemetrySettings(opentelemetry=True, prometheus=True, log="warning", content=True),
            [baimo.telemetry.OpenTelemetry, baimo.telemetry.Prometheus, baimo.telemetry.Logging],
        ),
    ],
)
def test_what_is_asked_for_is_made(settings: TelemetrySettings, kinds: list[type]) -> None:
    observers = make_observers(settings)
    assert [type(one) for one in observers] == kinds
    for observer in observers:
        assert observer.wants_content is (
            settings.content and type(observer) is not baimo.telemetry.Prometheus
        )
        for call in records.ALL.values():
            observer.ended(call, observer.began(), None)
        observer.close()


@pytest.mark.parametrize(
    ("settings", "package", "module", "line"),
    [
        (
            TelemetrySettings(opentelemetry=True),
            "opentelemetry",
            "otel",
            "pip install 'baimo[opentelemetry]'",
        ),
        (
            TelemetrySettings(prometheus=True),
            "prometheus_client",
            "prometheus",
            "pip install 'baimo[prometheus]'",
        ),
    ],
)
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, settings: TelemetrySettings, package: str, module: str, line: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"baimo.telemetry.{module}", raising=False)
    with pytest.raises(MissingExtraError) as caught:
        make_observers(settings)
    assert line in str(caught.value)


def test_a_program_that_was_packed_without_its_packages_records_is_told_of_all_the_same() -> None:
    code = (
        "from importlib import metadata\n"
        "def version(name): raise metadata.PackageNotFoundError(name)\n"
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "from baimo.telemetry import OpenTelemetry\n"
        "metadata.version = version\n"
        "print(OpenTelemetry(tracer_provider=TracerProvider()).began() is not None)"
    )
    assert run(sys.executable, "-c", code).strip() == "True"
