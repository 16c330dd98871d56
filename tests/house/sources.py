"""The project's own files, as the house tests look at them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "baimo"


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of the project, also those not committed yet, below the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return tuple(path for name in sorted(set(names)) if (path := ROOT / name).is_file())


@cache
def texts() -> dict[str, str]:
    """The text files by their path below the root; cases' bytes and locks are left out."""
    found = {}
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("tests/data/") or name == "LICENSE":
            continue
        try:
            found[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def python_files(*folders: str) -> dict[str, str]:
    """The Python files below those folders by their path below the root."""
    return {name: text for name, text in texts().items() if name.endswith(".py") and name.startswith(folders)}


@cache
def tree(name: str) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(texts()[name], filename=name)


def module_name(name: str) -> str:
    """`src/baimo/wire/sse.py` is `baimo.wire.sse`."""
    dotted = name.removeprefix("src/").removesuffix(".py").replace("/", ".")
    return dotted.removesuffix(".__init__")


@cache
def imports(name: str) -> tuple[str, ...]:
    """The dotted names that a file imports, wherever in it; `from a import b` gives both `a` and `a.b`."""
    return tuple(_imports(name))


def _imports(name: str) -> Iterator[str]:
    package = module_name(name).split(".")
    if not name.endswith("__init__.py"):
        package = package[:-1]
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
