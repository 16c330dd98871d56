"""Where a credential comes from, and reading it: text, a variable, a file, a command.

Finding out costs nothing and runs nothing; only `Located.read` opens the file or runs the command.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from baimo.errors import ConfigError, MissingKeyError
from baimo.types.secret import Secret

from . import files
from .layers import DOTENV, PROJECT_FILE, Layer, Variable, Variables
from .trust import Project

_COMMAND_S = 30.0
_LONGEST = 64 * 1024


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that is there, not yet read."""

    source: str
    """Where it stands, for people."""
    own: bool
    """True when it is the project's own: it lies in its folder, in a file or in its `.env`."""
    is_usual: bool = False
    """True when no configuration names it: one of the provider's usual variables holds it."""
    text: Secret | None = None
    path: Path | None = None
    command: tuple[str, ...] = ()
    needs_trust: bool = False

    def read(self, project: Project | None, provider: str) -> Secret:
        """The credential itself. Raises ConfigError when file or command give none, or may not be used."""
        if self.needs_trust and project is not None:
            project.require(PROJECT_FILE, f"wants to run the command {self.command[0]!r}", provider=provider)
        if self.text is not None:
            return self.text
        if self.path is not None:
            return Secret(_from_file(self.path, self.source))
        return Secret(_from_command(self.command, self.source))


class Absent(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that the configuration names, but that is not there: the variable is not set."""

    variable: str
    source: str


class Locator:
    """Finds credentials: in a configured value, or in a provider's usual variables."""

    def __init__(self, variables: Variables, home: Path, project: Project | None) -> None:
        self._variables = variables
        self._home = home
        self._project = project

    def configured(self, value: Any, layer: Layer, path: str) -> Located | Absent | None:
        """What a value of the configuration stands for; None for an empty text or None."""
        source = f"{path} in {layer.label}"
        if value is None:
            return None
        if isinstance(value, Secret):
            return Located(source=source, own=layer.own, text=value) if value else None
        if isinstance(value, str):
            return Located(source=source, own=layer.own, text=Secret(value)) if value.strip() else None
        form, given = next(iter(value.items()))
        if form == "env":
            found = self._variables.first((given,))
            if found is None:
                return Absent(variable=given, source=source)
            return Located(source=found.source, own=self._owns(found), text=Secret(found.value))
        if form == "file":
            return self._file(given, layer, source)
        return Located(source=source, own=False, command=tuple(given), needs_trust=layer.project)

    def usual(self, names: tuple[str, ...], files: tuple[str, ...] = ()) -> Located | None:
        """The first of a provider's usual variables that is set; one of `files` names where the secret is."""
        found = self._variables.first(names)
        if found is None:
            return None
        if found.name in files:
            path = self._home / found.value[2:] if found.value.startswith("~/") else Path(found.value)
            own = self._owns(found) and self._project is not None and self._project.holds(path)
            return Located(source=f"{found.source} ({path})", own=own, path=path, is_usual=True)
        return Located(source=found.source, own=self._owns(found), text=Secret(found.value), is_usual=True)

    def path(self, given: str, layer: Layer) -> Path:
        """A path of a layer: relative to the folder of its file, or to the home behind `~/`."""
        return self._home / given[2:] if given.startswith(("~/", "~\\")) else layer.folder / given

    def _owns(self, found: Variable) -> bool:
        project = self._project
        return found.project and project is not None and project.holds(project.folder / DOTENV)

    def _file(self, given: str, layer: Layer, source: str) -> Located:
        path = self.path(given, layer)
        own = layer.own and self._project is not None and self._project.holds(path)
        return Located(source=f"{source} ({path})", own=own, path=path)


def _from_file(path: Path, source: str) -> str:
    data = files.read(path)
    if data is None:
        raise MissingKeyError(f"there is no file {path}, which {source} names")
    return _one_line(files.as_text(data, path), f"the file {path}")


def _from_command(command: tuple[str, ...], source: str) -> str:
    """What the command prints. Neither its output nor its arguments stand in an error."""
    import subprocess

    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_COMMAND_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(f"the command of {source} gave no key within {_COMMAND_S:g} s") from None
    except OSError as error:
        raise ConfigError(f"the command of {source} cannot be run: {error.strerror or error}") from None
    if done.returncode != 0:
        raise ConfigError(
            f"the command of {source} failed with exit code {done.returncode}",
            hint="Run it in a terminal to see what it says.",
        )
    try:
        return _one_line(done.stdout[:_LONGEST].decode(), f"the output of {source}")
    except UnicodeDecodeError:
        raise ConfigError(f"the output of {source} is no text") from None


def _one_line(text: str, what: str) -> str:
    """A key of one line; a key file is one JSON object, over however many."""
    key = text.strip()
    if not key:
        raise MissingKeyError(f"{what} is empty")
    if "\n" in key and not (key.startswith("{") and key.endswith("}")):
        raise ConfigError(f"{what} has several lines; it must hold the key and nothing else")
    return key
