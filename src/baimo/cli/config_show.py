"""`baimo config show`: every value that counts, with the place it comes from; secrets masked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .command import command, json_option
from .width import table
from .words import say

if TYPE_CHECKING:
    from .console import Console


@command("show", key="config.show")
@json_option()
@click.pass_obj
def run(console: Console, as_json: bool) -> int:
    """Print every value that counts."""
    import msgspec

    from baimo.config.settings import load_settings

    settings = load_settings()
    lines = settings.show()
    if as_json:
        console.line(json.dumps(msgspec.to_builtins(lines), ensure_ascii=False, indent=2))
    elif not lines:
        console.tell(say("config.empty", path=settings.user_file))
    else:
        head = [say("config.key"), say("config.value"), say("config.source")]
        shown = table(
            [head, *([one.key, one.value, one.source] for one in lines)], columns=console.table_columns
        )
        console.lines([console.bold(shown[0]), *shown[1:]])
    return 0
