"""Calls as spans, metrics and log lines. Off unless asked for.

The names that this package offers are observers, to be given to a client (`observers=[…]`), and what removes
secrets from text. Each is loaded when it is first used, and so is the package that it needs.
"""

from typing import Any

_HOMES = {
    "baimo.telemetry.log": "Logging",
    "baimo.telemetry.otel": "OpenTelemetry",
    "baimo.telemetry.prometheus": "Prometheus",
    "baimo.telemetry.redaction": "RedactingFilter redact",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = ["Logging", "OpenTelemetry", "Prometheus", "RedactingFilter", "redact"]


def __getattr__(name: str) -> Any:
    """Loads a public name on first use and keeps it."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'baimo.telemetry' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
