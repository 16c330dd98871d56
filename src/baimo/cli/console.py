"""Where a command writes: answers to standard output, everything else to standard error.

Writing never fails on what a console cannot show, and a reader that goes away ends the command quietly.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING, Any

import click

from .width import wrap

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

_KEPT = "\n\t"
_STRIPPED = {code: None for code in (*range(32), *range(127, 160)) if chr(code) not in _KEPT}
"""Control characters: a model's answer must not steer the terminal."""


class Console:
    """The streams of one run of a command."""

    def __init__(self) -> None:
        self.debug = bool(os.environ.get("BAIMO_DEBUG"))
        self.as_json = False
        """True once `--json` was given: a program reads the output."""
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:  # it was closed before we began
                setattr(sys, name, io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8"))
            _never_fail(getattr(sys, name))
        self.out_is_terminal = _is_terminal(sys.stdout)
        self.err_is_terminal = _is_terminal(sys.stderr)
        self.colours = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._own = f"\x1b{os.urandom(6).hex()}\x1b"
        """Stands for the escape character where we put one ourselves: nobody else can know it."""

    @property
    def columns(self) -> int:
        """The width of the terminal."""
        return shutil.get_terminal_size().columns

    @property
    def table_columns(self) -> int | None:
        """How wide a table may be: None when it goes to a file or a program."""
        return self.columns if self.out_is_terminal else None

    @property
    def is_rich(self) -> bool:
        """Whether answers can be shown as Markdown: a capable terminal, and rich is installed."""
        return self.out_is_terminal and os.environ.get("TERM") != "dumb" and find_spec("rich") is not None

    def rich(self) -> RichConsole:
        """A console of rich on standard output."""
        from rich.console import Console as RichConsole

        return RichConsole(file=sys.stdout, highlight=False, no_color=not self.colours or None)

    def line(self, text: str = "") -> None:
        """A line of the answer."""
        self.piece(text + "\n")

    def lines(self, lines: Iterable[str]) -> None:
        """Several lines of the answer."""
        for line in lines:
            self.line(line)

    def piece(self, text: str) -> None:
        """A piece of the answer, shown at once; to a terminal without control characters."""
        click.echo(self.shown(text), nl=False)

    def data(self, data: bytes) -> None:
        """Bytes as they are."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def tell(self, text: str, *, quiet: bool = False) -> None:
        """A line beside the answer, on standard error; `quiet` ones are dimmed."""
        if self.err_is_terminal:
            text = "\n".join(wrap(text.translate(_STRIPPED), self.columns))
        # Not by click: while an answer is drawn, rich has put itself in the place of this stream.
        print(self._dimmed(text) if quiet else text, file=sys.stderr, flush=True)

    def think(self, text: str) -> None:
        """A piece of what a model thinks, on standard error."""
        text = text.translate(_STRIPPED) if self.err_is_terminal else text
        print(self._dimmed(text), end="", file=sys.stderr, flush=True)

    def bold(self, text: str) -> str:
        """The text emphasised, where the terminal can."""
        if self.out_is_terminal and self.colours:
            return self._styled(text, bold=True)
        return text

    def coloured(self, text: str, colour: str) -> str:
        """The text in a colour, where the terminal can."""
        if self.out_is_terminal and self.colours:
            return self._styled(text, fg=colour)
        return text

    def shown(self, text: str) -> str:
        """The text without what could steer the terminal it goes to; emphasis of ours stays."""
        if not self.out_is_terminal:
            return text
        return "\x1b".join([part.translate(_STRIPPED) for part in text.split(self._own)])

    def symbol(self, wanted: str, plain: str) -> str:
        """`wanted` where the output's encoding has it, else `plain`."""
        try:
            wanted.encode(getattr(sys.stdout, "encoding", None) or "ascii")
        except UnicodeEncodeError:
            return plain
        return wanted

    def _styled(self, text: str, **style: Any) -> str:
        return click.style(text.translate(_STRIPPED), **style).replace("\x1b", self._own)

    def _dimmed(self, text: str) -> str:
        """The text dimmed, where the terminal can: old consoles of Windows would show the codes."""
        modern = sys.platform != "win32" or "WT_SESSION" in os.environ
        return click.style(text, dim=True) if self.err_is_terminal and self.colours and modern else text


def end_quietly() -> None:
    """The reader of our output went away: nothing more can be written, not even at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def is_broken_pipe(error: OSError) -> bool:
    """Whether a write failed because its reader went away; Windows calls it an invalid argument."""
    return error.errno == errno.EPIPE or (sys.platform == "win32" and error.errno == errno.EINVAL)


def _never_fail(stream: object) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _is_terminal(stream: IO[str]) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False
