"""One module per wire API, each ending with `DIALECT`; they never import each other.

A dialect is found by its module's name here, else by an entry point of the group `baimo.dialects` that
somebody else's package declares: the entry point's name is the dialect's, its object the dialect or the
module that holds it.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from baimo.dialect.protocols import Dialect
from baimo.errors import ConfigError

GROUP = "baimo.dialects"


def names() -> tuple[str, ...]:
    """All dialects, ours and those of installed packages, in alphabetical order."""
    import pkgutil

    ours = {module.name for module in pkgutil.iter_modules(__path__)}
    return tuple(sorted(ours | {point.name for point in _declared()}))


def get(name: str) -> Dialect:
    """The dialect of that name, imported at its first use. Raises ConfigError for an unknown one."""
    if name.isidentifier() and not name.startswith("_"):
        path = f"{__name__}.{name}"
        try:
            return _dialect(import_module(path), name)
        except ModuleNotFoundError as error:
            if error.name != path:
                raise
    for point in _declared():
        if point.name == name:
            return _dialect(point.load(), name)
    from difflib import get_close_matches

    known = names()
    near = get_close_matches(name, known, n=3, cutoff=0.5) or known
    raise ConfigError(f"unknown dialect {name!r}; there is {', '.join(near)}")


def _declared() -> Iterable[Any]:
    """The entry points of installed packages. Looked up only for a dialect that is not ours: it takes
    time."""
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)


def _dialect(found: object, name: str) -> Dialect:
    dialect = getattr(found, "DIALECT", found)
    if not isinstance(dialect, Dialect):
        raise ConfigError(f"the dialect {name!r} is no dialect: it has no name or no quirks")
    return dialect
