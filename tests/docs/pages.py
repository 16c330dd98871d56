"""The project's pages, as the docs tests look at them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.house import sources

PAGES = {
    name: text
    for name, text in sources.texts().items()
    if name.endswith(".md") and not name.startswith("tests/")
}
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(name: str, language: str) -> Iterator[str]:
    """The code blocks of one page in one language."""
    for found, code in _BLOCK.findall(PAGES[name]):
        if found == language:
            yield code


def prose(name: str) -> str:
    """A page without its code blocks."""
    return _BLOCK.sub("", PAGES[name])
