"""The manual knows every command and every option, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from baimo.cli.chat import COMMANDS as SLASHES
from baimo.cli.command import Group
from baimo.cli.main import PROGRAM
from tests.house import sources

PAGES = {name: sources.texts()[name] for name in ("docs/cli.md", "docs/zh/cli.md")}
GENERAL = {"--debug", "-h", "--help"}


def commands(group: Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        if isinstance(command, Group):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def section(page: str, heading: str) -> str:
    return next(
        part for part in re.split(r"^## ", PAGES[page], flags=re.MULTILINE) if part.startswith(f"{heading}\n")
    )


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("name", "command"), list(commands(PROGRAM)), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_and_option_stands_in_the_manual(page: str, name: str, command: click.Command) -> None:
    text = section(page, name)
    for param in command.params:
        if isinstance(param, click.Option):
            names = {*param.opts, *param.secondary_opts} - GENERAL
            assert {one for one in names if f"`{one}`" not in text} == set()


@pytest.mark.parametrize("page", PAGES)
def test_the_manual_names_no_command_that_is_not_there(page: str) -> None:
    headings = re.findall(r"^## (.+)$", PAGES[page], re.MULTILINE)
    assert headings == [name for name, _ in commands(PROGRAM)]


@pytest.mark.parametrize("page", PAGES)
def test_what_can_be_done_in_a_conversation_stands_in_the_manual(page: str) -> None:
    for word in SLASHES:
        assert f"`{word}" in section(page, "chat")


@pytest.mark.parametrize("page", PAGES)
def test_exit_codes_stand_in_the_manual(page: str) -> None:
    for code in (0, 1, 2, 130):
        assert f"\n| {code} | " in PAGES[page]
