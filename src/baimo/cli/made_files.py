"""Files that a command makes: none is written over unless that is asked for, which is found out first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .words import note_line, say

if TYPE_CHECKING:
    from baimo.client.client import Client
    from baimo.types.usage import Usage

    from .console import Console

STDOUT = "-"


class Target:
    """Where what is made goes: a file, several with numbers, or standard output."""

    def __init__(self, console: Console, output: str, *, count: int = 1, force: bool, as_json: bool) -> None:
        """Raises a usage error for a place that cannot be written to, before anything is sent."""
        self.is_stdout = output == STDOUT
        self._console = console
        self._force = force
        if self.is_stdout and as_json:
            raise click.UsageError(say("making.json_out"))
        if self.is_stdout and console.out_is_terminal:
            raise click.UsageError(say("making.terminal"))
        self._path = Path(output).expanduser()
        for place in [] if self.is_stdout else self._places(count):
            self._check(place)

    def _places(self, count: int) -> list[Path]:
        path = self._path
        if count == 1:
            return [path]
        return [path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(1, count + 1)]

    def _check(self, place: Path) -> None:
        if place.exists() and not self._force:
            raise click.UsageError(say("making.is_there", path=place))
        if place.is_dir() or not place.parent.is_dir():
            why = say("making.no_folder", path=place.parent)
            raise click.UsageError(say("usage.cannot_write", path=place, why=why))

    def write(self, files: list[tuple[bytes, str | None]]) -> list[dict[str, Any]]:
        """Write them, tell so, and give what is to be told of each. Raises a usage error."""
        if self.is_stdout:
            for data, _ in files:
                self._console.data(data)
            return []
        told = []
        for place, (data, kind) in zip(self._places(len(files)), files, strict=True):
            try:
                with place.open("wb" if self._force else "xb") as file:
                    file.write(data)
            except FileExistsError:
                raise click.UsageError(say("making.is_there", path=place)) from None
            except OSError as error:
                why = error.strerror or error
                raise click.UsageError(say("usage.cannot_write", path=place, why=why)) from None
            shown = kind or say("making.unknown_kind")
            self._console.tell(say("making.wrote", path=place, kind=shown, size=f"{len(data):,}"), quiet=True)
            told.append({"path": str(place), "media_type": kind, "bytes": len(data)})
        return told


def fetched(client: Client, url: str) -> tuple[bytes, str | None]:
    """What stands at an address that a provider gave. Raises FetchError."""
    from baimo.client.driving import Driver
    from baimo.config.services import MediaSettings
    from baimo.media.fetching import Fetched, FetchRules, fetch
    from baimo.resilience.timing import NO_DEADLINE

    settings = client.settings
    services = settings.services if settings.has_services else None
    own = (None if services is None else services.media) or MediaSettings()
    rules = FetchRules(allow_private=own.allow_private, within_s=own.timeout_s)
    steps: Any = fetch(url, rules, NO_DEADLINE)
    driver = Driver(steps, client._services)
    driver.finish(lambda events: None)
    found: Any = driver.outcome
    assert isinstance(found, Fetched)
    return found.data, found.media_type


def call_facts(response: Any, seconds: float) -> dict[str, Any]:
    """What a program may want to know of the call."""
    usage: Usage = response.usage
    counts = {"input": usage.input, "output": usage.output, "total": usage.total}
    facts = {
        "provider": response.provider,
        "model": response.model,
        "usage": None if usage.total is None else counts,
        "seconds": round(seconds, 3),
        "request_id": response.request_id,
        "notes": [{"code": note.code, "message": note.message} for note in response.notes],
    }
    return {name: value for name, value in facts.items() if value is not None}


def tell_notes(console: Console, response: Any) -> None:
    """The notes of a call, on standard error."""
    for note in response.notes:
        console.tell(note_line(note), quiet=True)
