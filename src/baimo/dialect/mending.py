"""What to do after a refusal that is about how a request is worded, and not about what it asks for.

A dialect that knows such refusals has `mending`. What it changes are quirks: what the catalogue would say
of the model, had somebody looked at it before.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import msgspec

from baimo.errors import ProviderError
from baimo.notes import Note
from baimo.types.chat import ChatRequest

from .protocols import Site

MOST = 2
"""So often one call is mended."""


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


@runtime_checkable
class MendingDialect(Protocol):
    """A dialect that knows how to ask again after some refusals."""

    def mending(self, error: ProviderError, request: ChatRequest, site: Site) -> Mending | None:
        """What would help; None where nothing is known to."""


def laid_over(site: Site, quirks: Mapping[str, Any], defaults: Any) -> Site:
    """The site with these quirks in place of its own; `defaults` where it has none."""
    from msgspec.structs import replace

    return replace(site, quirks=replace(site.quirks or defaults, **quirks))
