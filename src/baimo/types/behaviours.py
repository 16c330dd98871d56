"""How a model behaves, one fact at a time, with the place each comes from."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, TypeAlias

import msgspec

Origin: TypeAlias = Literal[
    "default", "wire", "provider", "endpoint", "variant", "model", "configuration", "learned"
]
"""Who says it.

default: nobody; it is what is safe with a name that nobody knows. wire: so is the API, whoever serves it;
of what is asked, the fields that the dialect writes by all of the others. provider, endpoint, variant,
model: the catalogue's row, one of its endpoints, its word for some models by patterns of their names, the
block of that one model. configuration: the user. learned: a refusal in this client's life.
"""


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that calls to a model go by."""

    name: str
    """The quirk's name, as a configuration may write it; that of another fact; or `asked.…` for the wire
    fields that an asking sets: `{"refused": why}` where it cannot be said."""
    area: str
    """What it is about: call, thinking, sampling, messages, tools, answer, stream, cache, search, vectors,
    limits, prices."""
    value: Any
    """In plain values: texts, numbers, lists, tables."""
    origin: Origin
    where: str = ""
    """The patterns, the file or the words that say it, where the origin alone does not tell."""
    means: str = ""
    """What it is, in the language that was asked for."""
    source: str | None = None
    """Where a reader can check it."""
    checked: date | None = None
    """The day on which somebody did."""


class ModelBehaviour(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that calls to one model of one endpoint go by."""

    provider: str
    model: str
    """As it is named in calls."""
    endpoint: str
    dialect: str
    """The wire that is spoken there."""
    is_known: bool
    """Whether a block or a pattern of the catalogue names the model; where not, defaults decide."""
    behaviours: tuple[Behaviour, ...]

    def __getitem__(self, name: str) -> Behaviour:
        """The behaviour of that name. Raises KeyError where there is none."""
        for one in self.behaviours:
            if one.name == name:
                return one
        raise KeyError(name)
