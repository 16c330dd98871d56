"""`baimo config set-key`: asks for credentials unseen, looks at their shape, stores them for their owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from . import incoming
from .command import command, option
from .credentials import PAIRED, CredentialSet, doubt_words, place_lines, sets_of
from .words import say

if TYPE_CHECKING:
    from baimo.catalogue.rows import ProviderRow

    from .console import Console


@command("set-key", key="config.set-key")
@click.argument("provider")
@option("--endpoint", metavar="NAME", help="set_key.endpoint")
@option("--test/--no-test", default=None, help="set_key.test")
@click.pass_obj
def run(console: Console, provider: str, endpoint: str | None, test: bool | None) -> int:
    """Ask for the credentials of an endpoint and store them."""
    from baimo.config.settings import load_settings
    from baimo.config.store import set_key

    settings = load_settings()
    row = settings.row(provider)
    sets = _sets(row, endpoint)
    typed = incoming.stdin_is_terminal()
    if typed:
        chosen, values = _typed(console, row, sets)
    else:
        chosen, values = _piped(console, row, sets, incoming.read_stdin())
    set_key(settings.user_file, row.name, values, free=_free(row, chosen.names))
    console.line(say("set_key.stored", path=settings.user_file, provider=row.name))
    _tell_what_is_above(console, row)
    if test is None:
        test = typed and click.confirm(say("set_key.offer"), default=True, err=True)
    if not test:
        return 0
    from .probe import call

    return 1 if call(console, row.name, None) is None else 0


def _sets(row: ProviderRow, endpoint: str | None) -> list[CredentialSet]:
    if endpoint is not None and endpoint not in (one.name for one in row.endpoints):
        known = ", ".join(one.name for one in row.endpoints)
        raise click.UsageError(say("set_key.no_endpoint", provider=row.name, name=endpoint, known=known))
    return sets_of(row, endpoint)


def _typed(
    console: Console, row: ProviderRow, sets: Sequence[CredentialSet]
) -> tuple[CredentialSet, dict[str, str]]:
    """Ask a person: for which of the sets, then for each of its credentials."""
    if row.home:
        console.tell(say("set_key.home", home=row.home), quiet=True)
    chosen = sets[0]
    if len(sets) > 1:
        console.tell(say("set_key.which"))
        for number, one in enumerate(sets, 1):
            secrets = ", ".join(one.names)
            console.tell(say("set_key.choice", number=number, endpoint=one.endpoint, secrets=secrets))
        kind = click.IntRange(1, len(sets))
        chosen = sets[click.prompt(say("set_key.number"), type=kind, default=1, err=True) - 1]
    values: dict[str, str] = {}
    for name in chosen.names:
        for line in place_lines(row.name, (name,)):
            console.tell(line, quiet=True)
        values[name] = _asked(console, row, name, chosen, values)
    return chosen, values


def _piped(
    console: Console, row: ProviderRow, sets: Sequence[CredentialSet], text: str
) -> tuple[CredentialSet, dict[str, str]]:
    """Take what a program gives, one line each: the set is the first that has as many members."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    chosen = next((one for one in sets if len(one.names) == len(lines)), None)
    if chosen is None or (len(chosen.names) == 1 and " " in lines[0] and not _free(row, chosen.names)):
        if len(sets) == 1:
            names = sets[0].names
            raise click.UsageError(say("set_key.lines", count=len(names), names=", ".join(names)))
        told = say("set_key.set_or").join(", ".join(one.names) for one in sets)
        raise click.UsageError(say("set_key.no_fit", provider=row.name, sets=told))
    values = dict(zip(chosen.names, lines, strict=True))
    sure, words = _doubts(row, values)
    if sure:
        raise click.UsageError(words)
    if words:
        console.tell(say("set_key.doubt", why=words))
    return chosen, values


def _asked(
    console: Console, row: ProviderRow, name: str, chosen: CredentialSet, before: Mapping[str, str]
) -> str:
    """Ask until there is something that can be that credential."""
    is_open = name in chosen.open
    label = say("set_key.ask_open" if is_open else "set_key.ask", name=name, provider=row.title)
    while True:
        key: str = click.prompt(label, hide_input=not is_open, err=True, default="", show_default=False)
        sure, words = _doubts(row, {**before, name: key.strip()}, of=name)
        if not words:
            return key.strip()
        console.tell(say("set_key.doubt", why=words))
        if not sure and click.confirm(say("set_key.anyway"), default=False, err=True):
            return key.strip()


def _free(row: ProviderRow, names: Sequence[str]) -> frozenset[str]:
    """The credentials that are a person's own words and may hold blanks."""
    from baimo.catalogue import load as catalogue

    facts = catalogue.secret_facts(row.name)
    return frozenset(name for name in names if name in facts and facts[name].free)


def _doubts(row: ProviderRow, values: Mapping[str, str], of: str | None = None) -> tuple[bool, str]:
    """What speaks against them, and whether one cannot work at all; only of one where it is named."""
    from baimo.config.keyshape import doubts_of

    found = [one for one in doubts_of(row, values) if of in (None, one.secret) or one.code in PAIRED]
    words = "; ".join(doubt_words(one, several=len(values) > 1) for one in found)
    return any(one.certain for one in found), words


def _tell_what_is_above(console: Console, row: ProviderRow) -> None:
    """A project's file may hold another key, which counts more."""
    from baimo.config.settings import load_settings

    settings = load_settings()
    sources = settings.key_state(row.name).sources
    if sources and not any(str(settings.user_file) in source for source in sources):
        console.tell(say("set_key.overruled", source=", ".join(sources)))
