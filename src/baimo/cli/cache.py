"""`baimo cache`: what is kept of answers, and deleting it."""

from __future__ import annotations

from .command import Group

_COMMANDS = {
    "status": "baimo.cli.cache_status",
    "clear": "baimo.cli.cache_clear",
}
run = Group("cache", lazy=_COMMANDS, prefix="cache.")
