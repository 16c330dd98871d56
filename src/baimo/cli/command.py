"""What commands are made of: click's classes, with help in the user's language and one help layout.

Where click asks for a help text, these take the key of one in `words`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

import click

from . import words
from .help_text import help_text

F = TypeVar("F", bound=Callable[..., Any])


class Option(click.Option):
    """An option whose `help` is a key of `words`."""

    _key: str | None = None

    @property
    def help(self) -> str | None:
        return words.say(self._key) if self._key else None

    @help.setter
    def help(self, key: str | None) -> None:
        self._key = key

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The names and the help text, without click's own remarks, which speak English only."""
        record = super().get_help_record(ctx)
        return None if record is None else (record[0], self.help or "")


class _InWords(click.Command):
    """A command whose texts stand in `words` under its own name: `ask` has `ask.help` and `ask.short`."""

    def __init__(self, *args: Any, key: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key or self.name or ""
        self.context_settings.setdefault("help_option_names", ["-h", "--help"])
        self.params.append(_debug_option())

    @property
    def text(self) -> str:
        """What the command does."""
        return words.say(f"{self.key}.help")

    @property
    def examples(self) -> str:
        """Lines that one can type."""
        key = f"{self.key}.examples"
        return words.say(key) if words.has(key) else ""

    def get_short_help_str(self, limit: int = 45) -> str:
        """One line for the list of commands."""
        return words.say(f"{self.key}.short")

    def get_help(self, ctx: click.Context) -> str:
        """The whole help page."""
        return help_text(self, ctx, text=self.text, examples=self.examples)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """`-h` and `--help`."""
        return Option(
            self.get_help_option_names(ctx),
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_help,
            help="option.help",
        )


class Command(_InWords):
    """One command."""


class Group(_InWords, click.Group):
    """A command with commands of its own, each imported only when it is run or its help is asked for.

    `lazy` names each with the module in which it stands under `run`.
    """

    def __init__(
        self, *args: Any, lazy: dict[str, str] | None = None, prefix: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy or {}
        self.prefix = prefix
        """What stands before a command's name in the keys of its texts."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order in which help shows them."""
        return [*self.lazy, *self.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name in self.lazy:
            command: click.Command = import_module(self.lazy[cmd_name]).run
            return command
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with near names for a word that is no command."""
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx):
            known = near(name, self.list_commands(ctx))
            ctx.fail(words.joined(words.say("usage.no_command", name=name), *known))
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Without anything behind it the group shows its help."""
        if not args and not ctx.resilient_parsing:
            _show_help(ctx, None, True)
        return super().parse_args(ctx, args)


def near(name: str, known: list[str]) -> list[str]:
    """`Did you mean …?`, or nothing."""
    from difflib import get_close_matches

    found = get_close_matches(name, known, n=2)
    return [words.say("usage.near", names=words.say("or").join(found))] if found else []


def command(name: str, **settings: Any) -> Callable[[Callable[..., Any]], Command]:
    """Makes a function a command; its texts stand in `words` under `settings["key"]` or the name."""
    return click.command(name, cls=Command, **settings)


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """An option; `help` is a key of `words`."""
    return click.option(*names, cls=Option, **settings)


def json_option() -> Callable[[F], F]:
    """`--json`, the same everywhere."""
    return option("--json", "as_json", is_flag=True, callback=_set_json, help="option.json")


def _debug_option() -> Option:
    return Option(
        ["--debug"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_set_debug,
        help="option.debug",
    )


def _set_debug(ctx: click.Context, param: click.Parameter | None, value: bool) -> None:
    if value and ctx.obj is not None:
        ctx.obj.debug = True


def _set_json(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    if value and ctx.obj is not None:
        ctx.obj.as_json = True
    return value


def _show_help(ctx: click.Context, param: click.Parameter | None, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help())
        ctx.exit()
