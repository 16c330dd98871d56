"""`baimo config trust`: allow a folder's files what files that came with a folder may not do unasked."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import command
from .words import say

if TYPE_CHECKING:
    from .console import Console


@command("trust", key="config.trust")
@click.argument("folder", required=False, metavar="[FOLDER]")
@click.pass_obj
def run(console: Console, folder: str | None) -> int:
    """Record the folder's files as they stand now."""
    from baimo.config.trust import trust

    where = Path(folder or ".").expanduser()
    names = trust(where, trust_record())
    console.line(say("config.trusted", folder=where.resolve(), files=", ".join(names)))
    return 0


def trust_record() -> Path:
    """The file in which trusted folders stand."""
    from baimo.config.paths import config_dir
    from baimo.config.trust import RECORD

    return config_dir(os.environ, sys.platform, Path.home()) / RECORD
