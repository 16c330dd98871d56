"""Code and commands in the pages: they parse, and everything they name exists."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import sys

import pytest

import baimo
from tests.docs.pages import PAGES, blocks
from tests.house import sources
from tests.house.conftest import run

_COMMAND = re.compile(r"(?:^|`)baimo((?: [a-z][a-z-]*)+)", re.MULTILINE)
_SCRIPT = re.compile(r"\bscripts/([a-z-]+)")
WITH_EXAMPLES = sorted(name for name, text in sources.python_files("src/").items() if ">>> " in text)


def _commands() -> list[str]:
    return sorted({found.strip() for text in PAGES.values() for found in _COMMAND.findall(text)})


@pytest.mark.parametrize("command", _commands())
def test_every_command_exists(command: str) -> None:
    said = run(
        sys.executable,
        "-c",
        "from baimo.cli.main import main; main()",
        *command.split(),
        "--help",
        BAIMO_LANG="en",
    )
    assert "Usage: baimo" in said


@pytest.mark.parametrize("name", sorted(name for name, text in PAGES.items() if "scripts/" in text))
def test_every_script_exists(name: str) -> None:
    for script in _SCRIPT.findall(PAGES[name]):
        assert (sources.ROOT / "scripts" / script).exists(), script


@pytest.mark.parametrize("name", sorted(name for name, text in PAGES.items() if "```python" in text))
def test_python_in_a_page_parses_and_names_what_exists(name: str) -> None:
    for code in blocks(name, "python"):
        # A page may show an `await` without the function around it.
        tree = compile(code, name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "baimo"
            ):
                assert hasattr(baimo, node.attr) or _is_room(f"baimo.{node.attr}"), node.attr


def _is_room(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(sources.module_name(name)))
    assert result.failed == 0
