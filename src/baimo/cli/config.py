"""`baimo config`: keys, where values come from, and which folders are trusted."""

from __future__ import annotations

from .command import Group

_COMMANDS = {
    "set-key": "baimo.cli.config_set_key",
    "show": "baimo.cli.config_show",
    "trust": "baimo.cli.config_trust",
    "untrust": "baimo.cli.config_untrust",
    "path": "baimo.cli.config_path",
}
run = Group("config", lazy=_COMMANDS, prefix="config.")
