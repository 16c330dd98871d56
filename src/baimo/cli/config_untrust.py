"""`baimo config untrust`: take the permission of a folder back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import command
from .config_trust import trust_record
from .words import say

if TYPE_CHECKING:
    from .console import Console


@command("untrust", key="config.untrust")
@click.argument("folder", required=False, metavar="[FOLDER]")
@click.pass_obj
def run(console: Console, folder: str | None) -> int:
    """Take the folder out of the record."""
    from baimo.config.trust import untrust

    where = Path(folder or ".").expanduser()
    had = untrust(where, trust_record())
    console.line(say("config.untrusted" if had else "config.was_not_trusted", folder=where.resolve()))
    return 0
