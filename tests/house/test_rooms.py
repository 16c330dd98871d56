"""Rooms: who may import whom is written down for every room, and every module has its tests."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from typing import Any

import pytest

import baimo
from tests import coverage_gate
from tests.house import sources

pytestmark = pytest.mark.no_cover  # syntax trees alone are walked here, more quickly unseen

CONTRACTS: list[dict[str, Any]] = tomllib.loads(sources.texts()["pyproject.toml"])["tool"]["importlinter"][
    "contracts"
]
MODULES = sorted(
    name
    for name, text in sources.python_files("src/").items()
    if len(ast.parse(text).body) > 1 and name != "src/baimo/__init__.py"
)
CORE = [name for name in MODULES if coverage_gate.is_core(name.removeprefix("src/baimo/"))]


def rooms() -> set[str]:
    """Every package and module that stands directly in the house."""
    return {
        ".".join(sources.module_name(name).split(".")[:2])
        for name in sources.python_files("src/")
        if name != "src/baimo/__init__.py"
    }


def contract(kind: str) -> dict[str, Any]:
    return next(one for one in CONTRACTS if one["type"] == kind)


def test_every_room_has_its_place_in_the_order() -> None:
    placed = {room.strip() for layer in contract("layers")["layers"] for room in layer.split("|")}
    assert {room for room in placed if not room.startswith("(")} == rooms()


def test_a_room_in_parentheses_is_not_built_yet() -> None:
    placed = {room.strip() for layer in contract("layers")["layers"] for room in layer.split("|")}
    assert {room.strip("()") for room in placed if room.startswith("(")} & rooms() == set()


def test_whatever_must_be_covered_wholly_must_also_do_no_input_or_output() -> None:
    core = {"baimo." + room.rstrip("/").removesuffix(".py") for room in coverage_gate.CORE}
    assert set(contract("forbidden")["source_modules"]) == core & rooms()


@pytest.mark.parametrize("name", CORE)
def test_the_core_asks_for_no_file_no_address_and_no_time(name: str) -> None:
    """What import-linter cannot see: parts of modules, and built-in functions."""
    called = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(sources.tree(name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }
    opened = {
        node.func.id
        for node in ast.walk(sources.tree(name))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"open", "print", "input"}
    }
    assert opened == set()
    assert called & {"utcnow", "today", "urlopen", "getenv"} == set()
    assert not any(found.startswith(("urllib.request", "urllib.error")) for found in sources.imports(name))


def _public_homes(test: str) -> set[str]:
    """The modules behind what a test uses as `baimo.Name`."""
    return {
        getattr(baimo, node.attr).__module__
        for node in ast.walk(sources.tree(test))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "baimo"
        and node.attr in baimo.__all__
    }


def _named_alike(tests: list[str], room: str) -> set[str]:
    """The modules that a test file is named after: `test_config.py` is for `config` and for `config_show`."""
    stems = {test.rsplit("/", 1)[1].removeprefix("test_").removesuffix(".py") for test in tests}
    return {
        module
        for module in map(sources.module_name, MODULES)
        if f"{module}.".startswith(f"baimo.{room}.")
        and any(f"{module.rsplit('.', 1)[1]}_".startswith(f"{stem}_") for stem in stems)
    }


@cache
def _reached(room: str) -> set[str]:
    """What a room's own tests import or are named after, and what that imports within the room."""
    known = {sources.module_name(name): name for name in MODULES}
    tests = list(sources.python_files(f"tests/{room}/", "tests/test_"))
    waiting = [found for test in tests for found in (*sources.imports(test), *_public_homes(test))]
    waiting += _named_alike([test for test in tests if "/test_" in test], room)
    seen: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in seen or not f"{module}.".startswith(f"baimo.{room}."):
            continue
        seen.add(module)
        for name in (known.get(module), f"src/{module.replace('.', '/')}/__init__.py"):
            if name in sources.texts():
                waiting += sources.imports(name)
    return seen


def test_every_module_is_reached_by_the_tests_of_its_own_room() -> None:
    """Tests mirror the rooms: what `tests/wire` never touches is not tested, whoever else passes by."""
    lost = [
        name
        for room in sorted(rooms())
        for name in MODULES
        if f"{sources.module_name(name)}.".startswith(f"{room}.")
        and sources.module_name(name) not in _reached(room.removeprefix("baimo."))
    ]
    assert lost == []
