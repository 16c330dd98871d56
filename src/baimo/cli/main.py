"""The program `baimo`: finds the command, and turns what goes wrong into lines and exit codes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, NoReturn

import click

from baimo.errors import Error

from .command import Group, Option
from .console import Console, end_quietly, is_broken_pipe
from .words import say

_COMMANDS = {
    name: f"baimo.cli.{name}"
    for name in (
        "ask",
        "chat",
        "compare",
        "embed",
        "models",
        "providers",
        "pull",
        "check",
        "simulate",
        "cache",
        "usage",
        "trace",
        "replay",
        "config",
    )
}


TERMINATED = 143
"""As shells tell of a program that a TERM signal ended: 128 and its number."""


class Program(Group):
    """The whole program. Exit codes: 0 done, 1 the call failed, 2 wrong usage, 130 interrupted, 143 ended."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run, and exit with the code that tells how it went."""
        console = Console()
        extra.setdefault("obj", console)
        try:
            code = super().main(args, prog_name or "baimo", complete_var, standalone_mode=False, **extra)
        except (click.ClickException, click.Abort, KeyboardInterrupt, Error) as failure:
            from .failures import report

            code = report(failure, console)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader of its output that goes away ends it quietly."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except OSError as error:
            if not is_broken_pipe(error):
                raise
            end_quietly()
            code = 0
        return code


def main() -> None:
    """The entry point of the installed command."""
    sys.excepthook = show_fault
    end_in_order()
    PROGRAM.main()


def end_in_order() -> None:
    """Have a TERM signal end the program as Ctrl-C does: calls are broken off and written down.

    A second one ends it at once, and one that is ignored stays ignored.
    """

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        sys.exit(TERMINATED)

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, end)


def show_fault(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """A fault of ours: one line, and where it happened for those who want to see it."""
    if "--debug" in sys.argv or os.environ.get("BAIMO_DEBUG"):
        sys.__excepthook__(kind, fault, trace)
    else:
        click.echo(say("error.fault", kind=kind.__name__, text=fault), err=True)


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        import baimo

        click.echo(f"baimo {baimo.__version__}")
        ctx.exit()


PROGRAM = Program(
    "baimo",
    lazy=_COMMANDS,
    params=[
        Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_version,
            help="option.version",
        )
    ],
)
