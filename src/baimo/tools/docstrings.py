"""What a docstring says of a function and of its parameters: Google's, NumPy's and reST's way of writing."""

from __future__ import annotations

import re
from inspect import cleandoc

_HEADING = re.compile(
    r"^(?:(Args|Arguments|Parameters|Params|参数)[:：]?|([A-Z][A-Za-z]*(?: [A-Z][a-z]*)?)[:：]?)[ \t]*$"
)
_OTHERS = frozenset(
    {
        *("Attributes", "Example", "Examples", "Note", "Notes", "Raise", "Raises", "References"),
        *("Return", "Returns", "See Also", "Warnings", "Warns", "Yields"),
    }
)
_GOOGLE_ENTRY = re.compile(r"^(\*{0,2}\w+)\s*(?:\([^)]*\))?\s*[:：]\s*(.*)$")
_NUMPY_ENTRY = re.compile(r"^(\w+(?:\s*,\s*\w+)*)\s*(?::.*)?$")
_REST_ENTRY = re.compile(r"^:(?:param|parameter|arg|argument)\s+(?:[^:]*\s)?(\w+)\s*:\s*(.*)$")
_REST_OTHER = re.compile(r"^:\w+[^:]*:")


def parse_docstring(text: str | None) -> tuple[str | None, dict[str, str]]:
    """What the function does, and what its parameters mean, by their names.

    >>> parse_docstring("Add.\\n\\nArgs:\\n    a: The first.\\n    b (int): The\\n        second.")
    ('Add.', {'a': 'The first.', 'b': 'The second.'})
    """
    lines = cleandoc(text or "").splitlines()
    said: list[str] = []
    meant: dict[str, list[str]] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        rest = _REST_ENTRY.match(line)
        if rest is not None:
            at = _taken(lines, at + 1, 0, meant.setdefault(rest[1], [rest[2]]))
        elif _REST_OTHER.match(line) is not None:
            at = _taken(lines, at + 1, 0, [])
        elif (kind := _section(lines, at)) is not None:
            underlined = _is_underlined(lines, at)
            at += 2 if underlined else 1
            if kind == "parameters":
                at = _numpy(lines, at, meant) if underlined else _google(lines, at, meant)
            else:
                at = _passed(lines, at)
        else:
            said.append(line)
            at += 1
    words = "\n".join(said).strip()
    return words or None, {name: " ".join(filter(None, found)) for name, found in meant.items() if any(found)}


def _section(lines: list[str], at: int) -> str | None:
    """What a heading opens: "parameters", "other", or None for a line that is no heading."""
    found = _HEADING.match(lines[at])
    if found is None or not (lines[at].rstrip().endswith((":", "：")) or _is_underlined(lines, at)):
        return None
    if found[1] is not None:
        return "parameters"
    return "other" if _is_underlined(lines, at) or found[2] in _OTHERS else None


def _is_underlined(lines: list[str], at: int) -> bool:
    return at + 1 < len(lines) and re.fullmatch(r"-{3,}", lines[at + 1].strip()) is not None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _taken(lines: list[str], at: int, indent: int, into: list[str]) -> int:
    """Take in the lines that go on with an entry: those that stand further to the right."""
    while at < len(lines) and lines[at].strip() and _indent(lines[at]) > indent:
        into.append(lines[at].strip())
        at += 1
    return at


def _google(lines: list[str], at: int, meant: dict[str, list[str]]) -> int:
    while at < len(lines) and (not lines[at].strip() or _indent(lines[at]) > 0):
        entry = _GOOGLE_ENTRY.match(lines[at].strip())
        if entry is None:
            at += 1
        else:
            words = meant.setdefault(entry[1].lstrip("*"), [entry[2]])
            at = _taken(lines, at + 1, _indent(lines[at]), words)
    return at


def _numpy(lines: list[str], at: int, meant: dict[str, list[str]]) -> int:
    while at < len(lines) and _section(lines, at) is None:
        entry = _NUMPY_ENTRY.match(lines[at])
        at += 1
        if entry is not None:
            words: list[str] = []
            at = _taken(lines, at, 0, words)
            for name in entry[1].split(","):
                meant[name.strip()] = words
    return at


def _passed(lines: list[str], at: int) -> int:
    """Past a section that tells of other things than parameters."""
    while at < len(lines) and _section(lines, at) is None and _REST_ENTRY.match(lines[at]) is None:
        if lines[at].strip() and _indent(lines[at]) == 0 and not lines[at - 1].strip():
            break
        at += 1
    return at
