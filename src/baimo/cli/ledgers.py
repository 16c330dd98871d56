"""What commands that read the ledger have together: where it is, which calls are meant, and days."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from baimo.errors import ConfigError

from .words import say

if TYPE_CHECKING:
    from baimo.config.settings import Settings
    from baimo.types.record import CallRecord

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def ledger_path(settings: Settings, named: str | None) -> Path:
    """The ledger that is meant. Raises ConfigError where none is kept, saying how to switch it on."""
    if named is not None:
        return Path(named)
    kept = settings.services.ledger
    if kept is None or not kept.on:
        raise ConfigError(say("ledger.off"), hint=say("ledger.switch_on", file=settings.user_file))
    if kept.path is not None:
        return Path(kept.path)
    from baimo.ledger.make import ledger_folder

    return ledger_folder() / "ledger.db"


def the_call(path: Path, part: str) -> CallRecord:
    """The call with that id, of which the beginning or the end is enough. Raises ConfigError."""
    from baimo.ledger.reading import find_calls

    found = find_calls(path, part.lower())
    if not found:
        raise ConfigError(say("trace.none", id=part))
    if len(found) > 1:
        raise ConfigError(say("trace.several", id=part, ids=", ".join(one.id for one in found)))
    return found[0]


def moment(text: str | None, *, is_end: bool = False, now: datetime | None = None) -> float | None:
    """Unix seconds of a day, a time of a day, or a time ago (`7d`, `12h`, `30m`). A day as an end is in it.

    Raises click.UsageError for anything else.
    """
    if text is None:
        return None
    ago = text[:-1]
    if text[-1:] in _UNITS and ago.isdigit():
        return ((now or datetime.now()) - timedelta(**{_UNITS[text[-1]]: int(ago)})).timestamp()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(say("usage.bad_day", text=text)) from None
    if is_end and len(text) <= 10:
        at += timedelta(days=1)
    return at.timestamp()


def tokens(count: int) -> str:
    """A count as people read it: 1,234, and 1.2M where it is long."""
    for size, letter in ((10**9, "G"), (10**6, "M")):
        if count >= 10 * size or (count >= size and letter == "G"):
            return f"{count / size:,.1f}{letter}"
    return f"{count:,}"


def seconds(value: float) -> str:
    """A length of time: 0.12 s, 3.4 s, 75 s."""
    return f"{value:.2f} s" if value < 1 else f"{value:.1f} s" if value < 60 else f"{value:.0f} s"
