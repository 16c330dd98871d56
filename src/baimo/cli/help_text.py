"""The layout of a help page: usage, what it does, commands, options, examples."""

from __future__ import annotations

import shutil

import click

from .width import table, wrap
from .words import say

_WIDEST = 96


def help_text(command: click.Command, ctx: click.Context, *, text: str, examples: str) -> str:
    """The page of one command, as wide as the terminal but no wider than reads well."""
    columns = min(shutil.get_terminal_size().columns, _WIDEST)
    lines = [say("help.usage", usage=_usage(command, ctx)), ""]
    lines += [f"  {line}".rstrip() for line in wrap(text, columns - 2)]
    if isinstance(command, click.Group):
        lines += [
            "",
            say("help.commands"),
            *table(_commands(command, ctx), columns=columns, indent="  ", gap=3),
        ]
    options = [param for param in command.get_params(ctx) if isinstance(param, click.Option)]
    records = [record for param in options if (record := param.get_help_record(ctx))]
    lines += ["", say("help.options"), *table(records, columns=columns, indent="  ", gap=3)]
    if examples:
        lines += ["", say("help.examples"), *(f"  {line}" for line in examples.split("\n"))]
    return "\n".join(lines)


def _usage(command: click.Command, ctx: click.Context) -> str:
    words = {"[OPTIONS]": "help.some_options", "COMMAND [ARGS]...": "help.some_command"}
    pieces = [say(words[piece]) if piece in words else piece for piece in command.collect_usage_pieces(ctx)]
    return " ".join([ctx.command_path, *pieces])


def _commands(group: click.Group, ctx: click.Context) -> list[tuple[str, str]]:
    """Names and one line each, without importing the commands."""
    prefix = getattr(group, "prefix", "")
    return [(name, say(f"{prefix}{name}.short")) for name in group.list_commands(ctx)]
