"""`baimo cache status`: where answers are kept, how many, and how often they were of use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from msgspec.structs import asdict

from .command import command, json_option
from .width import table
from .words import say

if TYPE_CHECKING:
    from baimo.cache.protocol import Store
    from baimo.config.services import CacheSettings

    from .console import Console


@command("status", key="cache.status")
@json_option()
@click.pass_obj
def run(console: Console, as_json: bool) -> int:
    """Print what is in the cache."""
    settings, store = configured()
    facts = store.facts()
    store.close()
    is_on = settings is not None and settings.on
    if as_json:
        console.line(json.dumps({"on": is_on, **asdict(facts)}, ensure_ascii=False, indent=2))
        return 0
    state = "cache.on" if is_on else "cache.on_demand" if settings is not None else "cache.off"
    rows = [
        [say("cache.state"), say(state)],
        [say("cache.place"), facts.place],
        [say("cache.entries"), f"{facts.entries:,}"],
    ]
    if facts.size is not None:
        rows.append([say("cache.size"), f"{facts.size / 1e6:,.1f} MB"])
    if facts.hits is not None and facts.misses is not None:
        looked = facts.hits + facts.misses
        rows.append([say("cache.hits"), say("cache.of", hits=f"{facts.hits:,}", looked=f"{looked:,}")])
    console.lines(table(rows, columns=console.table_columns))
    return 0


def configured() -> tuple[CacheSettings | None, Store]:
    """The table `[cache]`, if there is one, and the store that it, or the default, names."""
    from baimo.cache.make import make_store
    from baimo.config.services import CacheSettings
    from baimo.config.settings import load_settings

    settings = load_settings().services.cache
    return settings, make_store(settings or CacheSettings())
