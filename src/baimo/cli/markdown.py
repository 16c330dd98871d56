"""Markdown on a terminal while it is being written.

Blocks that are whole are printed for good; only the last, unfinished one is drawn again and again, so that a
long answer scrolls as any text does.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import ClassVar

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.markdown import Heading, Markdown, MarkdownElement
from rich.segment import Segment
from rich.spinner import Spinner
from rich.text import Text
from rich.theme import Theme

_WIDEST = 100
_FENCE = re.compile(r"(`{3,}|~{3,})")
"""A line that begins or ends code; one that is indented belongs to a list and stays with it."""
_THEME = Theme(
    {
        "markdown.code": "cyan",
        "markdown.item.bullet": "none",
        "markdown.item.number": "none",
        "markdown.block_quote": "italic",
        "markdown.table.header": "bold",
        "markdown.table.border": "dim",
    }
)
_CONTROL = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)))


class PlainHeading(Heading):
    """A heading at the left margin, in bold and nothing else."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As `Heading`, without box and centring."""
        text = self.text.copy()
        text.justify = "left"
        text.stylize("bold" if self.tag != "h1" else "bold underline")
        yield text


class Prose(Markdown):
    """Markdown as sober as a book: plain headings, code in the terminal's own colours."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {**Markdown.elements, "heading_open": PlainHeading}

    def __init__(self, text: str) -> None:
        super().__init__(text, code_theme="ansi_dark", hyperlinks=False)


class MarkdownWriter:
    """Writes an answer on a terminal. Meets the protocol `answers.Writer`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        console.width = min(console.width, _WIDEST)
        self._blocks = Blocks()
        self._live: Live | None = None
        self._printed = False

    def waiting(self, what: str) -> None:
        """A sign of life until the first word."""
        if not self._blocks.tail and not self._printed:
            self._draw(Spinner("dots", Text(what, style="dim"), style="dim"))

    def clear(self) -> None:
        """Take away what is drawn for the moment."""
        live, self._live = self._live, None
        if live is not None:
            live.update(Text(""))
            live.stop()

    def feed(self, text: str) -> None:
        """Print what is whole now, draw the rest."""
        for block in self._blocks.feed(text.translate(_CONTROL)):
            self._print(block)
        self._draw(_Tail(self._blocks, self._printed))

    def end(self) -> None:
        """Print the rest."""
        self.clear()
        rest = self._blocks.end()
        if rest.strip():
            self._print(rest)

    def _print(self, block: str) -> None:
        if self._printed:
            self._console.print()
        self._printed = True
        self._console.print(Block(block))

    def _draw(self, what: RenderableType) -> None:
        if self._live is None:
            self._live = Live(
                console=self._console,
                transient=True,
                refresh_per_second=12,
                redirect_stderr=sys.stderr.isatty(),
            )
            self._live.start()
        self._live.update(what)


class Blocks:
    """Finds the blocks of a growing text that no further word can change."""

    def __init__(self) -> None:
        self.tail = ""
        """What is not whole yet."""

    def feed(self, text: str) -> list[str]:
        """The blocks that are whole with this."""
        self.tail += text
        whole, start, fence, parted, at = [], 0, "", False, 0
        for line in self.tail.splitlines(keepends=True):
            mark = _FENCE.match(line)
            begins = parted and line.strip() and not line[0].isspace()
            if at > start and not fence and (begins or (mark and line.endswith("\n"))):
                whole.append(self.tail[start:at].strip("\n"))
                start = at
            parted = not fence and not line.strip()
            if fence:
                parted = mark is not None and mark[1].startswith(fence) and line.strip() == mark[1]
                fence = "" if parted else fence
            elif mark:
                fence = mark[1]
            at += len(line)
        self.tail = self.tail[start:]
        return [block for block in whole if block.strip()]

    def end(self) -> str:
        """The rest."""
        rest, self.tail = self.tail, ""
        return rest


class Block:
    """One block, without blank lines around it and without spaces at the ends of its lines."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _joined(_lines(self._text, console, options))


def document(text: str) -> Group:
    """A whole text, its blocks apart by one line."""
    blocks = Blocks()
    whole = [*blocks.feed(text), blocks.end()]
    parts: list[RenderableType] = []
    for block in whole:
        parts += [Text(), Block(block)] if parts else [Block(block)]
    return Group(*parts)


class _Tail:
    """The unfinished block: as much of its end as fits on the screen."""

    def __init__(self, blocks: Blocks, spaced: bool) -> None:
        self._blocks = blocks
        self._spaced = spaced

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = _lines(self._blocks.tail, console, options)
        if self._spaced:
            lines.insert(0, [])
        room = max(console.size.height - 2, 1)
        yield from _joined(lines[-room:])


def _lines(text: str, console: Console, options: ConsoleOptions) -> list[list[Segment]]:
    with console.use_theme(_THEME):
        lines = console.render_lines(Prose(text), options.update(height=None), pad=False)
    lines = [_stripped(line) for line in lines]
    while lines and not lines[0]:
        del lines[0]
    while lines and not lines[-1]:
        del lines[-1]
    return lines


def _stripped(line: list[Segment]) -> list[Segment]:
    """The line without the spaces that fill it up."""
    while line and not line[-1].text.strip():
        line = line[:-1]
    if line:
        last = line[-1]
        line = [*line[:-1], Segment(last.text.rstrip(), last.style)]
    return line


def _joined(lines: list[list[Segment]]) -> Iterable[Segment]:
    for line in lines:
        yield from line
        yield Segment.line()
