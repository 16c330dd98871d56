"""How much installed distributions weigh with all that they need, without compiled .pyc files.

    python -m bench.installed [--tree FOLDER] NAME ...

`--tree` adds a package's own source folder as one more distribution. Prints JSON.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(names: list[str]) -> dict[str, Distribution]:
    """The distributions, and what they need of what is installed; extras are not followed."""
    found: dict[str, Distribution] = {}
    todo = [_normal(name) for name in names]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # a marker of another Python or system
        for requirement in found[name].requires or ():
            if "extra ==" not in requirement:
                todo.append(_normal(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]))
    return found


def weight(paths: list[Path]) -> int:
    return sum([path.stat().st_size for path in paths if path.suffix != ".pyc" and path.is_file()])


def main(arguments: list[str]) -> None:
    trees = []
    if arguments[0] == "--tree":
        trees = [Path(arguments[1])]
        arguments = arguments[2:]
    found = needed(arguments)
    files = [Path(str(file.locate())) for item in found.values() for file in item.files or ()]
    files += [file for tree in trees for file in tree.rglob("*")]
    print(json.dumps({"mb": weight(files) / 1e6, "distributions": len(found) + len(trees)}))


if __name__ == "__main__":
    main(sys.argv[1:])
