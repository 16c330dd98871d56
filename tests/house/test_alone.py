"""The project speaks of itself alone: not of the machines and folders it was written on."""

from __future__ import annotations

import re

import pytest

from tests.house import sources

# In pieces, so that this file does not find itself.
FOREIGN = {
    "a folder of somebody's machine": r"/wor" + r"k/|/far" + r"m/|/roo" + r"t/",
    "a folder beside the project": r"\.\./shar" + r"ed",
    "a package registry's host": r"pyp"
    + r"i\.org|python"
    + r"hosted|registry\.npm"
    + r"js|deb\.deb"
    + r"ian",
    "a package index by its address": r"--(extra-)?index" + r"-url",
}
ALLOWED = {(".ci/run", "a folder beside the project")}
"""The checks of a change read recorded traffic that belongs to others and lies beside the project."""


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_names(what: str) -> None:
    pattern = re.compile(FOREIGN[what])
    found = [
        f"{name}:{number}"
        for name, text in sources.texts().items()
        if (name, what) not in ALLOWED
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []
