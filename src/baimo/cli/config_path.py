"""`baimo config path`: where the files are."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command import command, json_option
from .width import table
from .words import say

if TYPE_CHECKING:
    from .console import Console


@command("path", key="config.path")
@json_option()
@click.pass_obj
def run(console: Console, as_json: bool) -> int:
    """Print where the files are."""
    from baimo.config import paths
    from baimo.config.layers import PROJECT_FILE, USER_FILE

    place = (os.environ, sys.platform, Path.home())
    found = {
        "user": paths.config_dir(*place) / USER_FILE,
        "project": Path.cwd() / PROJECT_FILE,
        "data": paths.data_dir(*place),
        "cache": paths.cache_dir(*place),
    }
    if as_json:
        facts = {name: {"path": str(path), "exists": path.exists()} for name, path in found.items()}
        console.line(json.dumps(facts, ensure_ascii=False, indent=2))
        return 0
    rows = [
        [say(f"config.path_{name}"), str(path) + ("" if path.exists() else f"  ({say('config.not_there')})")]
        for name, path in found.items()
    ]
    console.lines(table(rows))
    return 0
