"""Habits that are kept out of the code."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house import sources

pytestmark = pytest.mark.no_cover  # syntax trees alone are walked here, more quickly unseen

# Written in pieces, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b|NotImplemented" + r"Error")
IGNORE_WITHOUT_CODE = re.compile(r"#\s*(type:\s*ignore(?!\[)|no" + r"qa(?!:\s*[A-Z]+\d))")
NO_COVER = re.compile(r"#\s*pragma:\s*no " + r"(cover|branch)")
WEAKENED = re.compile(
    r"pytest\.(skip|importor"
    + r"skip|xfail)|mark\.(skip|skipif|xf"
    + r"ail)\b|unittest\.mo"
    + r"ck|assert Tru"
    + r"e\b"
)
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}


ABILITY = re.compile(r"skipif\((not hasattr\(|sys\.platform)")
"""The one reason not to run a test: the platform lacks what is tested."""


def lines_with(pattern: re.Pattern[str], *folders: str) -> list[str]:
    return [
        f"{name}:{number}"
        for name, text in sources.python_files(*folders).items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_nothing_is_left_unfinished() -> None:
    assert lines_with(UNFINISHED, "src/", "tests/", "bench/", "scripts/") == []


def test_every_ignored_finding_says_which() -> None:
    assert lines_with(IGNORE_WITHOUT_CODE, "src/", "tests/", "bench/", "scripts/") == []


def test_no_line_is_taken_out_of_coverage() -> None:
    assert lines_with(NO_COVER, "src/", "tests/", "bench/") == []


def test_no_test_is_skipped_weakened_or_mocked() -> None:
    able = set(lines_with(ABILITY, "tests/"))
    assert [line for line in lines_with(WEAKENED, "tests/") if line not in able] == []


def test_a_module_is_named_after_what_it_does() -> None:
    files = sources.python_files("src/", "tests/", "bench/", "scripts/")
    assert [name for name in files if NAMELESS & set(name.removesuffix(".py").split("/"))] == []


def _catches(handler: ast.ExceptHandler, kind: str) -> bool:
    caught = handler.type
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(isinstance(one, ast.Name) and one.id == kind for one in kinds)


def _hands_on(handler: ast.ExceptHandler) -> bool:
    """Whether the error goes on whole: raised again, or given by its name to somebody who waits for it."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return True
    given = {
        argument.id
        for statement in handler.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
        for argument in node.args
        if isinstance(argument, ast.Name)
    }
    return handler.name in given


def test_what_is_caught_has_a_name_or_goes_on_whole() -> None:
    blind = [
        f"{name}:{node.lineno}"
        for name in sources.python_files("src/", "bench/", "scripts/")
        for node in ast.walk(sources.tree(name))
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or ((_catches(node, "Exception") or _catches(node, "BaseException")) and not _hands_on(node))
        )
    ]
    assert blind == []


def test_no_test_sleeps() -> None:
    """A pause of zero seconds, which only lets others run, is no sleep."""
    asleep = [
        f"{name}:{node.lineno}"
        for name in sources.python_files("tests/")
        for node in ast.walk(sources.tree(name))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "sleep"
        and not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
    ]
    assert asleep == []
