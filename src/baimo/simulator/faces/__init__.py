"""The faces of the providers, one module a wire, each ending with `FACES`; found by `names` and `make`.

A face knows its provider's addresses, checks and refusals, and nothing of scripts, faults or sockets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from baimo.errors import ConfigError
from baimo.simulator.words import Credentials, Face, FaceMaker

HOMES: Mapping[str, str] = {
    "anthropic": "anthropic",
    "azure": "azure",
    "bedrock": "bedrock",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "gemini": "gemini",
    "hunyuan": "hunyuan",
    "maas": "pangu",
    "maas-intl": "pangu",
    "minimax": "minimax",
    "minimax-intl": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "moonshot-intl": "moonshot",
    "ollama": "ollama",
    "openai": "responses",
    "pangu": "pangu",
    "qianfan": "qianfan",
    "qwen": "qwen",
    "qwen-hk": "qwen",
    "qwen-intl": "qwen",
    "qwen-us": "qwen",
    "spark": "spark",
    "tokenhub": "tokenhub",
    "tokenhub-intl": "tokenhub",
    "vertex": "vertex",
    "volcengine": "volcengine",
    "zai": "zhipu",
    "zhipu": "zhipu",
}
"""Each provider with the module of its face: a simulator of all of them begins without loading any."""


def names() -> tuple[str, ...]:
    """Every provider that has a face, in alphabetical order."""
    return tuple(HOMES)


def make(name: str, credentials: Credentials | None = None) -> Face:
    """The face of that provider. Raises ConfigError where there is none."""
    check(name)
    made: Mapping[str, FaceMaker] = import_module(f"{__name__}.{HOMES[name]}").FACES
    return made[name](credentials or Credentials())


def check(name: str) -> None:
    """Raises ConfigError where that provider has no face, naming near ones."""
    if name not in HOMES:
        from difflib import get_close_matches

        near = get_close_matches(name, HOMES, n=3) or tuple(HOMES)
        raise ConfigError(f"there is no simulated provider {name!r}; there is {', '.join(near)}")


class Faces(Mapping[str, Face]):
    """Faces by name, each made when it is first asked for. Raises ConfigError for a name that has none."""

    def __init__(
        self, wanted: tuple[str | Face, ...], credentials: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self._given = dict(credentials or {})
        self._made: dict[str, Face | None] = {}
        for one in wanted:
            if isinstance(one, str):
                check(one)
                self._made[one] = None
            else:
                self._made[one.name] = one
        if unknown := sorted(set(self._given) - set(self._made)):
            raise ConfigError(f"credentials were given for {', '.join(unknown)}, which is not simulated")
        for name in self._given:
            self.__getitem__(name)  # made now: what is no credential of it is told at once

    def __getitem__(self, name: str) -> Face:
        face = self._made[name]
        if face is None:
            face = self._made[name] = make(name, Credentials(given=self._given.get(name, {})))
        return face

    def __contains__(self, name: object) -> bool:
        return name in self._made

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)
