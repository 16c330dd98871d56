"""`baimo config set-key`: asks for a key unseen, looks at its shape, stores it for its owner only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import incoming
from .command import command, option
from .words import say

if TYPE_CHECKING:
    from baimo.catalogue.rows import Endpoint, ProviderRow

    from .console import Console

_SENT_AS_THEY_ARE = ("bearer", "header", "none")


@command("set-key", key="config.set-key")
@click.argument("provider")
@option("--endpoint", metavar="NAME", help="set_key.endpoint")
@option("--test/--no-test", default=None, help="set_key.test")
@click.pass_obj
def run(console: Console, provider: str, endpoint: str | None, test: bool | None) -> int:
    """Ask for the secrets of an endpoint and store them."""
    from baimo.config.settings import load_settings
    from baimo.config.store import set_key

    settings = load_settings()
    row = settings.row(provider)
    chosen = _endpoint(row, endpoint)
    typed = incoming.stdin_is_terminal()
    if typed and row.home:
        console.tell(say("set_key.home", home=row.home), quiet=True)
    names = _secrets(chosen)
    lines = [] if typed else incoming.read_stdin().split()
    if not typed and len(lines) != len(names):
        raise click.UsageError(say("set_key.lines", count=len(names), names=", ".join(names)))
    secrets = {
        name: _asked(console, row, name) if typed else _given(console, row, name, lines[at])
        for at, name in enumerate(names)
    }
    set_key(settings.user_file, row.name, secrets)
    console.line(say("set_key.stored", path=settings.user_file, provider=row.name))
    _tell_what_is_above(console, row, names)
    if test is None:
        test = typed and click.confirm(say("set_key.offer"), default=True, err=True)
    if not test:
        return 0
    from .probe import call

    return 1 if call(console, row.name, None) is None else 0


def _endpoint(row: ProviderRow, name: str | None) -> Endpoint:
    if name is None:
        return row.endpoints[0]
    for endpoint in row.endpoints:
        if endpoint.name == name:
            return endpoint
    known = ", ".join(endpoint.name for endpoint in row.endpoints)
    raise click.UsageError(say("set_key.no_endpoint", provider=row.name, name=name, known=known))


def _secrets(endpoint: Endpoint) -> tuple[str, ...]:
    """The secrets that an endpoint is called with, in the order in which they are asked for."""
    if endpoint.auth.scheme in _SENT_AS_THEY_ARE:
        return (endpoint.auth.secret,)
    return tuple(endpoint.env)


def _asked(console: Console, row: ProviderRow, name: str) -> str:
    """Ask until there is something that can be a key."""
    while True:
        label = say("set_key.ask", name=name, provider=row.title)
        key: str = click.prompt(label, hide_input=True, err=True, default="", show_default=False)
        sure, words = _doubts(row, key.strip())
        if not words:
            return key.strip()
        console.tell(say("set_key.doubt", why=words))
        if not sure and click.confirm(say("set_key.anyway"), default=False, err=True):
            return key.strip()


def _given(console: Console, row: ProviderRow, name: str, key: str) -> str:
    """A key that was piped in: what cannot be one is refused, what looks odd is told."""
    sure, words = _doubts(row, key)
    if sure:
        raise click.UsageError(f"{name}: {words}")
    if words:
        console.tell(say("set_key.doubt", why=words))
    return key


def _doubts(row: ProviderRow, key: str) -> tuple[bool, str]:
    """What speaks against it, and whether it cannot work at all."""
    from baimo.config.keyshape import doubts

    found = doubts(row, key)
    return any(one.certain for one in found), "; ".join(doubt_words(one.code, one.message) for one in found)


def doubt_words(code: str, message: str) -> str:
    """A doubt about a key in the user's language; where names stand in it, as it was said."""
    return say(f"doubt.{code}", message=message)


def _tell_what_is_above(console: Console, row: ProviderRow, names: tuple[str, ...]) -> None:
    """A project's file may hold another key, which counts more."""
    from baimo.config.settings import load_settings

    settings = load_settings()
    sources = settings.key_state(row.name).sources
    if sources and not any(str(settings.user_file) in source for source in sources):
        console.tell(say("set_key.overruled", source=", ".join(sources)))
