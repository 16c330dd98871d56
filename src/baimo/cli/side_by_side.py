"""Answers in columns on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from .markdown import document

if TYPE_CHECKING:
    from .console import Console


def show_columns(console: Console, answers: Sequence[tuple[str, str, str]]) -> None:
    """Each answer in a column of its own: the model's name, its words, its figures."""
    table = Table(box=None, expand=True, padding=(0, 2, 0, 0), show_footer=True)
    for name, _, figures in answers:
        table.add_column(
            Text(name, style="bold", overflow="fold"),
            Text(f"\n{figures}", style="dim"),
            ratio=1,
            overflow="fold",
        )
    table.add_row(*[Text() for _ in answers])
    table.add_row(*[document(console.shown(words)) for _, words, _ in answers])
    console.rich().print(table)
