"""What may stand in a configuration: its keys and the type of each, with errors that name file and key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

from baimo.errors import ConfigError
from baimo.types.secret import Secret

Kind: TypeAlias = Literal[
    "text",
    "count",
    "seconds",
    "weight",
    "weights",
    "switch",
    "truth",
    "strategy",
    "on_cut",
    "table",
    "texts",
    "tables",
    "headers",
    "secret",
    "proxy",
]

_WORDS: dict[Kind, str] = {
    "text": "text",
    "count": "a whole number, 0 or more",
    "seconds": "a number of seconds over 0",
    "weight": "a number over 0",
    "weights": "a list of numbers over 0",
    "switch": 'one of "raise" and "drop"',
    "truth": "true or false",
    "strategy": 'one of "ordered", "weighted", "least-latency", "cheapest" and "least-busy"',
    "on_cut": 'one of "raise" and "continue"',
    "table": "a table",
    "texts": "a list of texts",
    "tables": "a list of tables",
    "headers": "a table of texts",
    "proxy": "an address, false, or a table of addresses",
    "secret": 'text, or one of { env = "…" }, { file = "…" }, { command = ["…"] }',
}

TIMEOUTS: dict[str, Kind] = dict.fromkeys(
    ("connect", "head", "first_event", "idle", "queue", "total"), "seconds"
)
TOP: dict[str, Kind] = {
    "default_model": "text",
    "max_retries": "count",
    "unsupported": "switch",
    "timeouts": "table",
    "providers": "table",
    "models": "table",
    "network": "table",
    "limits": "table",
    "cache": "table",
    "ledger": "table",
    "recordings": "table",
    "record": "text",
    "telemetry": "table",
    "money": "table",
    "budgets": "table",
    "media": "table",
    "strategy": "strategy",
    "mend": "truth",
    "facts": "table",
}
SERVICES = ("limits", "cache", "ledger", "recordings", "record", "telemetry", "money", "budgets", "media")
"""The keys of `config.services`."""
NETWORK: dict[str, Kind] = {
    "proxy": "proxy",
    "ca_file": "text",
    "client_certificate": "text",
    "client_key": "text",
}
ALIAS: dict[str, Kind] = {
    "model": "text",
    "route": "texts",
    "extra": "table",
    "headers": "headers",
    "timeouts": "table",
    "strategy": "strategy",
    "weights": "weights",
    "on_cut": "on_cut",
}
PROVIDER: dict[str, Kind] = {
    "api_key": "secret",
    "keys": "tables",
    "base_url": "text",
    "endpoint": "text",
    "dialect": "text",
    "headers": "headers",
    "extra": "table",
    "timeouts": "table",
    "quirks": "table",
    "limits": "table",
}
"""The keys of a provider that need no look at its row."""
POOLED: dict[str, Kind] = {"weight": "weight", "name": "text", "limits": "table"}
"""The keys of one entry of a pool besides its credentials."""

CHOICES: dict[Kind, tuple[str, ...]] = {
    "switch": ("raise", "drop"),
    "strategy": ("ordered", "weighted", "least-latency", "cheapest", "least-busy"),
    "on_cut": ("raise", "continue"),
}
_SECRET_FORMS = ("env", "file", "command")


def check(table: Mapping[str, Any], shape: Mapping[str, Kind], *, where: str, path: str = "") -> None:
    """Raise ConfigError for a key that `shape` does not know, or whose value has another type.

    `where` names the file, `path` the table in it.
    """
    for key, value in table.items():
        kind = shape.get(key)
        if kind is None:
            raise unknown_key(key, shape, where=where, path=path)
        check_value(value, kind, where=where, path=joined(path, key))


def check_value(value: object, kind: Kind, *, where: str, path: str) -> None:
    """Raise ConfigError naming `where` and `path` when the value is not of that kind."""
    if kind == "secret" and isinstance(value, Mapping):
        _check_secret_form(value, where, path)
    elif not _fits(value, kind):
        raise ConfigError(f"{where}: {path} must be {_WORDS[kind]}, not {_said(value)}")
    elif kind in ("headers", "proxy") and isinstance(value, Mapping):
        for name, text in value.items():
            check_value(text, "text", where=where, path=joined(path, name))


def unknown_key(key: object, known: Iterable[str], *, where: str, path: str = "") -> ConfigError:
    """The error for a key that nobody knows, with near names."""
    return ConfigError(f"{where}: unknown key {joined(path, str(key))!r}", hint=near(str(key), known))


def near(word: str, known: Iterable[str]) -> str:
    """A sentence with the known words that are most like `word`, or with all of them."""
    from difflib import get_close_matches

    names = sorted(known)
    found = get_close_matches(word, names, n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(found)}?" if found else f"There is {', '.join(names)}."


def joined(path: str, key: str) -> str:
    """A key below a path, as one would write it in TOML."""
    bare = key.replace("-", "").replace("_", "")
    name = key if bare.isascii() and bare.isalnum() else f'"{key}"'
    return f"{path}.{name}" if path else name


def _fits(value: object, kind: Kind) -> bool:
    if kind == "text":
        return isinstance(value, str)
    if kind == "secret":
        return value is None or isinstance(value, (str, Secret))
    if kind == "proxy":
        return value is False or isinstance(value, (str, Mapping))
    if kind in CHOICES:
        return isinstance(value, str) and value in CHOICES[kind]
    if kind == "truth":
        return isinstance(value, bool)
    if kind == "weights":
        return isinstance(value, (list, tuple)) and all(_fits(one, "weight") for one in value)
    if kind == "count":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind in ("seconds", "weight"):
        return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf")
    if kind in ("table", "headers"):
        return isinstance(value, Mapping)
    if not isinstance(value, (list, tuple)):
        return False
    return all(isinstance(item, str if kind == "texts" else Mapping) for item in value)


def _check_secret_form(value: Mapping[str, Any], where: str, path: str) -> None:
    if len(value) != 1:
        raise ConfigError(f"{where}: {path} must be {_WORDS['secret']}")
    form, given = next(iter(value.items()))
    if form not in _SECRET_FORMS:
        raise unknown_key(form, _SECRET_FORMS, where=where, path=path)
    check_value(given, "texts" if form == "command" else "text", where=where, path=joined(path, form))
    if not given:
        raise ConfigError(f"{where}: {joined(path, form)} is empty")


def _said(value: object) -> str:
    """What a value is, without showing it: it may be a key in the wrong place."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return f"{value}"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, (list, tuple)):
        return "a list"
    return type(value).__name__
