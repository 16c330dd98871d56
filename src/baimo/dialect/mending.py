"""What to do after a refusal that is about how a request is worded, and not about what it asks for.

A dialect that knows such refusals has `mending`. What it changes are quirks: what the catalogue would say
of the model, had somebody looked at it before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias, runtime_checkable

import msgspec

from baimo.errors import ProviderError
from baimo.notes import Note
from baimo.types.chat import ChatRequest

from .protocols import Site

MOST = 2
"""So often one call is mended."""
LIVES_S = 3600.0
"""So long what helped is believed to help: then the model is asked as at first, for it may have changed."""
_Place: TypeAlias = tuple[str, str, str]


class Mending(msgspec.Struct, frozen=True, kw_only=True):
    """Quirks to lay over those of the site before the request is encoded anew; or only words for the user."""

    quirks: Mapping[str, Any] = MappingProxyType({})
    told: str = ""
    """What was changed, from what to what."""
    is_lasting: bool = True
    """Whether the next call to the same model had better begin with it: it loses nothing."""
    hint: str = ""
    """What the user may do, where nothing is safe to be changed for him."""

    @property
    def note(self) -> Note:
        """What the caller is told."""
        return Note(code="mended", message=self.told)


class Lessons(dict[_Place, tuple[Mending, ...]]):
    """What helped before, by provider, endpoint and model, until it is too old. `mono` tells the time.

    >>> lessons = Lessons(lambda: 7.0)
    >>> lessons["acme", "chat", "big"] = (Mending(told="seed left out"),)
    >>> [one.told for one in lessons.get(("acme", "chat", "big"), ())]
    ['seed left out']
    """

    def __init__(self, mono: Callable[[], float]) -> None:
        super().__init__()
        self._mono = mono
        self._until: dict[_Place, float] = {}

    def __setitem__(self, place: _Place, helped: tuple[Mending, ...]) -> None:
        self._until[place] = self._mono() + LIVES_S
        super().__setitem__(place, helped)

    def get(self, place: _Place, otherwise: Any = None) -> Any:
        """What helped there, where that is not too old."""
        if place in self and self._mono() >= self._until[place]:
            self.pop(place, None)
        return super().get(place, otherwise)


@runtime_checkable
class MendingDialect(Protocol):
    """A dialect that knows how to ask again after some refusals."""

    def mending(self, error: ProviderError, request: ChatRequest, site: Site) -> Mending | None:
        """What would help; None where nothing is known to."""


def laid_over(site: Site, quirks: Mapping[str, Any], defaults: Any) -> Site:
    """The site with these quirks in place of its own; `defaults` where it has none."""
    from msgspec.structs import replace

    return replace(site, quirks=replace(site.quirks or defaults, **quirks))
