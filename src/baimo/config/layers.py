"""The places a configuration comes from, highest first: each a table with the file that it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

PROJECT_FILE = "baimo.toml"
DOTENV = ".env"
USER_FILE = "config.toml"


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """One place: its table, and how much it may do."""

    label: str
    """How errors and listings name it: a path, or `the argument config`."""
    table: Mapping[str, Any]
    folder: Path
    """What relative paths in it are relative to."""
    project: bool = False
    """True for a file that came with a project folder: it may not run commands nor redirect foreign keys."""
    own: bool = False
    """True when the file truly lies in that folder; a link to elsewhere brings what is not the project's."""


class Given(NamedTuple):
    """A value and the layer that gave it."""

    value: Any
    layer: Layer


class Variable(NamedTuple):
    """An environment variable that is set."""

    name: str
    value: str
    project: bool
    """True when it stands in the project's `.env`, not in the environment."""

    @property
    def source(self) -> str:
        return f"{self.name} in {DOTENV}" if self.project else self.name


class Variables:
    """The environment, and below it the project's `.env`. An empty variable counts as not set."""

    def __init__(self, environ: Mapping[str, str], dotenv: Mapping[str, str]) -> None:
        self._environ = environ
        self._dotenv = dotenv

    def without_dotenv(self) -> Variables:
        """The environment alone."""
        return Variables(self._environ, {})

    def first(self, names: Iterable[str]) -> Variable | None:
        """The first of `names` that is set in the environment, else in `.env`."""
        names = tuple(names)
        for variables, project in ((self._environ, False), (self._dotenv, True)):
            for name in names:
                if value := variables.get(name, "").strip():
                    return Variable(name, value, project)
        return None


def merged(tables: Iterable[tuple[Layer, Mapping[str, Any]]]) -> dict[str, Given]:
    """The keys of several tables, highest first: the first that has a key wins, key by key in tables."""
    found: dict[str, Given] = {}
    for layer, table in tables:
        for key, value in table.items():
            above = found.get(key)
            if above is None:
                if value is not None:
                    found[key] = Given(value, layer)
            elif isinstance(above.value, Mapping) and isinstance(value, Mapping):
                found[key] = Given(laid_over(above.value, value), above.layer)
    return found


def laid_over(above: Mapping[str, Any], below: Mapping[str, Any]) -> dict[str, Any]:
    """`below` with `above` laid over it, at every depth."""
    both = dict(below)
    for key, value in above.items():
        lower = both.get(key)
        both[key] = (
            laid_over(value, lower) if isinstance(value, Mapping) and isinstance(lower, Mapping) else value
        )
    return both
