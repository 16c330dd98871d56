"""How wide text is on a terminal, where Chinese characters take two columns: wrapping, padding, tables."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_NO_BREAK_BEFORE = "，。、；：？！）》」』】,.;:?!)]}”’…"


def width(text: str) -> int:
    """Columns that a line of text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def pad(text: str, columns: int) -> str:
    """The text, filled up with spaces."""
    return text + " " * (columns - width(text))


def cut(text: str, columns: int) -> str:
    """The text in so many columns, with dots where it goes on."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return text + "…"


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most so many columns: broken at spaces, and between wide characters.

    Line breaks of the text are kept; a word that is longer than a line is cut.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _wrapped(paragraph, max(columns, 8))
    return lines


def table(
    rows: Sequence[Sequence[str]], *, columns: int | None = None, indent: str = "", gap: int = 2
) -> list[str]:
    """Lines of a table, its columns as wide as they must be; the last one wraps when `columns` is given."""
    if not rows:
        return []
    count = max(len(row) for row in rows)
    full = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = [max(width(row[at]) for row in full) for at in range(count)]
    left = sum(widths[:-1]) + gap * (count - 1) + width(indent)
    room = None if columns is None else columns - left
    if room is not None and room < 16:
        room = None
    lines = []
    for row in full:
        head = "".join(pad(cell, size + gap) for cell, size in zip(row[:-1], widths[:-1], strict=True))
        tail = [row[-1]] if room is None else wrap(row[-1], room)
        lines.append((indent + head + tail[0]).rstrip())
        lines += [(" " * left + more).rstrip() for more in tail[1:]]
    return lines


def _columns(char: str) -> int:
    if unicodedata.combining(char) or char in "\u200b\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _wrapped(paragraph: str, columns: int) -> list[str]:
    lines, line = [], ""
    for word in _words(paragraph):
        if width(line) + width(word.rstrip()) <= columns:
            line += word
            continue
        if line.strip():
            lines.append(line.rstrip())
            line = ""
        rest = word
        while width(rest.rstrip()) > columns:
            cut = _fitting(rest, columns)
            lines.append(rest[:cut])
            rest = rest[cut:]
        line = rest
    lines.append(line.rstrip())
    return lines


def _words(paragraph: str) -> list[str]:
    """Pieces between which a line may break; spaces stay at the end of their word."""
    words: list[str] = []
    for char in paragraph:
        joins = words and (char == " " or char in _NO_BREAK_BEFORE or _holds(words[-1][-1], char))
        if joins:
            words[-1] += char
        else:
            words.append(char)
    return words


def _holds(before: str, char: str) -> bool:
    return before != " " and _columns(before) < 2 and _columns(char) < 2


def _fitting(text: str, columns: int) -> int:
    """How many characters of the text fit."""
    taken = 0
    for at, char in enumerate(text):
        taken += _columns(char)
        if taken > columns:
            return at
    return len(text)
