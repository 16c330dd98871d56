"""How large files and functions may grow."""

from __future__ import annotations

import ast

import pytest

from tests.house import sources

pytestmark = pytest.mark.no_cover  # syntax trees alone are walked here, more quickly unseen

LINES_OF_A_FILE = 700
LINES_OF_A_FUNCTION = 80


def test_a_file_can_be_read_in_one_sitting() -> None:
    files = sources.python_files("src/", "tests/", "bench/", "scripts/")
    assert [name for name, text in files.items() if len(text.splitlines()) > LINES_OF_A_FILE] == []


def test_no_function_is_longer_than_a_screen_or_two() -> None:
    long = [
        f"{name}:{node.lineno} {node.name}"
        for name in sources.python_files("src/", "tests/", "bench/", "scripts/")
        for node in ast.walk(sources.tree(name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LINES_OF_A_FUNCTION
    ]
    assert long == []
