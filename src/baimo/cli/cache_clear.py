"""`baimo cache clear`: deletes all answers that are kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .cache_status import configured
from .command import command, json_option, option
from .words import say

if TYPE_CHECKING:
    from .console import Console


@command("clear", key="cache.clear")
@option("--yes", is_flag=True, help="cache.yes")
@json_option()
@click.pass_obj
def run(console: Console, yes: bool, as_json: bool) -> int:
    """Ask, and delete."""
    _, store = configured()
    facts = store.facts()
    if facts.entries and not yes:
        question = say("cache.sure", entries=f"{facts.entries:,}", place=facts.place)
        click.confirm(question, default=False, abort=True, err=True)
    deleted = store.clear()
    store.close()
    if as_json:
        console.line(json.dumps({"deleted": deleted, "place": facts.place}, ensure_ascii=False))
    else:
        console.line(say("cache.cleared", deleted=f"{deleted:,}", place=facts.place))
    return 0
