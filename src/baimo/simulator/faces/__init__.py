"""The faces of the providers, one module a wire, each ending with `FACES`; found by `names` and `make`.

A face knows its provider's addresses, checks and refusals, and nothing of scripts, faults or sockets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from baimo.errors import ConfigError
from baimo.simulator.words import Credentials, Face, FaceMaker


def names() -> tuple[str, ...]:
    """Every provider that has a face, in alphabetical order."""
    return tuple(sorted({name for module in _modules() for name in _faces(module)}))


def make(name: str, credentials: Credentials | None = None) -> Face:
    """The face of that provider. Raises ConfigError where there is none, naming near ones."""
    first = [module for module in _modules() if module == name]
    for module in (*first, *_modules()):
        maker = _faces(module).get(name)
        if maker is not None:
            return maker(credentials or Credentials())
    from difflib import get_close_matches

    known = names()
    near = get_close_matches(name, known, n=3) or known
    raise ConfigError(f"there is no simulated provider {name!r}; there is {', '.join(near)}")


def _modules() -> Iterator[str]:
    import pkgutil

    return (module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def _faces(module: str) -> Mapping[str, FaceMaker]:
    found: Mapping[str, FaceMaker] = getattr(import_module(f"{__name__}.{module}"), "FACES", {})
    return found
